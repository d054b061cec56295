import { IntegrationError } from '../kernel/errors.ts'
import type { MapSettings, Remap } from './settings.ts'

/**
 * The profile that looks for itself: a message that shows every sign of the guide's layout is read by that layout, and
 * every other one as the standard says.
 */
export const AUTO_PROFILE = 'auto'
export const GUIDE_PROFILE = 'guide-sample'

/**
 * Shipped sets of remaps for interfaces whose positions drifted. The fix of a drift is data, not code (hl7-v2.md §12).
 */
export const PROFILES: Readonly<Record<string, readonly Remap[]>> = {
  // The sample message of the integration guide: IN1 runs one place late from 7 and two places early from 16.
  [GUIDE_PROFILE]: [
    { from: 'IN1-8', to: 'IN1-7' },
    { from: 'IN1-9', to: 'IN1-8' },
    { from: 'IN1-10', to: 'IN1-9' },
    { from: 'IN1-14', to: 'IN1-16' },
    { from: 'IN1-15', to: 'IN1-17' },
    { from: 'IN1-16', to: 'IN1-18' },
    { from: 'IN1-17', to: 'IN1-19' },
    { from: 'IN1-18', to: 'IN1-20' },
    { from: 'IN1-19', to: 'IN1-21' },
    { from: 'IN1-35', to: 'IN1-36' },
  ],
}

/**
 * Every remap of a connection, those of its profile first.
 *
 * @throws CONFIG_INVALID for a profile that is not shipped
 */
export function remapsOf(settings: MapSettings): readonly Remap[] {
  if (settings.profile === null || settings.profile === AUTO_PROFILE) return settings.remap
  const shipped = PROFILES[settings.profile]
  if (!shipped)
    throw new IntegrationError('CONFIG_INVALID', { place: 'profile', reason: 'there is no such profile' })
  return [...shipped, ...settings.remap]
}
