import { z } from 'zod'
import { instant, uuid } from './common.ts'

/** The SMART launch that the session stands on. */
export const launchContext = z.object({
  connection_id: uuid,
  connection_name: z.string(),
  kind: z.enum(['ehr', 'standalone']),
  patient_id: uuid.nullable().describe('Our record of the patient in context'),
  encounter_id: uuid.nullable(),
  user: z.string().describe('Who is signed in at Cerner'),
  need_patient_banner: z.boolean(),
  /** Asked for and not given, each with what does not work. */
  refused: z.array(z.object({ scope: z.string(), breaks: z.string() })),
  expires_at: instant,
  state: z.enum(['live', 'ended']),
  says: z.string().describe('Why it ended; else empty'),
})
export type LaunchContext = z.infer<typeof launchContext>
