import { escapeText } from './escape.ts'
import { childOf, childText, parseXml, tag, textTag, XmlRefused } from './xml.ts'
import type { XmlElement } from './xml.ts'
import type { XmlLimits } from './scan.ts'

/** SOAP envelopes of both versions. @see W3C SOAP 1.1 (Note 2000), SOAP 1.2 Part 1 §5; OASIS WSS UsernameToken 1.1 */

export type SoapVersion = '1.1' | '1.2'

export const ENVELOPE: Readonly<Record<SoapVersion, string>> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
}
const SECURITY = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'
const UTILITY = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'
const PASSWORD_TEXT =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText'
const ADDRESSING = 'http://www.w3.org/2005/08/addressing'

export interface Credentials {
  readonly username: string
  readonly password: string
}

export interface Security extends Credentials {
  /** Instants of the Timestamp; null when there is none. */
  readonly created: string | null
  readonly expires: string | null
}

export interface EnvelopeParts {
  readonly version: SoapVersion
  /** Without a message id no addressing header is written. */
  readonly messageId: string | null
  readonly action: string
  readonly security: Security | null
  /** XML of the body. */
  readonly body: string
}

/** Writes an envelope. The password goes as text: the profile's digest would need it in the clear on both sides. */
export function writeEnvelope({ version, messageId, action, security, body }: EnvelopeParts): string {
  const headers = [
    ...(security === null ? [] : [securityHeader(security)]),
    ...(messageId === null ? [] : [addressed('Action', action), addressed('MessageID', messageId)]),
  ]
  const header = headers.length === 0 ? '' : tag('env:Header', {}, headers.join(''))
  const inside = header + `<env:Body>${body}</env:Body>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n${tag('env:Envelope', { 'xmlns:env': ENVELOPE[version] }, inside)}`
}

const addressed = (name: string, text: string): string =>
  tag(`wsa:${name}`, { 'xmlns:wsa': ADDRESSING }, escapeText(text))

function securityHeader({ username, password, created, expires }: Security): string {
  const stamp =
    created === null || expires === null
      ? ''
      : tag('wsu:Timestamp', {}, textTag('wsu:Created', created) + textTag('wsu:Expires', expires))
  const token = tag(
    'wsse:UsernameToken',
    {},
    textTag('wsse:Username', username) + tag('wsse:Password', { Type: PASSWORD_TEXT }, escapeText(password)),
  )
  return tag(
    'wsse:Security',
    { 'xmlns:wsse': SECURITY, 'xmlns:wsu': UTILITY, 'env:mustUnderstand': '1' },
    stamp + token,
  )
}

export interface Envelope {
  readonly version: SoapVersion
  /** The one element of the body. */
  readonly content: XmlElement
  readonly messageId: string | null
  readonly security: Security | null
  /** A header that has to be understood and is not: `{namespace}name`. */
  readonly notUnderstood: string | null
}

/** An envelope of neither version. */
export class VersionMismatch extends XmlRefused {
  constructor() {
    super('it is an envelope of another version')
  }
}

/**
 * Reads an envelope of either version.
 *
 * @throws XmlRefused, VersionMismatch
 */
export function readEnvelope(text: string, limits?: XmlLimits): Envelope {
  const root = parseXml(text, limits)
  if (root.name !== 'Envelope') throw new XmlRefused('it is no envelope')
  const version = (Object.keys(ENVELOPE) as SoapVersion[]).find((one) => ENVELOPE[one] === root.namespace)
  if (version === undefined) throw new VersionMismatch()
  const body = childOf(root, 'Body', root.namespace)
  const [content] = body?.children ?? []
  if (content === undefined || body?.children.length !== 1)
    throw new XmlRefused('its body has no single element')
  const header = childOf(root, 'Header', root.namespace)
  return { version, content, ...headersOf(header, root.namespace) }
}

const UNDERSTOOD = new Set([SECURITY, ADDRESSING])

function headersOf(
  header: XmlElement | undefined,
  envelope: string,
): Pick<Envelope, 'messageId' | 'security' | 'notUnderstood'> {
  const rows = header?.children ?? []
  const required = rows.find(
    ({ namespace, attributes }) =>
      !UNDERSTOOD.has(namespace) && ['1', 'true'].includes(attributes[`{${envelope}}mustUnderstand`] ?? ''),
  )
  const security = rows.find(({ name, namespace }) => name === 'Security' && namespace === SECURITY)
  return {
    messageId:
      rows.find(({ name, namespace }) => name === 'MessageID' && namespace === ADDRESSING)?.text.trim() ??
      null,
    security: security === undefined ? null : securityOf(security),
    notUnderstood: required === undefined ? null : `{${required.namespace}}${required.name}`,
  }
}

function securityOf(header: XmlElement): Security | null {
  const token = childOf(header, 'UsernameToken', SECURITY)
  const stamp = childOf(header, 'Timestamp', UTILITY)
  const password = token && childOf(token, 'Password', SECURITY)
  if (token === undefined || password === undefined) return null
  if (![undefined, PASSWORD_TEXT].includes(password.attributes['Type'])) return null
  return {
    username: childText(token, 'Username') ?? '',
    password: password.text,
    created: stamp === undefined ? null : childText(stamp, 'Created'),
    expires: stamp === undefined ? null : childText(stamp, 'Expires'),
  }
}
