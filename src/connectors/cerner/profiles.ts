/**
 * What each Cerner version can do, as the guide's table of compatibility says it (guide, "Cerner Version
 * Compatibility"), read feature by feature. `on` works, `limited` works with the limits named, `off` is refused with
 * the sentence.
 */
export const PROFILE_NAMES = [
  'millennium-2015',
  'millennium-2018',
  'millennium-2020',
  'communityworks',
] as const
export type ProfileName = (typeof PROFILE_NAMES)[number]

export const FEATURES = [
  'demographics',
  'scheduling_read',
  'scheduling_write',
  'chart_read',
  'chart_write',
  'documents',
  'fhir_r4',
  'fhir_dstu2',
  'smart_launch',
  'bulk_export',
  'millennium_services',
  'hl7',
  'ccl',
] as const
export type Feature = (typeof FEATURES)[number]

export interface Support {
  state: 'on' | 'limited' | 'off'
  /** Why it is limited or off, and what to use in its place. */
  says: string
}

export interface Profile {
  label: string
  /** The row of the guide. */
  guide: { features: string; limitations: string }
  features: Readonly<Record<Feature, Support>>
}

const on: Support = { state: 'on', says: '' }
const limited = (says: string): Support => ({ state: 'limited', says })
const off = (says: string): Support => ({ state: 'off', says })

const OLD_R4 = 'This Millennium has no FHIR R4; patients and appointments are read as DSTU 2.'

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  'millennium-2015': {
    label: 'Millennium 2015',
    guide: { features: 'Basic patient demographics, CCL', limitations: 'Limited HL7 support' },
    features: {
      demographics: limited('Read as DSTU 2 or by CCL and files; changes go to Cerner by the front desk.'),
      scheduling_read: off(
        'Millennium 2015 offers no scheduling to us. Take appointments from HL7 SIU or a file.',
      ),
      scheduling_write: off(
        'Millennium 2015 takes no bookings from us. Book in Cerner; the SIU message brings it here.',
      ),
      chart_read: off('Millennium 2015 gives no chart data over FHIR. Results come by HL7 ORU.'),
      chart_write: off('Millennium 2015 takes no results from us.'),
      documents: off('Millennium 2015 exchanges no documents over FHIR.'),
      fhir_r4: off(OLD_R4),
      fhir_dstu2: limited('Reading patients only.'),
      smart_launch: off('Millennium 2015 cannot open a SMART app.'),
      bulk_export: off('Bulk export needs FHIR R4.'),
      millennium_services: off('Millennium web services come with 2020 and later.'),
      hl7: limited('ADT and a few others; ask the interface team which events the site sends.'),
      ccl: on,
    },
  },
  'millennium-2018': {
    label: 'Millennium 2018',
    guide: { features: 'Enhanced HL7 support, scheduling', limitations: 'Basic FHIR capabilities' },
    features: {
      demographics: limited('Read as DSTU 2; a Patient cannot be changed there.'),
      scheduling_read: on,
      scheduling_write: off('DSTU 2 is read only for us. Book in Cerner; the SIU message brings it here.'),
      chart_read: limited('Observations and encounters as DSTU 2, read only.'),
      chart_write: off('DSTU 2 takes no observations. Chart them in Cerner.'),
      documents: limited('Reading only.'),
      fhir_r4: off(OLD_R4),
      fhir_dstu2: on,
      smart_launch: limited('Launches give a DSTU 2 context.'),
      bulk_export: off('Bulk export needs FHIR R4.'),
      millennium_services: off('Millennium web services come with 2020 and later.'),
      hl7: on,
      ccl: on,
    },
  },
  'millennium-2020': {
    label: 'Millennium 2020 and later',
    guide: { features: 'Full FHIR R4 support, web services', limitations: 'None' },
    features: {
      demographics: on,
      scheduling_read: on,
      scheduling_write: on,
      chart_read: on,
      chart_write: on,
      documents: on,
      fhir_r4: on,
      fhir_dstu2: limited('Out of support at Cerner; use R4.'),
      smart_launch: on,
      bulk_export: on,
      millennium_services: on,
      hl7: on,
      ccl: on,
    },
  },
  communityworks: {
    label: 'CommunityWorks',
    guide: { features: 'Basic patient demographics, scheduling', limitations: 'Limited custom CCL support' },
    features: {
      demographics: on,
      scheduling_read: on,
      scheduling_write: on,
      chart_read: off('CommunityWorks shares demographics and scheduling. Results come by HL7 ORU.'),
      chart_write: off('CommunityWorks takes no results from us.'),
      documents: off('CommunityWorks exchanges no documents with us.'),
      fhir_r4: on,
      fhir_dstu2: off('CommunityWorks speaks R4.'),
      smart_launch: on,
      bulk_export: off('CommunityWorks makes no export groups for practices.'),
      millennium_services: limited('Person and scheduling services only.'),
      hl7: on,
      ccl: limited('Only the programs that CommunityWorks has approved for all its sites.'),
    },
  },
}
