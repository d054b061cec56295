import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readEnvelope, writeEnvelope, type SoapVersion } from '../../standards/soap/envelope.ts'
import { readFault } from '../../standards/soap/fault.ts'
import { MWS_NAMESPACE, SOAP_OPERATIONS, writeRequest } from '../../standards/soap/mws.ts'
import { parseXml } from '../../standards/soap/xml.ts'
import { request, type MwsRequest } from '../../standards/mws/operations.ts'
import { GUIDE_BOOKING, GUIDE_SLOT, openSmallDoors, SMITH, type Doors } from './millennium-routes.world.ts'
import { SOAP_ACCOUNT, SOAP_PATH } from './soap-routes.ts'

const NAMES = { namespace: MWS_NAMESPACE, operations: {} }
const MEDIA = { '1.1': 'text/xml; charset=utf-8', '1.2': 'application/soap+xml; charset=utf-8' } as const

let doors: Doors
beforeEach(async () => {
  doors = await openSmallDoors()
})
afterEach(async () => doors[Symbol.asyncDispose]())

const post = async (
  text: string,
  version: SoapVersion,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(new URL(SOAP_PATH, doors.server.url), {
    method: 'POST',
    headers: { 'content-type': MEDIA[version], ...headers },
    body: text,
  })

const message = (
  version: SoapVersion,
  asked: MwsRequest,
  security: Parameters<typeof writeEnvelope>[0]['security'] = null,
): string =>
  writeEnvelope({ version, messageId: null, action: '', security, body: writeRequest(asked, NAMES) })

const bearer = async (): Promise<Record<string, string>> => ({
  authorization: `Bearer ${await doors.token()}`,
})

describe.each(['1.1', '1.2'] as const)('SOAP %s', (version) => {
  const booking = request('bookAppointment', { path: { slot: GUIDE_SLOT }, body: GUIDE_BOOKING })

  test('the guide’s booking is accepted as a message too', async () => {
    const answer = await post(message(version, booking), version, await bearer())
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe(MEDIA[version])
    expect(readEnvelope(await answer.text()).content.name).toBe('bookAppointmentResponse')
    expect(doors.hospital.count('Appointment')).toBe(1)
  })

  test('a refusal is a fault with the word of the contract', async () => {
    const answer = await post(
      message(version, { ...booking, path: { slot: 'nowhere' } }),
      version,
      await bearer(),
    )
    expect(answer.status).toBe(version === '1.1' ? 500 : 400)
    expect(readFault(readEnvelope(await answer.text()))).toMatchObject({
      code: 'sender',
      subcode: 'slot-not-found',
    })
  })

  test('without a token the answer is 401 with a challenge, and a fault', async () => {
    const answer = await post(message(version, booking), version)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('invalid_token')
    expect(readFault(readEnvelope(await answer.text()))).toMatchObject({ code: 'sender' })
  })

  test('a user name opens the door, a wrong password or an old message does not', async () => {
    const read = request('readPerson', { path: { id: SMITH } })
    const at = (ms: number): string => new Date(doors.clock.now() + ms).toISOString()
    const fresh = { created: at(0), expires: at(300_000) }
    expect((await post(message(version, read, { ...SOAP_ACCOUNT, ...fresh }), version)).status).toBe(200)
    for (const security of [
      { ...SOAP_ACCOUNT, password: 'guess', ...fresh },
      { ...SOAP_ACCOUNT, created: at(-3_600_000), expires: at(-3_300_000) },
      { ...SOAP_ACCOUNT, created: at(3_600_000), expires: at(3_900_000) },
    ]) {
      const answer = await post(message(version, read, security), version)
      expect(readFault(readEnvelope(await answer.text()))?.detail?.children[0]?.children[0]?.text).toBe('401')
    }
  })

  test('what is no message of this service is refused with a fault', async () => {
    const evil = `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${message(version, booking).split('\n')[1] ?? ''}`
    const foreign = message(version, booking).replaceAll(MWS_NAMESPACE, 'urn:other')
    const must = message(version, booking).replace(
      '<env:Body>',
      '<env:Header><t:T xmlns:t="urn:t" env:mustUnderstand="1"/></env:Header><env:Body>',
    )
    const codes = []
    for (const text of [evil, foreign, 'no XML', must]) {
      const answer = await post(text, version, await bearer())
      const body = await answer.text()
      expect(body).not.toContain('root:')
      codes.push(readFault(readEnvelope(body))?.code)
    }
    expect(codes).toEqual(['sender', 'sender', 'sender', 'must-understand'])
    expect(doors.hospital.count('Appointment')).toBe(0)
  })
})

test('an envelope of an unknown version, a wrong SOAPAction and a wrong media type are told', async () => {
  const other = message('1.1', request('readMetadata')).replace(
    'http://schemas.xmlsoap.org/soap/envelope/',
    'urn:soap:2',
  )
  expect(readFault(readEnvelope(await (await post(other, '1.1')).text()))?.code).toBe('version')
  const action = { soapaction: '"urn:practicestudio:mws:v1/cancelAppointment"' }
  expect((await post(message('1.1', request('readMetadata')), '1.1', action)).status).toBe(500)
  expect((await post('{}', '1.1', { 'content-type': 'application/json' })).status).toBe(415)
})

test('the WSDL is served without a token and names the address and all operations', async () => {
  const answer = await fetch(new URL(`${SOAP_PATH}?wsdl`, doors.server.url))
  const text = await answer.text()
  expect(parseXml(text)).toMatchObject({ name: 'definitions', namespace: 'http://schemas.xmlsoap.org/wsdl/' })
  expect(text).toContain(`location="${doors.server.url}${SOAP_PATH}"`)
  for (const operation of SOAP_OPERATIONS) expect(text).toContain(`<wsdl:operation name="${operation}">`)
})
