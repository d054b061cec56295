import { clinicById } from '../places.ts'
import type { SyntheticPerson } from '../population.ts'
import { luhnDigit, PROVIDERS, type Provider } from '../staff.ts'

/**
 * The people whom the integration guide names in its samples. They stand behind the population, at the numbers that
 * follow its last, so that the guide's calls work to the letter and no story of the day touches them.
 *
 * @see cerner-integration-guide.md, "Sample API Calls", "Sample FHIR Requests", "Sample HL7 Message", "Sample File Format"
 */
const npiBody = '246000001'

export const GUIDE_PROVIDER: Provider = {
  ...(PROVIDERS[0] as Provider),
  id: '9876543',
  npi: `${npiBody}${luhnDigit(`80840${npiBody}`)}`,
  family: 'Johnson',
  given: 'Jane',
}

type Change = Partial<SyntheticPerson>

const SPRINGFIELD = { city: 'Springfield', state: 'IL', county: 'Sangamon' } as const
const BARE: Change = {
  middle: null,
  suffix: null,
  prefix: null,
  maiden: null,
  birthOrder: null,
  ssn: null,
  religion: null,
  race: { code: '2106-3', text: 'White' },
  ethnicity: { code: '2186-5', text: 'Not Hispanic or Latino' },
  language: { tag: 'en', iso639: 'ENG', text: 'English' },
  maritalStatus: 'S',
  phoneHome: null,
  phoneMobile: null,
  phoneWork: null,
  email: null,
  coverage: [],
  nextOfKin: null,
  clinic: 'SPFLD',
  primaryProvider: GUIDE_PROVIDER.id,
  conditions: [],
  allergies: [],
  visitWeight: 0,
}

/** Changes that turn persons `first`, `first + 1`, … into the guide's. The last is a next of kin only. */
export function guidePeople(first: number): readonly Change[] {
  const clinic = clinicById('SPFLD').address
  return [
    {
      ...BARE,
      personId: '12345',
      mrn: '12345',
      cmrn: '100012345',
      ssn: '123-45-6789',
      family: 'DOE',
      given: 'JOHN',
      birthDate: '1980-05-15',
      sex: 'M',
      maritalStatus: 'M',
      religion: 'CHR',
      address: { ...SPRINGFIELD, line1: '123 MAIN ST', line2: null, postalCode: '62701' },
      phoneHome: '+15555551234',
      phoneMobile: '+15555555678',
      nextOfKin: { person: first + 3, relation: 'SPO' },
    },
    {
      ...BARE,
      personId: '1234567',
      mrn: '1234567',
      cmrn: '101234567',
      family: 'Smith',
      given: 'John',
      birthDate: '1971-03-09',
      sex: 'M',
      address: { ...SPRINGFIELD, line1: clinic.line1, line2: null, postalCode: '62704' },
      phoneHome: '+12175550199',
    },
    {
      ...BARE,
      personId: '54321',
      mrn: '54321',
      cmrn: '100054321',
      family: 'Smith',
      given: 'Jane',
      birthDate: '1975-08-22',
      sex: 'F',
      address: { ...SPRINGFIELD, line1: '456 Oak Ave', line2: null, postalCode: '62702' },
      phoneHome: '+15559876543',
      email: 'jane.smith@example.com',
    },
    {
      ...BARE,
      personId: '12346',
      mrn: '12346',
      cmrn: '100012346',
      family: 'DOE',
      given: 'JANE',
      birthDate: '1981-02-11',
      sex: 'F',
      maritalStatus: 'M',
      address: { ...SPRINGFIELD, line1: '123 MAIN ST', line2: null, postalCode: '62701' },
      phoneHome: '+15555554321',
    },
  ]
}
