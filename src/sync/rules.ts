import type { RecordType } from '../model/fields.ts'

/** Who is right when both sides changed a field: settings of each Cerner connection. */
export const RULES = ['cerner', 'studio', 'newest', 'ask'] as const
export type Rule = (typeof RULES)[number]

export interface RuleSettings {
  appointment: Rule
  patient: Rule
  /** Exceptions: `phone_mobile`, or `address` for all its parts. */
  fields: Readonly<Record<string, Rule>>
}

/** The rule of one field: its own, that of the structure it is part of, or that of its record. */
export function ruleOf(settings: RuleSettings, record: RecordType, field: string): Rule {
  const own = settings.fields[field] ?? settings.fields[field.split('.')[0] ?? field]
  if (own) return own
  if (record === 'appointment') return settings.appointment
  if (record === 'patient') return settings.patient
  // Results and documents belong to the chart, which is kept at Cerner.
  return 'cerner'
}

export type Verdict = 'ours' | 'theirs' | 'ask'

/** At the same instant Cerner is right, whose record others read as well. */
export function decide(rule: Rule, at: { oursMs: number; theirsMs: number }): Verdict {
  switch (rule) {
    case 'cerner':
      return 'theirs'
    case 'studio':
      return 'ours'
    case 'newest':
      return at.oursMs > at.theirsMs ? 'ours' : 'theirs'
    case 'ask':
      return 'ask'
    default:
      return rule satisfies never
  }
}
