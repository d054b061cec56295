/** One value of a JSON text, with the place where it stands. Numbers keep the digits they were written with. */
export interface JsonNode {
  kind: 'object' | 'array' | 'text' | 'number' | 'word'
  /** Name inside an object; null inside an array and at the top. */
  key: string | null
  /** `name[0].family`, counted from zero as FHIRPath does; empty at the top. */
  path: string
  /** As written, quotes and escapes included; empty for objects and arrays. */
  raw: string
  children: JsonNode[]
}

const TOKEN = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y
const DEEPEST = 200

class Reader {
  readonly #text: string
  #at = 0
  constructor(text: string) {
    this.#text = text
  }
  next(): { mark: string; raw: string; kind: 'mark' | 'text' | 'number' | 'word' } | null {
    TOKEN.lastIndex = this.#at
    const found = TOKEN.exec(this.#text)
    if (found === null) return null
    this.#at = TOKEN.lastIndex
    const [, mark = '', text, number, word] = found
    return mark !== ''
      ? { mark, raw: mark, kind: 'mark' }
      : {
          mark: '',
          raw: text ?? number ?? word ?? '',
          kind: text !== undefined ? 'text' : number !== undefined ? 'number' : 'word',
        }
  }
  peek(): string {
    const at = this.#at
    const mark = this.next()?.mark ?? ''
    this.#at = at
    return mark
  }
  get done(): boolean {
    return this.#text.slice(this.#at).trim() === ''
  }
}

const nameOf = (raw: string): string => {
  try {
    return String(JSON.parse(raw))
  } catch {
    return raw
  }
}

function readValue(reader: Reader, key: string | null, path: string, depth: number): JsonNode | null {
  const token = reader.next()
  if (token === null || depth > DEEPEST) return null
  if (token.kind !== 'mark') return { kind: token.kind, key, path, raw: token.raw, children: [] }
  if (token.mark !== '{' && token.mark !== '[') return null
  const object = token.mark === '{'
  const close = object ? '}' : ']'
  const node: JsonNode = { kind: object ? 'object' : 'array', key, path, raw: '', children: [] }
  if (reader.peek() === close) {
    reader.next()
    return node
  }
  for (;;) {
    const name = object ? reader.next() : null
    if (object && (name?.kind !== 'text' || reader.next()?.mark !== ':')) return null
    const inner = name === null ? null : nameOf(name.raw)
    const place =
      inner === null ? `${path}[${node.children.length}]` : path === '' ? inner : `${path}.${inner}`
    const child = readValue(reader, inner, place, depth + 1)
    if (child === null) return null
    node.children.push(child)
    const mark = reader.next()?.mark
    if (mark === close) return node
    if (mark !== ',') return null
  }
}

/** @returns null when the text is not one whole JSON object or array */
export function readJson(text: string): JsonNode | null {
  if (!/^\s*[{[]/.test(text)) return null
  const reader = new Reader(text)
  const root = readValue(reader, null, '', 0)
  return root !== null && reader.done ? root : null
}

/** How many lines a tree takes when it is open. */
export const linesOf = (node: JsonNode): number =>
  1 + node.children.reduce((sum, child) => sum + linesOf(child), 0)
