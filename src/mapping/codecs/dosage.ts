import type { ElementCodec } from '../codec.ts'
import { wordsOf } from '../fhir/coding.ts'
import { elementIn, elementsIn, textIn } from '../fhir/elements.ts'
import type { FhirElement } from '../fhir/json.ts'
import { readQuantity } from './observation.ts'

/** Dose and timing as a person reads it: the words of each dosage, else its dose, route and timing in words. */
export const dosage: ElementCodec<string> = {
  kind: 'element',
  name: 'dosage',
  fhir: {
    read(value) {
      const lines = elementsIn({ value }, 'value').map(wordsOfDosage).filter(Boolean)
      return lines.join('; ') || undefined
    },
  },
}

function wordsOfDosage(one: FhirElement): string {
  const text = (textIn(one, 'text') || textIn(one, 'patientInstruction')).trim()
  if (text !== '') return text
  const dose = elementIn(elementIn(one, 'doseAndRate'), 'doseQuantity')
  const amount = dose && readQuantity(dose)
  const parts = [
    [amount?.value, amount?.unit].filter(Boolean).join(' '),
    wordsOf(one['route']),
    wordsOf(elementIn(elementIn(one, 'timing'), 'code')),
  ]
  return parts.filter(Boolean).join(', ')
}
