import { expect, test } from 'vitest'
import { judgeCertificate } from './probe-certificate.ts'
import type { SeenCertificate } from './probe-certificate.ts'

const NOW = Date.parse('2026-03-02T12:00:00Z')
const seen = (changes: Partial<SeenCertificate['certificate']> = {}, untrusted = ''): SeenCertificate => ({
  host: 'fhir-ehr.cerner.com',
  protocol: 'TLSv1.3',
  untrusted,
  certificate: {
    subject: { CN: 'fhir-ehr.cerner.com' },
    issuer: { CN: 'DigiCert TLS RSA' },
    subjectaltname: 'DNS:fhir-ehr.cerner.com, DNS:fhir-myrecord.cerner.com',
    valid_from: 'Jan  1 00:00:00 2026 GMT',
    valid_to: 'Dec 31 00:00:00 2026 GMT',
    raw: Buffer.alloc(0),
    ...changes,
  },
})

test('a good certificate says whose it is, who issued it and how long it lasts', () => {
  const { outcome, evidence } = judgeCertificate(seen(), NOW)
  expect(outcome).toBe('passed')
  expect(evidence).toBe(
    'TLSv1.3; certificate of fhir-ehr.cerner.com, issued by DigiCert TLS RSA, valid until 2026-12-31 (303 days left).',
  )
})

test.each([
  ['30 days before its end nothing is said', 'Apr  1 13:00:00 2026 GMT', 'passed', /30 days left/],
  ['29 days before its end it warns', 'Apr  1 11:00:00 2026 GMT', 'warning', /29 days left/],
  ['on its last day it warns', 'Mar  2 13:00:00 2026 GMT', 'warning', /0 days left/],
  ['an hour after its end it fails', 'Mar  2 11:00:00 2026 GMT', 'failed', /ended 1 day ago/],
])('%s', (_name, until, outcome, evidence) => {
  const found = judgeCertificate(seen({ valid_to: until }), NOW)
  expect(found.outcome).toBe(outcome)
  expect(found.evidence).toMatch(evidence)
})

test('one that begins tomorrow points at the clock of this machine', () => {
  const found = judgeCertificate(seen({ valid_from: 'Mar  3 00:00:00 2026 GMT' }, 'CERT_NOT_YET_VALID'), NOW)
  expect(found).toMatchObject({ outcome: 'failed', acts: 'practice' })
  expect(found.meaning).toMatch(/not valid yet by the clock of this machine/)
})

test('a wrong name is told before a missing authority, since it is what to change first', () => {
  const other = { subjectaltname: 'DNS:proxy.example.org' }
  expect(judgeCertificate(seen(other, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), NOW).meaning).toMatch(
    /another name/,
  )
})

test('an issuer that is not trusted is named: it is often the proxy’s', () => {
  const proxied = { issuer: { O: 'Hospital Proxy' } as SeenCertificate['certificate']['issuer'] }
  const found = judgeCertificate(seen(proxied, 'SELF_SIGNED_CERT_IN_CHAIN'), NOW)
  expect(found).toMatchObject({ outcome: 'failed', acts: 'network' })
  expect(found.meaning).toContain('issued by Hospital Proxy')
})
