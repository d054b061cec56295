import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { request } from '../mws/operations.ts'
import type { MwsAnswer } from '../mws/operations.ts'
import { outcomeOf } from '../mws/outcome.ts'
import { ENVELOPE, readEnvelope, VersionMismatch, writeEnvelope } from './envelope.ts'
import type { SoapVersion } from './envelope.ts'
import { escapeAttribute, escapeText, isXmlText, unescapeText } from './escape.ts'
import { faultStatus, readFault, writeFault } from './fault.ts'
import { jsonToXml, xmlToJson } from './json-xml.ts'
import {
  actionOf,
  answerOfFault,
  faultFor,
  MWS_NAMESPACE,
  readAnswer,
  readRequest,
  SOAP_OPERATIONS,
  writeAnswer,
  writeProblem,
  writeRequest,
} from './mws.ts'
import { XML_LIMITS } from './scan.ts'
import { writeWsdl } from './wsdl.ts'
import { parseXml, tag, XmlRefused } from './xml.ts'

const VERSIONS: readonly SoapVersion[] = ['1.1', '1.2']
const NAMES = { namespace: MWS_NAMESPACE, operations: {} }
const wrapped = (version: SoapVersion, body: string): string =>
  writeEnvelope({ version, messageId: 'urn:uuid:1', action: 'a', security: null, body })

describe('documents that are not taken', () => {
  test.each([
    [
      'an external entity',
      '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
      'it declares a document type',
    ],
    [
      'a billion laughs',
      `<!DOCTYPE x [<!ENTITY a "ha">${Array.from({ length: 9 }, (_, n) => `<!ENTITY b${n} "&a;&a;">`).join('')}]><x>&b8;</x>`,
      'it declares a document type',
    ],
    ['an external DTD', '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>', 'it declares a document type'],
    [
      'a document type in small letters and behind a comment',
      '<!-- x --><!doctype x><x/>',
      'it declares a document type',
    ],
    ['a document type inside', '<x><!DOCTYPE y></x>', 'it declares a document type'],
    ['an entity without a declaration', '<x>&secret;</x>', 'it uses an entity that is not declared'],
    ['an entity in an attribute', '<x a="&secret;"/>', 'it uses an entity that is not declared'],
    ['a lone ampersand', '<x>a & b</x>', 'it is not well-formed'],
    ['depth', `${'<x>'.repeat(65)}${'</x>'.repeat(65)}`, 'it is nested too deep'],
    ['an element that is not closed', '<x><y></x>', 'it is not well-formed'],
    ['crossed elements', '<x><y></x></y>', 'it is not well-formed'],
    ['two roots', '<x/><y/>', 'it is not well-formed'],
    ['nothing', '  ', 'it is not well-formed'],
    ['an undeclared prefix', '<a:x/>', 'a prefix is not declared'],
    [
      'many attributes',
      `<x ${Array.from({ length: 65 }, (_, n) => `a${n}="1"`).join(' ')}/>`,
      'an element has too many attributes',
    ],
  ])('%s', (_what, text, reason) => {
    expect(() => parseXml(text)).toThrow(XmlRefused)
    if (reason !== 'it is not well-formed') expect(() => parseXml(text)).toThrow(reason)
  })

  test('size and number of elements have a limit', () => {
    expect(() => parseXml('<x>aaaa</x>', { ...XML_LIMITS, length: 10 })).toThrow('it is too large')
    expect(() => parseXml(`<x>${'<y/>'.repeat(10)}</x>`, { ...XML_LIMITS, elements: 10 })).toThrow(
      'it has too many elements',
    )
  })

  test('a document of many megabytes is refused in a moment', () => {
    const deep = '<x>'.repeat(1_000_000)
    const started = process.cpuUsage().user
    expect(() => parseXml(deep)).toThrow('it is nested too deep')
    expect(process.cpuUsage().user - started).toBeLessThan(2_000_000)
  })

  test('whatever bytes come, nothing but a refusal is thrown', () => {
    const marks = fc.constantFrom(
      '<',
      '>',
      '/',
      '"',
      "'",
      '&',
      ';',
      '=',
      '!',
      '?',
      '-',
      '[',
      ']',
      'x',
      ' ',
      ':',
      'xmlns',
      '<![CDATA[',
      ']]>',
      '<x>',
      '</x>',
      '__proto__',
      '&#0;',
      '&#x41;',
    )
    fc.assert(
      fc.property(fc.array(marks, { maxLength: 30 }), (parts) => {
        try {
          parseXml(`<x>${parts.join('')}</x>`)
        } catch (error) {
          expect(error).toBeInstanceOf(XmlRefused)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('text', () => {
  const text = fc.string({ unit: 'binary' }).filter((value) => isXmlText(value))

  test('what is escaped comes back, in text and in attributes', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(unescapeText(escapeText(value))).toBe(value)
        const { text: inside, attributes } = parseXml(tag('x', { a: value }, escapeText(value)))
        expect(inside).toBe(value)
        expect(attributes['a']).toBe(value)
      }),
    )
  })

  test('a value cannot break out of its element', () => {
    expect(escapeAttribute('"/><evil/>')).not.toContain('<')
    expect(parseXml(tag('x', {}, escapeText(']]></x><evil/>'))).children).toEqual([])
  })

  test('CDATA, comments and references are read as XML says', () => {
    const { text: read } = parseXml('<x>a<!-- <y> --><![CDATA[<b>&amp;]]>&lt;&#65;&#x42;\r\n</x>')
    expect(read).toBe('a<b>&amp;<AB\n')
  })

  test('namespaces are told by their names, whatever the prefixes', () => {
    const one = parseXml('<a:x xmlns:a="urn:1"><y xmlns="urn:2" a:k="v"/></a:x>')
    const other = parseXml('<x xmlns="urn:1" xmlns:b="urn:1"><c:y xmlns:c="urn:2" b:k="v"/></x>')
    expect(one).toEqual(other)
    expect(one.children[0]).toMatchObject({ namespace: 'urn:2', attributes: { '{urn:1}k': 'v' } })
  })
})

describe('JSON as elements', () => {
  const there = (text: string): string => xmlToJson(parseXml(jsonToXml('body', text)))

  test('any JSON comes back as it was', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(JSON.parse(there(text))).toEqual(JSON.parse(text))
      }),
      { numRuns: 1000 },
    )
  })

  test('digits stay as they were written', () => {
    expect(there('{"value":180.0,"other":1e5,"long":12345678901234567890}')).toBe(
      '{"value":180.0,"other":1e5,"long":12345678901234567890}',
    )
  })

  test('a list of one stays a list, and empty things stay what they are', () => {
    for (const text of [
      '{"a":[{"b":"c"}]}',
      '{"a":[]}',
      '{"a":{}}',
      '{"a":[[1],[]]}',
      '{"a":"","b":null,"c":false}',
      '[]',
      '"x"',
    ])
      expect(there(text)).toBe(text)
  })

  test('names that XML has not, and characters that XML has not, come through', () => {
    for (const text of [
      '{"a b":"1","xml":"2","member":"3","":"4","__proto__":"5"}',
      JSON.stringify({ '\u0000': '\u0001\ud800', a: '\ufffe' }),
    ])
      expect(JSON.parse(there(text))).toEqual(JSON.parse(text))
  })

  test('XML laid out over lines by a site is read too', () => {
    expect(
      xmlToJson(parseXml('<body>\n  <status>booked</status>\n  <count kind="number">\n 5 </count>\n</body>')),
    ).toBe('{"status":"booked","count":5}')
  })

  test('a value that is not of its kind is refused', () => {
    for (const text of [
      '<b kind="number">1; DROP</b>',
      '<b kind="boolean">yes</b>',
      '<b kind="json">{}</b>',
      '<b kind="odd"/>',
    ])
      expect(() => xmlToJson(parseXml(text))).toThrow(XmlRefused)
  })
})

