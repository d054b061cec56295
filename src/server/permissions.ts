import { PERMISSIONS } from '../contract/session.ts'
import type { Permission, Role } from '../contract/session.ts'

/** Who may do what. This table is the whole of it; every route names the permission it needs. */
// prettier-ignore
export const PERMISSIONS_OF: Readonly<Record<Role, readonly Permission[]>> = {
  'administrator': PERMISSIONS,
  'analyst':       ['patients.read', 'results.read', 'schedule.read', 'exchanges.read', 'exchanges.read-raw',
                    'exchanges.replay', 'connections.read', 'connections.write', 'metrics.read',
                    'conflicts.read', 'conflicts.resolve', 'sync.run'],
  'front-desk':    ['patients.read', 'patients.write', 'schedule.read', 'schedule.write', 'conflicts.read',
                    'conflicts.resolve', 'metrics.read'],
  'biller':        ['patients.read', 'schedule.read', 'metrics.read'],
  'clinician':     ['patients.read', 'results.read', 'results.write', 'schedule.read', 'schedule.write', 'metrics.read'],
  'auditor':       ['exchanges.read', 'connections.read', 'metrics.read', 'audit.read'],
}

export const may = (role: Role, permission: Permission): boolean => PERMISSIONS_OF[role].includes(permission)

/** What a session that was opened from the chart may do, with the patient of that chart (launch-limits.ts). */
export const LAUNCH_PERMISSIONS: ReadonlySet<Permission> = new Set([
  'patients.read',
  'results.read',
  'results.write',
  'schedule.read',
  'metrics.read',
])

/** The permissions of a caller: those of the role, cut to what a launch allows; none when the launch is over. */
export const permissionsOf = (caller: { role: Role; launch: { ended: boolean } | null }): Permission[] =>
  PERMISSIONS_OF[caller.role].filter(
    (permission) => caller.launch === null || (!caller.launch.ended && LAUNCH_PERMISSIONS.has(permission)),
  )
