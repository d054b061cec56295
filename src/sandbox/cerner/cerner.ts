import { systemClock, type Clock } from '../../kernel/clock.ts'
import { openCalendar, type Calendar } from '../day.ts'
import type { Cast } from '../schedule.ts'
import { bulkRoutes } from './bulk.ts'
import { dstu2Routes } from './dstu2-routes.ts'
import { fhirRoutes } from './fhir-routes.ts'
import { openHospital, type OpenHospital } from './hospital.ts'
import { millenniumRoutes } from './millennium-routes.ts'
import { openCernerServer, type CernerServer, type CernerServerOptions } from './server.ts'
import { soapRoutes } from './soap-routes.ts'

/** The sandbox Cerner on the web: one hospital with all its doors open. */
export interface SandboxCerner extends AsyncDisposable {
  readonly hospital: OpenHospital
  readonly calendar: Calendar
  readonly server: CernerServer
}

export async function openCerner(
  options: { cast: Cast; clock?: Clock } & Partial<
    Omit<CernerServerOptions, 'hospital' | 'plugins' | 'clock'>
  >,
): Promise<SandboxCerner> {
  const { cast, clock = systemClock, ...doors } = options
  const calendar = openCalendar(cast)
  const hospital = openHospital({ cast, clock, calendar })
  const plugins = [fhirRoutes, dstu2Routes, bulkRoutes({ hospital }), millenniumRoutes, soapRoutes]
  const server = await openCernerServer({ ...doors, hospital, clock, plugins })
  return { hospital, calendar, server, [Symbol.asyncDispose]: () => server.close() }
}