describe.each(VERSIONS)('SOAP %s', (version) => {
  test('an envelope comes back with its message id, user and time', () => {
    const security = {
      username: 'me & co',
      password: 'p<w>"d',
      created: '2026-01-01T00:00:00Z',
      expires: '2026-01-01T00:05:00Z',
    }
    const text = writeEnvelope({
      version,
      messageId: 'urn:uuid:1',
      action: 'urn:x/y',
      security,
      body: '<x xmlns="urn:x"/>',
    })
    const read = readEnvelope(text)
    expect(read).toMatchObject({
      version,
      messageId: 'urn:uuid:1',
      security,
      notUnderstood: null,
      content: { name: 'x', namespace: 'urn:x' },
    })
    expect(text).toContain('env:mustUnderstand="1"')
  })

  test('a header that must be understood and is not is named', () => {
    const text = `<e:Envelope xmlns:e="${ENVELOPE[version]}"><e:Header><t:Tx xmlns:t="urn:t" e:mustUnderstand="1"/></e:Header><e:Body><x/></e:Body></e:Envelope>`
    expect(readEnvelope(text).notUnderstood).toBe('{urn:t}Tx')
  })

  test('a fault comes back with code, subcode, words and detail', () => {
    const fault = { code: 'sender', subcode: 'slot-unavailable', reason: 'Slot is no longer free' } as const
    const read = readFault(readEnvelope(writeFault(version, fault, '<d xmlns="urn:d">1</d>', 'urn:x')))
    expect(read).toMatchObject({ ...fault, detail: { children: [{ name: 'd', text: '1' }] } })
  })

  test('faults of other stacks are read', () => {
    const other =
      version === '1.1'
        ? `<s:Envelope xmlns:s="${ENVELOPE['1.1']}"><s:Body><s:Fault><faultcode xmlns:a="urn:a">s:Server</faultcode><faultstring>Boom</faultstring></s:Fault></s:Body></s:Envelope>`
        : `<s:Envelope xmlns:s="${ENVELOPE['1.2']}"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="en">Boom</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`
    expect(readFault(readEnvelope(other))).toEqual({
      code: 'receiver',
      subcode: '',
      reason: 'Boom',
      detail: null,
    })
  })

  const answer: MwsAnswer = {
    status: 201,
    body: '{"resourceType":"Appointment","id":"1","participant":[{"status":"accepted"}]}',
    version: '0$0',
    lastModified: 'Thu, 01 Jun 2023 12:00:00 GMT',
    location: 'http://x/scheduling/v1/appointments/1',
    retryAfter: null,
    content: { bytes: Buffer.from([0, 255, 10]), mediaType: 'application/pdf', digest: 'sha-256=x' },
  }

  test('requests and answers of every operation come back', () => {
    for (const operation of SOAP_OPERATIONS) {
      const asked = request(operation, {
        path: { slot: 'a&b' },
        query: [
          ['start', 'ge1'],
          ['start', 'lt<2'],
        ],
        body: '{"a":[1.50]}',
        version: '3',
        key: 'k',
      })
      expect(readRequest(readEnvelope(wrapped(version, writeRequest(asked, NAMES))).content)).toEqual(asked)
      expect(
        readAnswer(operation, readEnvelope(wrapped(version, writeAnswer(operation, answer))).content, NAMES),
      ).toEqual(answer)
    }
  })

  test('a refusal in a fault says what REST would say', () => {
    const refusal: MwsAnswer = {
      ...answer,
      status: 409,
      body: JSON.stringify(outcomeOf('slot-unavailable')),
      content: null,
      retryAfter: '2',
    }
    const fault = readFault(
      readEnvelope(writeFault(version, faultFor(refusal), writeProblem(refusal), MWS_NAMESPACE)),
    )
    expect(fault).toMatchObject({ code: 'sender', subcode: 'slot-unavailable' })
    expect(fault && answerOfFault(fault, NAMES)).toEqual(refusal)
  })
})

