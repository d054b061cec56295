import type { PartsCodec } from '../codec.ts'
import { wordsOf } from '../fhir/coding.ts'
import { elementsIn, textIn, textOf } from '../fhir/elements.ts'
import type { FhirElement } from '../fhir/json.ts'
import { conceptCode, conceptText } from './concept.ts'

/** What FHIR calls a kind or severity of allergy, in the codes of tables 0127 and 0128 that HL7 feeds send. */
const TYPES: Readonly<Record<string, string>> = {
  medication: 'DA',
  food: 'FA',
  environment: 'EA',
  biologic: 'LA',
}
const SEVERITIES: Readonly<Record<string, string>> = { mild: 'MI', moderate: 'MO', severe: 'SV' }

export const FHIR_ALLERGY_TYPE = new Map(Object.entries(TYPES).map(([fhir, code]) => [code, fhir]))
export const FHIR_SEVERITY = new Map(Object.entries(SEVERITIES).map(([fhir, code]) => [code, fhir]))

export const allergyType: PartsCodec<string> = {
  ...conceptCode,
  name: 'allergyType',
  fhir: {
    read(value, at) {
      const code = textOf(value)
      if (code === '') return undefined
      const known = TYPES[code]
      if (known === undefined)
        at.warn('CODE_NOT_IN_SET', { field: at.place, set: 'allergy-intolerance-category' })
      return known
    },
  },
}

const reactions = (value: unknown): readonly FhirElement[] => elementsIn({ value }, 'value')

/** The worst severity of all reactions. */
export const allergySeverity: PartsCodec<string> = {
  ...conceptCode,
  name: 'allergySeverity',
  fhir: {
    read(value) {
      const said = reactions(value).map((one) => textIn(one, 'severity'))
      const worst = ['severe', 'moderate', 'mild'].find((severity) => said.includes(severity))
      return worst === undefined ? undefined : SEVERITIES[worst]
    },
  },
}

/** The manifestations of all reactions: hives and anaphylaxis are both worth knowing. */
export const allergyReaction: PartsCodec<string> = {
  ...conceptText,
  name: 'allergyReaction',
  fhir: {
    read(value) {
      const words = reactions(value).flatMap((one) => elementsIn(one, 'manifestation').map(wordsOf))
      return [...new Set(words.filter(Boolean))].join('; ') || undefined
    },
  },
}
