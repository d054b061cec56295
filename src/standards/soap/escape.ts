/** Text and attribute values of XML 1.0. */

const MARKS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // Written as references, or a parser would turn them into a blank or a line feed.
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}

/** @param text characters that XML 1.0 allows, see {@link isXmlText} */
export const escapeText = (text: string): string => text.replaceAll(/[&<>\r]/g, (mark) => MARKS[mark] ?? mark)

export const escapeAttribute = (text: string): string =>
  text.replaceAll(/[&<>"'\r\n\t]/g, (mark) => MARKS[mark] ?? mark)

// XML 1.0 §2.2. What is left out cannot stand in a document even as a reference.
const ALLOWED = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u

/** True when every character may stand in a document. */
export const isXmlText = (text: string): boolean => ALLOWED.test(text)

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/**
 * Undoes references: the five that XML knows, and numbers. Any other name would need a DTD, and there is none.
 *
 * @returns undefined when a reference is not one of these
 */
export function unescapeText(text: string): string | undefined {
  if (!text.includes('&')) return text
  let isSound = true
  const plain = text.replaceAll(
    /&(?:#x([0-9A-Fa-f]{1,6})|#(\d{1,7})|([A-Za-z][\w.-]*));|&/g,
    (_, hex?: string, ten?: string, name?: string) => {
      const found = name !== undefined ? NAMED[name] : charOf(hex, ten)
      if (found === undefined) isSound = false
      return found ?? ''
    },
  )
  return isSound ? plain : undefined
}

function charOf(hex: string | undefined, ten: string | undefined): string | undefined {
  const point = hex !== undefined ? parseInt(hex, 16) : ten !== undefined ? Number(ten) : NaN
  if (!(point <= 0x10ffff)) return undefined
  const char = String.fromCodePoint(point)
  return isXmlText(char) ? char : undefined
}
