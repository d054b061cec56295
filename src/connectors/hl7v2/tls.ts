import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { SecureContextOptions } from 'node:tls'
import { IntegrationError } from '../../kernel/errors.ts'

/** PEM text by name, as the settings hold it: the text itself, `file:PATH`, or empty for none. */
export interface TlsMaterial {
  cert: string
  key: string
  ca: string
  minVersion: 'TLSv1.2' | 'TLSv1.3'
}

/**
 * Reads the material and checks that certificate and key belong together, before any socket opens.
 *
 * @param needsCert a listener has to show a certificate; a sender may go without
 * @throws TLS_MATERIAL_INVALID naming the setting
 */
export async function loadTls(material: TlsMaterial, needsCert: boolean): Promise<SecureContextOptions> {
  const cert = await readPem('tls.cert', material.cert)
  const key = await readPem('tls.key', material.key)
  const ca = await readPem('tls.ca', material.ca)
  if (needsCert && !cert) throw invalid('tls.cert', 'it is empty')
  if (Boolean(cert) !== Boolean(key)) throw invalid(cert ? 'tls.key' : 'tls.cert', 'it is empty')
  if (cert && key) checkPair(cert, key)
  return { minVersion: material.minVersion, ...(cert && key ? { cert, key } : {}), ...(ca ? { ca } : {}) }
}

/** The certificate a listener shows, without its key. */
export async function readCertificate(pem: string): Promise<X509Certificate> {
  return parseCertificate(await readPem('tls.cert', pem))
}

async function readPem(place: string, text: string): Promise<string> {
  if (!text.startsWith('file:')) return text.trim()
  try {
    return (await readFile(text.slice('file:'.length), 'utf8')).trim()
  } catch (cause) {
    throw invalid(place, 'the file cannot be read', cause)
  }
}

function checkPair(cert: string, key: string): void {
  const certificate = parseCertificate(cert)
  let privateKey
  try {
    privateKey = createPrivateKey(key)
  } catch (cause) {
    throw invalid('tls.key', 'it is not a PEM private key', cause)
  }
  if (!certificate.checkPrivateKey(privateKey))
    throw invalid('tls.key', 'it does not belong to the certificate')
}

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw invalid('tls.cert', 'it is not a PEM certificate', cause)
  }
}

const invalid = (place: string, reason: string, cause?: unknown): IntegrationError =>
  new IntegrationError('TLS_MATERIAL_INVALID', { place, reason }, { cause })
