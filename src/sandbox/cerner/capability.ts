import type { CernerEndpoints } from './contract.ts'
import { DECLARED, type Declared } from './declared.ts'

const INTERACTION = {
  read: 'read',
  search: 'search-type',
  create: 'create',
  update: 'update',
  patch: 'patch',
  delete: 'delete',
} as const

/** What the hospital's FHIR R4 can do, in the vendor's shape. @see cerner-fhir-r4.md §2.1, §3 */
export function capabilityStatement(base: string, endpoints: CernerEndpoints | null): unknown {
  return {
    resourceType: 'CapabilityStatement',
    url: `${base}/metadata`,
    name: 'CernerCapabilityStatement',
    title: 'Cerner Capability Statement',
    status: 'active',
    date: '2026-08-14',
    publisher: 'Cerner',
    description: 'Cerner implementation of FHIR on top of Millennium',
    kind: 'instance',
    instantiates: [
      'http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server',
      'http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data',
    ],
    implementation: { description: 'Cerner implementation of FHIR on top of Millennium', url: base },
    fhirVersion: '4.0.1',
    format: ['json', 'application/fhir+json'],
    patchFormat: ['application/json-patch+json'],
    rest: [
      {
        mode: 'server',
        documentation: 'Cerner implementation of FHIR on top of Millennium',
        ...(endpoints === null ? {} : { security: securityOf(endpoints) }),
        resource: DECLARED.map(resourceOf),
      },
    ],
  }
}

const OAUTH_URIS = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris'

export function securityOf(endpoints: CernerEndpoints): unknown {
  const uris = ['token', 'revoke', 'authorize', 'manage', 'introspect'] as const
  return {
    extension: [{ extension: uris.map((url) => ({ valueUri: endpoints[url], url })), url: OAUTH_URIS }],
    cors: true,
    service: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
            code: 'SMART-on-FHIR',
          },
        ],
        text: 'OAuth2 using SMART-on-FHIR profile (see http://docs.smarthealthit.org/)',
      },
    ],
    description: 'OAuth2 plus SMART extensions',
  }
}

function resourceOf({ type, verbs, search, operations }: Declared): unknown {
  return {
    type,
    interaction: verbs.map((verb) => ({ code: INTERACTION[verb] })),
    ...(verbs.includes('update') ? { updateCreate: false } : {}),
    ...(search?.include === undefined ? {} : { searchInclude: search.include }),
    ...(search?.revinclude === undefined ? {} : { searchRevInclude: search.revinclude }),
    ...(search === null ? {} : { searchParam: search.parameters }),
    ...(operations === undefined ? {} : { operation: operations }),
  }
}
