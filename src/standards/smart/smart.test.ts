import { describe, expect, test } from 'vitest'
import { readMetadata, readWellKnown } from './configuration.ts'
import { authorizeUrl, readCallback, readLaunch } from './launch.ts'
import { challengeOf, makePkce, makeState } from './pkce.ts'
import {
  SCOPE_USES,
  compareScopes,
  covers,
  parseScope,
  parseScopes,
  scopeFor,
  scopesFor,
  useOf,
} from './scopes.ts'
import { meaningOf, readTokenAnswer, readTokenError } from './token.ts'

describe('scopes', () => {
  test.each<[string, object]>([
    [
      'system/Patient.read',
      { kind: 'resource', persona: 'system', type: 'Patient', rights: 'rs', version: 'v1' },
    ],
    ['user/Appointment.write', { rights: 'cud', version: 'v1' }],
    ['patient/Observation.crus', { persona: 'patient', rights: 'crus', version: 'v2' }],
    ['system/*.read', { type: '*' }],
    ['launch/patient', { kind: 'launch', context: 'patient' }],
    ['openid', { kind: 'other' }],
    ['system/Patient.sr', { kind: 'other' }],
    ['system/Patient.', { kind: 'other' }],
  ])('%s', (text, expected) => expect(parseScope(text)).toMatchObject({ text, ...expected }))

  test('of both syntaxes mean the same rights', () => {
    const granted = parseScopes('system/Patient.rs system/Appointment.read system/Appointment.write')
    expect(covers(granted, parseScope('system/Patient.read'))).toBe(true)
    expect(covers(granted, parseScope('system/Appointment.crus'))).toBe(true)
    expect(covers(granted, parseScope('user/Patient.read'))).toBe(false)
    // In v2 `r` reads by id alone; a search needs `s`.
    expect(covers(parseScopes('system/Patient.r'), parseScope('system/Patient.read'))).toBe(false)
  })

  test('that were dropped are told, with the reason where their form shows it', () => {
    expect(compareScopes(['system/Patient.read', 'system/Slot.read'], 'system/Patient.read')).toEqual({
      missing: ['system/Slot.read'],
      extra: [],
      because: [],
    })
    expect(compareScopes(['system/Patient.read', 'system/Slot.rs'], 'system/Patient.read openid')).toEqual({
      missing: ['system/Slot.rs'],
      extra: ['openid'],
      because: ['other-syntax'],
    })
    expect(compareScopes(['patient/*.read', 'a,b'], '').because).toEqual(['wildcard', 'comma'])
  })

  test('are asked for in the syntax of the app, and a document needs its Binary', () => {
    const uses = [
      { type: 'DocumentReference', access: 'read' },
      { type: 'Patient', access: 'write' },
      { type: 'Patient', access: 'read' },
    ] as const
    expect(scopesFor(uses, { persona: 'system', version: 'v1' })).toEqual([
      'system/Patient.read',
      'system/Patient.write',
      'system/DocumentReference.read',
      'system/Binary.read',
    ])
    expect(scopesFor([{ type: 'Patient', access: 'write' }], { persona: 'user', version: 'v2' })).toEqual([
      'user/Patient.cu',
    ])
    expect(scopeFor({ persona: 'system', type: 'Slot', access: 'read', version: 'v2' })).toBe(
      'system/Slot.rs',
    )
  })

  test('each say once what they are for and what is missing without them', () => {
    expect(new Set(SCOPE_USES.map(({ type, access }) => `${type}.${access}`)).size).toBe(SCOPE_USES.length)
    expect(SCOPE_USES.every(({ without }) => /^[A-Z].*\.$/.test(without))).toBe(true)
    expect(useOf('Slot', 'read')?.without).toContain('nothing can be booked')
  })
})

describe('the configuration of a server', () => {
  const wellKnown = {
    token_endpoint: 'https://a.example/token',
    authorization_endpoint: 'https://a.example/authorize',
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
    capabilities: ['launch-ehr'],
  }

  test('is read from smart-configuration; what has another shape counts as absent', () => {
    expect(readWellKnown({ ...wellKnown, jwks_uri: 'not an address', scopes_supported: 'x' })).toMatchObject({
      tokenUrl: 'https://a.example/token',
      authMethods: ['client_secret_basic', 'private_key_jwt'],
      jwksUrl: null,
      scopes: [],
    })
    expect([
      readWellKnown({}),
      readWellKnown(null),
      readWellKnown({ token_endpoint: 'javascript:x' }),
    ]).toEqual([null, null, null])
  })

  test('is read from metadata that has no oauth-uris as none', () => {
    expect(readMetadata({ rest: [{ security: { extension: [{ url: 'x', extension: 7 }, 3] } }] })).toBeNull()
    expect(readMetadata({ rest: [{}] })).toBeNull()
    expect(readMetadata('<html>')).toBeNull()
  })
})

