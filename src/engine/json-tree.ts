import type { DecodedNode } from '../contract/exchanges.ts'

/**
 * A FHIR resource as a tree whose nodes know where they stand in the text, so that the page can light up a mapped
 * field in the raw bytes. Paths are FHIR's: `Patient.name[0].family`.
 *
 * @param text JSON; of text that is none the tree is empty
 */
export function jsonTree(text: string): DecodedNode[] {
  try {
    const resourceType = (JSON.parse(text) as { resourceType?: string }).resourceType ?? 'Resource'
    return new Walk(text).object(resourceType)
  } catch {
    return []
  }
}

/** Walks over JSON that is known to be well formed. */
class Walk {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  object(path: string): DecodedNode[] {
    const nodes: DecodedNode[] = []
    this.#skip('{')
    while (this.#peek() !== '}') {
      const start = this.#at
      const name = JSON.parse(this.#string()) as string
      this.#skip(':')
      nodes.push(this.#value(`${path}.${name}`, name, start))
      if (this.#peek() === ',') this.#skip(',')
    }
    this.#skip('}')
    return nodes
  }

  #value(path: string, name: string, start: number): DecodedNode {
    const first = this.#peek()
    if (first === '{') {
      const children = this.object(path)
      return { path, name, start, end: this.#at, children }
    }
    if (first === '[') return this.#array(path, name, start)
    const from = this.#at
    if (first === '"') this.#string()
    else while (this.#at < this.#text.length && !/[\s,\]}]/.test(this.#text.charAt(this.#at))) this.#at += 1
    const raw = this.#text.slice(from, this.#at)
    const value = first === '"' ? (JSON.parse(raw) as string) : raw
    return { path, name, start, end: this.#at, value }
  }

  #array(path: string, name: string, start: number): DecodedNode {
    const children: DecodedNode[] = []
    this.#skip('[')
    while (this.#peek() !== ']') {
      const index = `[${children.length}]`
      children.push(this.#value(`${path}${index}`, `${name}${index}`, this.#at))
      if (this.#peek() === ',') this.#skip(',')
    }
    this.#skip(']')
    return { path, name, start, end: this.#at, children }
  }

  #string(): string {
    this.#peek()
    const from = this.#at
    this.#at += 1
    while (this.#text.charAt(this.#at) !== '"') this.#at += this.#text.charAt(this.#at) === '\\' ? 2 : 1
    this.#at += 1
    return this.#text.slice(from, this.#at)
  }

  /** The next character that is no space, without taking it. */
  #peek(): string {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1
    return this.#text.charAt(this.#at)
  }

  #skip(character: string): void {
    if (this.#peek() !== character) throw new SyntaxError('not JSON')
    this.#at += 1
  }
}
