import { readFile } from 'node:fs/promises'
import { IntegrationError } from '../../kernel/errors.ts'

/**
 * PEM text as the settings hold it: the text itself, `file:PATH`, or empty for none.
 *
 * @param place the setting, for the error
 * @throws TLS_MATERIAL_INVALID when the file cannot be read or holds no PEM
 */
export async function readPem(place: string, text: string): Promise<string | null> {
  const pem = (text.startsWith('file:') ? await fromFile(place, text.slice('file:'.length)) : text).trim()
  if (pem === '') return null
  if (pem.includes('-----BEGIN ')) return pem
  throw new IntegrationError('TLS_MATERIAL_INVALID', { place, reason: 'it is not PEM text' })
}

async function fromFile(place: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new IntegrationError(
      'TLS_MATERIAL_INVALID',
      { place, reason: 'the file cannot be read' },
      { cause },
    )
  }
}