describe('the token endpoint', () => {
  test('answers with a token and the context of the launch', () => {
    const read = readTokenAnswer(
      JSON.stringify({
        access_token: 't',
        token_type: 'Bearer',
        expires_in: 570,
        scope: 'launch',
        patient: 123,
        need_patient_banner: false,
      }),
    )
    expect(read).toMatchObject({
      accessToken: 't',
      expiresInSeconds: 570,
      refreshToken: null,
      context: { patient: '123', encounter: null, needPatientBanner: false },
    })
  })

  test('without an expiry is taken to be short', () => {
    expect(readTokenAnswer('{"access_token":"t"}')?.expiresInSeconds).toBe(300)
    expect([readTokenAnswer('{}'), readTokenAnswer('<html>'), readTokenAnswer('')]).toEqual([
      null,
      null,
      null,
    ])
  })

  test('says in error_uri what the error does not', () => {
    const uri =
      'https://authorization.cerner.com/errors/urn%3Acerner%3Aerror%3Aauthorization-server%3Aoauth2%3Atoken%3Aempty-scopes/instances/6f2f9a?client=unknown&tenant=t'
    const error = readTokenError(JSON.stringify({ error: 'invalid_scope', error_uri: uri }))
    expect(error).toEqual({ error: 'invalid_scope', urn: 'token:empty-scopes', instance: '6f2f9a' })
    expect(error && meaningOf(error)?.means).toContain('None of the scopes')
    expect(meaningOf({ error: 'invalid_grant', urn: 'something-new' })?.todo).toContain('again')
  })

  test('with another error body says nothing made up', () => {
    expect(readTokenError('{"error":"Jane Roe"}')).toBeNull()
    expect(readTokenError('<html>')).toBeNull()
    expect(readTokenError('{"error":"invalid_client","error_uri":"https://x/errors/%E0%A4%A"}')).toEqual({
      error: 'invalid_client',
      urn: null,
      instance: null,
    })
  })
})

describe('PKCE', () => {
  test('makes the challenge of RFC 7636, appendix B', async () => {
    expect(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    )
  })

  test('makes a new verifier each time, of the allowed letters', async () => {
    const [one, two] = [await makePkce(), await makePkce()]
    expect(one.verifier).toMatch(/^[A-Za-z0-9_-]{64}$/)
    expect(one.verifier).not.toBe(two.verifier)
    expect(one.challenge).toBe(await challengeOf(one.verifier))
    expect(makeState()).not.toBe(makeState())
  })
})

describe('a launch', () => {
  const query = (text: string): URLSearchParams => new URLSearchParams(text)

  test('from the chart names the server and its ticket', () => {
    expect(readLaunch(query('iss=https%3A%2F%2Ffhir-ehr.cerner.com%2Fr4%2Ft%2F&launch=abc'))).toEqual({
      kind: 'ehr',
      iss: 'https://fhir-ehr.cerner.com/r4/t',
      launch: 'abc',
    })
    expect(readLaunch(query(''))).toEqual({ kind: 'standalone' })
  })

  test.each([
    'iss=https://x',
    'launch=a',
    'iss=javascript:alert(1)&launch=a',
    'iss=https://x&iss=https://y&launch=a',
    `iss=https://x&launch=${'a'.repeat(5000)}`,
  ])('that is not whole is refused: %s', (text) =>
    expect(() => readLaunch(query(text))).toThrow(
      expect.objectContaining({ code: 'LAUNCH_INVALID' }) as Error,
    ),
  )

  test('sends the browser on with everything Cerner asks for', () => {
    const url = new URL(
      authorizeUrl({
        authorizeUrl: 'https://authorization.cerner.com/t/authorize?x=1',
        clientId: 'c',
        redirectUri: 'https://app.example/smart/callback/',
        scopes: ['launch', 'openid'],
        state: 's',
        aud: 'https://fhir-ehr.cerner.com/r4/t',
        launch: 'abc',
        challenge: 'ch',
      }),
    )
    expect(url.search).toContain('scope=launch%20openid')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      x: '1',
      response_type: 'code',
      client_id: 'c',
      redirect_uri: 'https://app.example/smart/callback/',
      scope: 'launch openid',
      state: 's',
      aud: 'https://fhir-ehr.cerner.com/r4/t',
      launch: 'abc',
      code_challenge: 'ch',
      code_challenge_method: 'S256',
    })
  })

  test('comes back with a code for the state that was sent', () => {
    expect(readCallback(query('code=k&state=s'), 's')).toEqual({ code: 'k' })
    for (const [text, state] of [
      ['code=k&state=other', 's'],
      ['code=k', 's'],
      ['code=k&state=', ''],
      ['state=s', 's'],
    ] as const) {
      expect(() => readCallback(query(text), state)).toThrow(
        expect.objectContaining({ code: 'LAUNCH_INVALID' }) as Error,
      )
    }
  })

  test('that Cerner refused says why, and nothing else of the address', () => {
    const uri = encodeURIComponent(
      'https://authorization.cerner.com/errors/urn%3Acerner%3Aerror%3Aauthorization-server%3Aoauth2%3Agrant%3Adenied-by-server/instances/1',
    )
    expect(() => readCallback(query(`error=access_denied&error_uri=${uri}&state=s`), 's')).toThrow(
      'access_denied, grant:denied-by-server',
    )
    expect(() => readCallback(query('error=<b>Jane&state=s'), 's')).toThrow('(error)')
  })
})
