import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placeOf, readOutcome } from './outcome.ts'

const issue = (one: object): string => JSON.stringify({ resourceType: 'OperationOutcome', issue: [one] })

describe('the bodies of Cerner (cerner-fhir-r4.md §1.5)', () => {
  test.each<[string, string, object, string]>([
    [
      'E1',
      issue({
        severity: 'error',
        code: 'invalid',
        details: { text: 'at least one of _id, identifier, or -pageContext must be provided' },
      }),
      { form: 'outcome', code: 'invalid' },
      '_id, identifier',
    ],
    [
      'E1',
      issue({ severity: 'error', code: 'invalid', details: { text: 'Invalid request' } }),
      { code: 'invalid' },
      'invalid',
    ],
    [
      'E2',
      issue({ severity: 'error', code: 'not-found', details: { text: 'Not Found' } }),
      { code: 'not-found' },
      'not-found',
    ],
    [
      'E3',
      issue({
        severity: 'error',
        code: 'login',
        diagnostics: 'Bearer realm="x", error="invalid_token"',
        location: ['http.Authorization'],
      }),
      { oauth: 'invalid_token' },
      'http.Authorization',
    ],
    [
      'E4',
      issue({
        severity: 'error',
        code: 'forbidden',
        diagnostics: 'Bearer realm="x", error="insufficient_scope"',
        expression: ['http.Authorization'],
      }),
      { oauth: 'insufficient_scope' },
      'http.Authorization',
    ],
    [
      'E5',
      '{"code":403,"message":"code=\\"urn:cerner:error:oauth2:resource-access:insufficient-scopes\\", error=\\"insufficient_scope\\", subcode=\\"no_scope_for_resource_path\\""}',
      {
        form: 'gateway',
        code: '403',
        urn: 'urn:cerner:error:oauth2:resource-access:insufficient-scopes',
        oauth: 'insufficient_scope',
      },
      'no_scope_for_resource_path',
    ],
    [
      'E5',
      '{"code":401,"message":"code=\\"urn:cerner:error:oauth2:resource-access:token-required\\""}',
      { form: 'gateway', code: '401' },
      'urn:cerner:error:oauth2:resource-access:token-required',
    ],
    [
      'E6',
      issue({
        severity: 'error',
        code: 'business-rule',
        details: {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/operation-outcome',
              code: 'MSG_RESOURCE_MISMATCH',
            },
          ],
        },
      }),
      { details: ['MSG_RESOURCE_MISMATCH'] },
      'MSG_RESOURCE_MISMATCH',
    ],
    [
      'E7',
      issue({ severity: 'error', code: 'throttled', diagnostics: 'Too Many Requests' }),
      { code: 'throttled' },
      'throttled',
    ],
    [
      'E8',
      issue({ severity: 'fatal', code: 'required', location: ['/f:AllergyIntolerance/f:status'] }),
      { code: 'required', severity: 'fatal' },
      '/f:AllergyIntolerance/f:status',
    ],
    [
      'text',
      'Tenant not valid or accessible',
      { form: 'text', known: 'tenant-unknown' },
      'the reason is in the answer',
    ],
    [
      'text',
      'no supported search parameters provided',
      { form: 'text', known: 'search-without-parameters' },
      'the reason is in the answer',
    ],
    [
      'text',
      'no If-Match or invalid If-Match header provided',
      { known: 'if-match' },
      'the reason is in the answer',
    ],
    ['HTML', '\n<!DOCTYPE html><h1>502</h1>', { form: 'html' }, 'the reason is in the answer'],
    ['nothing', '', { form: 'empty' }, 'without a reason'],
    ['other JSON', '{"status":500}', { form: 'json' }, 'the reason is in the answer'],
  ])('%s: %s', (_name, body, read, place) => {
    expect(readOutcome(body)).toMatchObject(read)
    expect(placeOf(readOutcome(body))).toBe(place)
  })
})

test('of several issues the gravest speaks', () => {
  const body = JSON.stringify({
    issue: [
      { severity: 'warning', code: 'informational' },
      { severity: 'error', code: 'invalid', expression: ['Patient.name'] },
    ],
  })
  expect(readOutcome(body)).toMatchObject({ code: 'invalid', places: ['Patient.name'] })
})

test('a value that stands where a place should be does not come out', () => {
  const body = issue({
    severity: 'error',
    code: 'Jane Roe',
    details: {
      text: "Value 'Nightingale' of Patient.name.family, MRN 00501, is not valid",
      coding: [{ code: 'Jane Roe' }],
    },
    expression: ["Patient.name.where(family='Nightingale')", 'Nightingale', 'Patient.name[0].family'],
  })
  const outcome = readOutcome(body)
  expect(outcome.places).toContain('Patient.name[0].family')
  expect(JSON.stringify(outcome)).not.toMatch(/Nightingale|Roe|00501/)
})

test('no body makes it throw, and no word of a text comes out that is not in the vocabulary', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
      expect(readOutcome(body).form).toMatch(/^(outcome|gateway|json|text|html|empty)$/)
    }),
  )
})
