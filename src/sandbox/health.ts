import type { Random } from './random.ts'

/** A long-lasting problem in ICD-10-CM. */
export interface Condition {
  readonly code: string
  readonly text: string
}

export interface Allergy {
  readonly code: string
  readonly text: string
  /** HL7 table 0127: DA drug, FA food, MA miscellaneous, EA environmental. */
  readonly kind: 'DA' | 'FA' | 'MA' | 'EA'
  /** HL7 table 0128. */
  readonly severity: 'SV' | 'MO' | 'MI'
  readonly reaction: string
}

// Share of people who have it at 10, 30, 50, 70 and 90 years; between those ages the line is straight.
// prettier-ignore
const CONDITIONS: readonly (Condition & { readonly at: readonly number[]; readonly only?: 'F' | 'M' })[] = [
  { code: 'I10',     text: 'Essential (primary) hypertension',             at: [0,    0.08, 0.35, 0.62, 0.70] },
  { code: 'E78.5',   text: 'Hyperlipidemia, unspecified',                  at: [0,    0.06, 0.28, 0.48, 0.40] },
  { code: 'E11.9',   text: 'Type 2 diabetes mellitus w/o complications',   at: [0,    0.02, 0.12, 0.22, 0.20] },
  { code: 'J45.909', text: 'Unspecified asthma, uncomplicated',            at: [0.09, 0.08, 0.08, 0.07, 0.06] },
  { code: 'E03.9',   text: 'Hypothyroidism, unspecified',                  at: [0,    0.02, 0.07, 0.12, 0.15] },
  { code: 'K21.9',   text: 'Gastro-esophageal reflux without esophagitis', at: [0.01, 0.06, 0.16, 0.22, 0.22] },
  { code: 'F32.A',   text: 'Depression, unspecified',                      at: [0.01, 0.10, 0.12, 0.09, 0.08] },
  { code: 'F41.1',   text: 'Generalized anxiety disorder',                 at: [0.03, 0.12, 0.10, 0.06, 0.05] },
  { code: 'E66.9',   text: 'Obesity, unspecified',                         at: [0.12, 0.24, 0.32, 0.28, 0.15] },
  { code: 'N18.30',  text: 'Chronic kidney disease, stage 3 unspecified',  at: [0,    0.00, 0.03, 0.14, 0.28] },
  { code: 'I48.91',  text: 'Unspecified atrial fibrillation',              at: [0,    0.00, 0.01, 0.08, 0.18] },
  { code: 'I50.9',   text: 'Heart failure, unspecified',                   at: [0,    0.00, 0.01, 0.06, 0.15] },
  { code: 'J44.9',   text: 'Chronic obstructive pulmonary disease',        at: [0,    0.00, 0.05, 0.12, 0.12] },
  { code: 'M19.90',  text: 'Unspecified osteoarthritis',                   at: [0,    0.02, 0.14, 0.34, 0.45] },
  { code: 'J30.9',   text: 'Allergic rhinitis, unspecified',               at: [0.14, 0.15, 0.13, 0.09, 0.06] },
  { code: 'G43.909', text: 'Migraine, unspecified',                        at: [0.03, 0.12, 0.10, 0.04, 0.02] },
  { code: 'F90.9',   text: 'Attention-deficit hyperactivity disorder',     at: [0.09, 0.05, 0.02, 0.00, 0.00] },
  { code: 'Z34.90',  text: 'Supervision of normal pregnancy',              at: [0,    0.06, 0.00, 0.00, 0.00], only: 'F' },
  { code: 'N40.0',   text: 'Benign prostatic hyperplasia',                 at: [0,    0.00, 0.12, 0.38, 0.50], only: 'M' },
]

// prettier-ignore
const ALLERGIES: readonly (Allergy & { readonly share: number })[] = [
  { code: '7980',    text: 'Penicillin',       kind: 'DA', severity: 'MO', reaction: 'HIVES',       share: 0.08 },
  { code: '10180',   text: 'Sulfamethoxazole', kind: 'DA', severity: 'MO', reaction: 'RASH',        share: 0.04 },
  { code: '2670',    text: 'Codeine',          kind: 'DA', severity: 'MI', reaction: 'NAUSEA',      share: 0.03 },
  { code: '1191',    text: 'Aspirin',          kind: 'DA', severity: 'MO', reaction: 'WHEEZING',    share: 0.015 },
  { code: 'LATEX',   text: 'Latex',            kind: 'MA', severity: 'MI', reaction: 'RASH',        share: 0.02 },
  { code: 'PEANUT',  text: 'Peanut',           kind: 'FA', severity: 'SV', reaction: 'ANAPHYLAXIS', share: 0.015 },
  { code: 'SHELL',   text: 'Shellfish',        kind: 'FA', severity: 'SV', reaction: 'ANGIOEDEMA',  share: 0.02 },
  { code: 'EGG',     text: 'Egg',              kind: 'FA', severity: 'MI', reaction: 'HIVES',       share: 0.008 },
  { code: 'BEE',     text: 'Bee venom',        kind: 'EA', severity: 'SV', reaction: 'ANAPHYLAXIS', share: 0.008 },
  { code: 'RAGWEED', text: 'Ragweed pollen',   kind: 'EA', severity: 'MI', reaction: 'RHINITIS',    share: 0.05 },
]

export function drawConditions(random: Random, age: number, sex: string): Condition[] {
  return CONDITIONS.filter((one) => {
    const has = random.chance(shareAt(one.at, age)) // drawn for everyone, so that one row never moves the next
    return (
      has &&
      (one.only === undefined || one.only === sex) &&
      !(one.code === 'Z34.90' && (age < 18 || age > 44))
    )
  }).map(({ code, text }) => ({ code, text }))
}

export const drawAllergies = (random: Random): Allergy[] =>
  ALLERGIES.filter((one) => random.chance(one.share)).map(({ share: _share, ...allergy }) => allergy)

function shareAt(at: readonly number[], age: number): number {
  const place = Math.min(Math.max((age - 10) / 20, 0), 4)
  const before = Math.floor(place)
  const low = at[before] ?? 0
  return low + ((at[before + 1] ?? low) - low) * (place - before)
}
