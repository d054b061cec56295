import { cernerSettings } from '../../connectors/cerner/definition.ts'
import { chooseRoad } from '../../connectors/cerner/roads.ts'
import type { Connection } from '../../contract/connections.ts'
import type { Step } from '../../sync/transitions.ts'

const ACTIONS = {
  move: 'reschedule',
  cancel: 'cancel',
  arrived: 'check_in',
  'checked-in': 'check_in',
  fulfilled: 'check_in',
} as const satisfies Record<Step, string>

/** What the connections that are on can carry to Cerner: steps without a road are not offered. */
export function offersOf(connections: readonly Connection[]): Set<Step> {
  const offers = new Set<Step>()
  for (const { channel, enabled, settings } of connections) {
    const parsed = channel === 'cerner' && enabled ? cernerSettings.safeParse(settings) : null
    if (!parsed?.success) continue
    for (const [step, action] of Object.entries(ACTIONS) as [Step, (typeof ACTIONS)[Step]][]) {
      const { road } = chooseRoad(parsed.data, action)
      // Of status changes DSTU 2 knows arrived and cancelled (cerner-fhir-r4.md §4).
      const isKnown =
        parsed.data.fhir.version === 'R4' || road === 'millennium' || step === 'arrived' || step === 'cancel'
      if (road !== 'off' && isKnown) offers.add(step)
    }
  }
  return offers
}
