import { readFileSync, readdirSync } from 'node:fs'

const folder = (kind: 'valid' | 'invalid'): URL =>
  new URL(`../../../fixtures/hl7v2/${kind}/`, import.meta.url)

/** The bytes of a golden fixture, without its `.hl7`. */
export const fixture = (name: string, kind: 'valid' | 'invalid' = 'valid'): Buffer =>
  readFileSync(new URL(`${name}.hl7`, folder(kind)))

/** Names of all fixtures of a kind, without `.hl7`. */
export const fixtureNames = (kind: 'valid' | 'invalid'): readonly string[] =>
  readdirSync(folder(kind))
    .filter((name) => name.endsWith('.hl7'))
    .map((name) => name.slice(0, -'.hl7'.length))

/** All fixtures, to damage them. */
export const allFixtures = (): readonly Buffer[] => [
  ...fixtureNames('valid').map((name) => fixture(name)),
  ...fixtureNames('invalid').map((name) => fixture(name, 'invalid')),
]
