import { FACADE_TYPE_NAMES, facadeType } from './types.ts'
import type { FacadeTypeName } from './types.ts'

const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition'

/** What the façade can do (FHIR R4 CapabilityStatement), made from the table that serves it. */
export function capabilityStatement(server: {
  base: string
  version: string
  practice: string
  startedAt: string
}): Record<string, unknown> {
  const { base, version, practice, startedAt } = server
  return {
    resourceType: 'CapabilityStatement',
    id: 'practice-studio',
    url: `${base}/metadata`,
    version,
    name: 'PracticeStudioFhirR4',
    title: 'Practice Studio FHIR R4',
    status: 'active',
    experimental: false,
    date: startedAt,
    description:
      'Reading and searching the records of the practice. Ids are those of Practice Studio; identifiers carry the numbers of the hospital.',
    kind: 'instance',
    software: { name: 'Practice Studio for Cerner', version },
    implementation: { description: practice, url: base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        security: {
          cors: false,
          description:
            'A bearer token of Practice Studio (practice-studio token), held to its role and, where it has some, to its SMART scopes: system/Patient.rs.',
        },
        resource: FACADE_TYPE_NAMES.map(resource),
      },
    ],
  }
}

function resource(type: FacadeTypeName): Record<string, unknown> {
  const { profiles, parameters } = facadeType(type)
  const searched = Object.entries(parameters)
  return {
    type,
    ...(profiles.length === 0 ? {} : { supportedProfile: profiles.map((one) => `${US_CORE}/${one}`) }),
    interaction: [{ code: 'read' }, ...(searched.length === 0 ? [] : [{ code: 'search-type' }])],
    versioning: 'versioned',
    readHistory: false,
    conditionalRead: 'not-match',
    ...(searched.length === 0
      ? {}
      : { searchParam: searched.map(([name, parameter]) => ({ name, type: parameter.type })) }),
    ...(type === 'Patient'
      ? {
          operation: [{ name: 'match', definition: 'http://hl7.org/fhir/OperationDefinition/Patient-match' }],
        }
      : {}),
  }
}