test('an envelope of another version, and what is none, are told apart', () => {
  expect(() => readEnvelope('<e:Envelope xmlns:e="urn:other"><e:Body><x/></e:Body></e:Envelope>')).toThrow(
    VersionMismatch,
  )
  expect(() => readEnvelope('<html></html>')).toThrow('it is no envelope')
  expect(() => readEnvelope(`<e:Envelope xmlns:e="${ENVELOPE['1.1']}"><e:Body/></e:Envelope>`)).toThrow(
    'its body has no single element',
  )
})

test('a site names operations and namespace as it likes', () => {
  const site = { namespace: 'http://hospital.example/sched/', operations: { bookAppointment: 'BookAppt' } }
  expect(actionOf(site, 'bookAppointment')).toBe('http://hospital.example/sched/BookAppt')
  expect(actionOf(NAMES, 'readPerson')).toBe('urn:practicestudio:mws:v1/readPerson')
  expect(writeRequest(request('bookAppointment', { path: { slot: '1' } }), site)).toBe(
    '<BookAppt xmlns="http://hospital.example/sched/"><path name="slot">1</path></BookAppt>',
  )
  const content = parseXml(
    '<BookApptResponse xmlns="http://hospital.example/sched/"><body><id>1</id></body></BookApptResponse>',
  )
  expect(readAnswer('bookAppointment', content, site)).toMatchObject({ status: 201, body: '{"id":"1"}' })
  expect(() => readAnswer('bookAppointment', content, NAMES)).toThrow(XmlRefused)
})

test('a fault has the HTTP status of its version', () => {
  expect([
    faultStatus('1.1', 'sender'),
    faultStatus('1.2', 'sender'),
    faultStatus('1.2', 'receiver'),
  ]).toEqual([500, 400, 500])
})

test('the WSDL names every operation in both bindings, with its action', () => {
  const wsdl = parseXml(writeWsdl('http://h/soap?a=1&b=2'))
  const parts = (name: string) => wsdl.children.filter((one) => one.name === name)
  const names = (of: ReturnType<typeof parts>[number] | undefined) =>
    of?.children.filter(({ name }) => name === 'operation').map(({ attributes }) => attributes['name'])
  expect(names(parts('portType')[0])).toEqual([...SOAP_OPERATIONS])
  for (const binding of parts('binding')) expect(names(binding)).toEqual([...SOAP_OPERATIONS])
  expect(JSON.stringify(wsdl)).toContain('urn:practicestudio:mws:v1/bookAppointment')
  expect(parts('service')[0]?.children.map(({ children }) => children[0]?.attributes['location'])).toEqual([
    'http://h/soap?a=1&b=2',
    'http://h/soap?a=1&b=2',
  ])
})
