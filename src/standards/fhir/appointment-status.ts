/**
 * Which status of an appointment may follow which, for those who change it from outside, by FHIR or by a Millennium
 * service. A no-show is written at Cerner alone, and from its end states nothing leads on.
 *
 * @see cerner-fhir-r4.md §3.2, millennium-web-services.md §7
 */
// prettier-ignore
export const TRANSITIONS = {
  proposed:     ['booked', 'cancelled'],
  booked:       ['arrived', 'checked-in', 'cancelled'],
  arrived:      ['checked-in', 'cancelled'],
  'checked-in': ['fulfilled', 'cancelled'],
} as const satisfies Record<string, readonly string[]>

type Leading = keyof typeof TRANSITIONS

const leads = (status: string): status is Leading => Object.hasOwn(TRANSITIONS, status)

export function mayBecome(from: string, to: string): boolean {
  const next: readonly string[] = leads(from) ? TRANSITIONS[from] : []
  return next.includes(to)
}
