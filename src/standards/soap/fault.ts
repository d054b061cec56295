import { ENVELOPE, writeEnvelope } from './envelope.ts'
import type { Envelope, SoapVersion } from './envelope.ts'
import { escapeText } from './escape.ts'
import { childOf, tag, textTag } from './xml.ts'
import type { XmlElement } from './xml.ts'

/** Faults of both versions, with one vocabulary. @see SOAP 1.1 §4.4, SOAP 1.2 Part 1 §5.4 */

export type FaultCode = 'sender' | 'receiver' | 'version' | 'must-understand'

const NAMES: Readonly<Record<SoapVersion, Readonly<Record<FaultCode, string>>>> = {
  '1.1': {
    sender: 'Client',
    receiver: 'Server',
    version: 'VersionMismatch',
    'must-understand': 'MustUnderstand',
  },
  '1.2': {
    sender: 'Sender',
    receiver: 'Receiver',
    version: 'VersionMismatch',
    'must-understand': 'MustUnderstand',
  },
}

export interface Fault {
  readonly code: FaultCode
  /** A word of the service: `slot-unavailable`; empty when it gives none. */
  readonly subcode: string
  readonly reason: string
}

/**
 * Writes a fault as a whole envelope.
 *
 * @param detail XML; empty for none
 * @param namespace of the subcode
 */
export function writeFault(version: SoapVersion, fault: Fault, detail: string, namespace: string): string {
  const body = version === '1.1' ? fault11(fault, detail, namespace) : fault12(fault, detail, namespace)
  return writeEnvelope({ version, messageId: null, action: '', security: null, body })
}

// SOAP 1.1 refines a code behind a dot; the word stays in the namespace of the envelope.
function fault11({ code, subcode, reason }: Fault, detail: string, _namespace: string): string {
  const name = NAMES['1.1'][code]
  const words =
    textTag('faultcode', `env:${name}${subcode === '' ? '' : `.${subcode}`}`) + textTag('faultstring', reason)
  return tag('env:Fault', {}, words + (detail === '' ? '' : tag('detail', {}, detail)))
}

function fault12({ code, subcode, reason }: Fault, detail: string, namespace: string): string {
  const more =
    subcode === ''
      ? ''
      : tag('env:Subcode', {}, tag('env:Value', { 'xmlns:f': namespace }, escapeText(`f:${subcode}`)))
  const words =
    tag('env:Code', {}, textTag('env:Value', `env:${NAMES['1.2'][code]}`) + more) +
    tag('env:Reason', {}, tag('env:Text', { 'xml:lang': 'en' }, escapeText(reason)))
  return tag('env:Fault', {}, words + (detail === '' ? '' : tag('env:Detail', {}, detail)))
}

/** HTTP status of a fault: SOAP 1.1 knows 500 only (§6.2), SOAP 1.2 says 400 for the sender's (Part 2 §7.5.2.2). */
export const faultStatus = (version: SoapVersion, code: FaultCode): number =>
  version === '1.2' && code === 'sender' ? 400 : 500

export interface ReadFault extends Fault {
  readonly detail: XmlElement | null
}

/** The fault in an envelope, or null when its body is an answer. */
export function readFault({ version, content }: Pick<Envelope, 'version' | 'content'>): ReadFault | null {
  if (content.name !== 'Fault' || content.namespace !== ENVELOPE[version]) return null
  return version === '1.1' ? read11(content) : read12(content)
}

function read11(fault: XmlElement): ReadFault {
  const [name = '', ...rest] = localName(childOf(fault, 'faultcode')?.text ?? '').split('.')
  return {
    code: codeOf('1.1', name),
    subcode: word(rest.join('.')),
    reason: childOf(fault, 'faultstring')?.text ?? '',
    detail: childOf(fault, 'detail') ?? null,
  }
}

function read12(fault: XmlElement): ReadFault {
  const code = childOf(fault, 'Code')
  const subcode = code && childOf(code, 'Subcode')
  const reason = childOf(fault, 'Reason')
  const value = (element: XmlElement | undefined): string =>
    localName((element && childOf(element, 'Value')?.text) ?? '')
  return {
    code: codeOf('1.2', value(code)),
    subcode: word(value(subcode)),
    reason: (reason && childOf(reason, 'Text')?.text) ?? '',
    detail: childOf(fault, 'Detail') ?? null,
  }
}

const localName = (text: string): string => text.trim().split(':').at(-1) ?? ''
const word = (text: string): string => (/^[A-Za-z][\w.-]{0,60}$/.test(text) ? text : '')

// An unknown code says nothing about whose mistake it was; the receiver's is the careful reading.
const codeOf = (version: SoapVersion, name: string): FaultCode =>
  (Object.keys(NAMES[version]) as FaultCode[]).find((code) => NAMES[version][code] === name) ?? 'receiver'
