import fc, { type Arbitrary } from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeBatch } from '#protocol/relay-batch.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { signRequest, type RequestKey } from '#relay-client/request-signing.ts'
import type { Clock } from '#core/ports.ts'
import { encodeBase64Url, encodeUtf8 } from '#shared/bytes.ts'
import { ERRORS } from '#shared/errors.ts'
import { ShiftedClock } from '../unit/relay/harness.ts'
import { bend, bent } from './bends.ts'
import { encodeRequest, exchange, type RawRequest } from './raw-http.ts'
import { expectReached } from './reached.ts'
import { expectCivil, fuzz, RelayUnderTest, RUNS, SEED } from './relay-under-test.ts'
import { RightRequests, type PlannedRequest } from './right-requests.ts'
import { fromSchema, mutated, strange, type Schema } from './schema-arbitrary.ts'

// Every route that the relay describes, asked as the description says and then a little, or very much, otherwise.

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly schema: Schema
}

interface Route {
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: Schema | null
  readonly bodyType: string | null
}

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: readonly Parameter[]
            readonly requestBody?: {
              readonly content: Readonly<Record<string, { schema: Schema }>>
            }
          }
        >
      >
    >
  >
}

/** A relay that waits for the rest of a broken request waits in vain. */
const SETTLE_MS = 25

/** What parsers look for. */
const FRAGMENTS = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  ': ',
  '\0',
  'HTTP/1.1',
  'HTTP/9.9',
  '\r\ncontent-length: 5\r\n',
  '\r\ntransfer-encoding: chunked\r\n',
  '\r\nupgrade: websocket\r\nconnection: upgrade\r\n',
  '\r\nexpect: 100-continue\r\n',
  '%',
].map(encodeUtf8)

type Signing = 'none' | 'session' | 'account' | 'broken' | 'replayed'

const relay = new RelayUnderTest()
const right = new RightRequests(relay)
/** What the relay has answered in the whole run. */
const codes = new Set<string>()
const clock = new ShiftedClock()
let routes: readonly Route[]
/** Values that exist, by the name of the parameter. */
let known: Readonly<Record<string, readonly string[]>>

/** Of bytes, which the description does not describe. */
const BYTE_TYPES = ['application/octet-stream', 'application/offset+octet-stream'] as const

async function describedRoutes(): Promise<readonly Route[]> {
  const { paths } = (await (await fetch(`${relay.url}/openapi.json`)).json()) as OpenApi
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
      const [described] = Object.entries(requestBody?.content ?? {})
      return {
        method: method.toUpperCase(),
        path,
        parameters,
        body: described?.[1].schema ?? null,
        bodyType: described?.[0] ?? null,
      }
    }),
  )
}

beforeAll(async () => {
  await relay.start()
  routes = await describedRoutes()
  const id = encodeBase64Url(randomBytes(16))
  const group = encodeBase64Url(randomBytes(32))
  known = {
    name: ['ada', 'guest-1', 'nobody'],
    id: ['1', id, group],
    'sotto-delivery-token': [encodeBase64Url(relay.token)],
    'sotto-device': ['1', '2', '4294967296'],
    'sotto-account': ['ada'],
    'sotto-group-token': [group],
    'sotto-epoch': ['0', '1', '999999999999999'],
    'tus-resumable': ['1.0.0'],
    'upload-length': ['1', '65536', '104857600', '104857601'],
    'upload-offset': ['0', '65536'],
  }
})
afterAll(async () => {
  await right.close()
  await relay.stop()
})

const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  maxLength: 200,
})
/** Header values that a client may send: anything but the ends of lines. */
const headerValue = fc.oneof(
  printable,
  fc.constantFrom('', ' ', '-1', '0', '1e9', '9'.repeat(30), 'A'.repeat(7_000), '\u00e9\u00ff'),
)
const headerName = fc.constantFrom(
  'signature',
  'signature-input',
  'content-digest',
  'content-type',
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'range',
  'if-range',
  'accept-encoding',
  'x-forwarded-for',
  'x-forwarded-host',
  'host',
  'tus-resumable',
  'upload-length',
  'upload-offset',
  'upload-metadata',
  'upload-defer-length',
  'x-http-method-override',
  'sotto-delivery-token',
  'sotto-device',
  'sotto-account',
  'sotto-epoch',
  'sotto-group-token',
  'sotto-next-token-hash',
  'idempotency-key',
)

/** Mostly what is asked for or exists, sometimes neither. */
function value({ name, schema }: Parameter): Arbitrary<string> {
  const exists = known[name] ?? []
  return fc.oneof(
    { weight: 4, arbitrary: fromSchema(schema).map(String) },
    ...(exists.length > 0 ? [{ weight: 6, arbitrary: fc.constantFrom(...exists) }] : []),
    { weight: 1, arbitrary: printable },
    { weight: 1, arbitrary: strange.map((one) => JSON.stringify(one)) },
  )
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .constantFrom(0, 1, 16_384, 16_385, 65_536, 65_537, 131_073)
    .map((length) => new Uint8Array(length)),
  fc
    .tuple(fc.nat(5), fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(60), fc.nat(255))
    .map(([more, body, place, byte]) => {
      const target = { id: body.length > 9 ? new Uint8Array(16) : randomBytes(16), deviceId: 1 }
      const targets = Array.from({ length: more + 1 }, () => ({ ...target, token: relay.token }))
      const batch = encodeBatch({ targets, body })
      return byte > 128 ? batch : batch.with(place % batch.length, byte)
    }),
)

function json(schema: Schema): Arbitrary<Uint8Array> {
  const right = fromSchema(schema)
  return fc
    .oneof(
      { weight: 4, arbitrary: right },
      { weight: 6, arbitrary: right.chain(mutated) },
      { weight: 1, arbitrary: right.chain(mutated).chain(mutated) },
      { weight: 1, arbitrary: strange },
    )
    .map((one) => encodeUtf8(JSON.stringify(one)))
}

const cut = (body: Uint8Array): Arbitrary<Uint8Array> =>
  fc.nat(body.length).map((length) => body.subarray(0, length))

interface Plan {
  readonly request: RawRequest
  readonly signing: Signing
  readonly abandon: boolean
}

function planOf(route: Route): Arbitrary<Plan> {
  const { parameters, body, bodyType } = route
  const values = fc.tuple(
    ...parameters.map((one) => fc.tuple(fc.constant(one), value(one), fc.nat(19))),
  )
  const described = body !== null && bodyType === 'application/json' ? json(body) : bytes
  const bodies = fc.oneof(
    { weight: 8, arbitrary: described },
    { weight: 1, arbitrary: described.chain(cut) },
    { weight: 1, arbitrary: bytes },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(0)) },
  )
  const types = fc.oneof(
    { weight: 8, arbitrary: fc.constant(bodyType ?? 'application/octet-stream') },
    { weight: 1, arbitrary: fc.constantFrom('application/json', ...BYTE_TYPES) },
    { weight: 1, arbitrary: headerValue },
  )
  const method = fc.oneof(
    { weight: 12, arbitrary: fc.constant(route.method) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'GET',
        'HEAD',
        'POST',
        'PUT',
        'PATCH',
        'DELETE',
        'OPTIONS',
        'TRACE',
        'PURGE',
      ),
    },
  )
  const signing = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Signing>('session', 'account') },
    { weight: 2, arbitrary: fc.constantFrom<Signing>('none', 'broken', 'replayed') },
  )
  const extra = fc.array(fc.tuple(headerName, headerValue), { maxLength: 2 })
  const more = fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: extra })
  const suffix = fc.oneof(
    { weight: 12, arbitrary: fc.constant('') },
    {
      weight: 1,
      arbitrary: printable.map(
        (text) => `?${encodeURIComponent(text)}=${encodeURIComponent(text)}`,
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('/', '//', '/..', '%00', '%ff', ';', '#x', '?after=1&after=2'),
    },
  )
  const isTus = route.path.startsWith('/v1/blobs') && route.method !== 'GET'
  const tus = isTus ? [['tus-resumable', '1.0.0'] as const] : []
  return fc
    .tuple(values, bodies, types, method, signing, more, suffix, fc.nat(30))
    .map(([given, content, type, verb, signedBy, extras, end, fate]) => {
      let path = route.path
      const query: string[] = []
      const headers: [string, string][] = []
      for (const [parameter, text, leave] of given) {
        if (parameter.in === 'path') {
          path = path.replace(`{${parameter.name}}`, encodeURIComponent(text.toWellFormed()))
        } else if (leave === 0) continue
        else if (parameter.in === 'header') headers.push([parameter.name, oneLine(text)])
        else query.push(`${parameter.name}=${encodeURIComponent(text.toWellFormed())}`)
      }
      const target = `${path}${query.length > 0 ? `?${query.join('&')}` : ''}${end}`
      const hasBody = verb !== 'GET' && verb !== 'HEAD' && content.length > 0
      return {
        signing: signedBy,
        abandon: fate === 0,
        request: {
          method: verb,
          target,
          headers: [
            ...tus,
            ...headers.filter(([name]) => name !== 'content-length'),
            ...(hasBody ? [['content-type', oneLine(type)] as const] : []),
            ...extras.map(([name, text]) => [name, oneLine(text)] as const),
          ],
          body: hasBody ? content : new Uint8Array(0),
        },
      }
    })
}

/** A line end would begin another header, which is the fuzzing of raw bytes below. */
const oneLine = (text: string): string => text.replace(/[^\x20-\x7e\x80-\xff]/g, '?')

type Signature = readonly (readonly [string, string])[]
/** A space would end the path: raw bytes, too. */
const oneWord = (text: string): string => text.replace(/[^\x21-\x7e]/g, '?')

let lastSignature: Signature = []

function sign(key: RequestKey, request: RawRequest, by: Clock = clock): Signature {
  const { method, target, body } = request
  const wanted = { method, url: `${relay.url}${target.split('#')[0]}`, body }
  return Object.entries(signRequest(key, wanted, by, randomBytes))
}

function signatureOf({ request, signing }: Plan): Signature {
  if (signing === 'none') return []
  if (signing === 'replayed') return lastSignature
  const { signer } = relay
  const account: RequestKey = {
    id: signer.name,
    algorithm: 'ecdsa-p256-sha256',
    sign: (base) => signer.sign(base),
  }
  const headers = sign(signing === 'account' ? account : relay.session, request)
  lastSignature = headers
  if (signing !== 'broken') return headers
  return headers.map(([name, text]) => [name, `${text.slice(0, -3)}A${text.slice(-2)}`] as const)
}

/** Sends a request as it is planned. @returns its code, `success`, or `null` where there was no answer. */
async function ask(planned: PlannedRequest, changed: RawRequest = planned): Promise<string | null> {
  const { key, shiftMs = 0, times = 1 } = planned
  const by = new ShiftedClock()
  by.shiftMs = shiftMs
  const signature = key === null ? [] : sign(key, planned, by)
  const headers = [
    ...signature,
    ...changed.headers.map(([name, text]) => [name, oneLine(text)] as const),
  ]
  const sent = encodeRequest(relay.host, {
    ...changed,
    target: impatient(oneWord(changed.target)),
    headers,
  })
  let code: string | null = null
  for (let count = 0; count < times; count++) {
    const answer = await exchange(relay.host, sent, {})
    code = answer && (expectCivil(answer, changed.method === 'HEAD') ?? 'success')
  }
  if (code !== null) codes.add(code)
  return code
}

/** Waits a moment at most: long polls are asked not to wait. */
const impatient = (target: string): string => target.replace(/wait=[^&]*/, 'wait=0')

const show = ({ request, signing }: Plan): string =>
  `${request.method} ${request.target} (signed: ${signing})\n` +
  `${request.headers.map((header) => header.join(': ')).join('\n')}\n${String(request.body.slice(0, 500))}`

describe(`every route, asked in ${RUNS} ways`, () => {
  test('as it should be', async () => {
    const described = routes.map(({ method, path }) => `${method} ${path}`)
    expect(Object.keys(right.routes).toSorted()).toEqual(described.toSorted())
    for (const [route, make] of Object.entries(right.routes)) {
      expect([route, await ask(await make())]).toEqual([route, 'success'])
    }
    for (const [code, make] of Object.entries(right.refusals)) {
      expect([code, await ask(await make())]).toEqual([code, code])
    }
  })

  test(`as it should be but for a place or two (seed ${SEED})`, async () => {
    const makers = [...Object.values(right.routes), ...Object.values(right.refusals)]
    const inputs = fc.tuple(
      fc.constantFrom(...makers),
      fc.array(bend(headerName, headerValue), { minLength: 1, maxLength: 2 }),
      fc.boolean(),
    )
    let last: RawRequest | null = null
    const showBent = (): string =>
      JSON.stringify({ ...last, body: String(last?.body.slice(0, 500)) })
    await fuzz(inputs, RUNS, showBent, async ([make, bends, isSignedAfter]) => {
      const planned = await make()
      const changed = bends.reduce(bent, planned)
      last = changed
      await ask(isSignedAfter ? changed : planned, changed)
    })
    await relay.renew()
    await relay.expectUnharmed()
  })

  test(`as it describes itself, and otherwise (seed ${SEED})`, async () => {
    await fuzz(fc.constantFrom(...routes).chain(planOf), RUNS * 4, show, async (made) => {
      const request = { ...made.request, target: impatient(made.request.target) }
      const headers = [...signatureOf({ ...made, request }), ...request.headers]
      const sent = encodeRequest(relay.host, { ...request, headers })
      const how = made.abandon ? { abandonAfter: sent.length - 1 } : {}
      const answer = await exchange(relay.host, sent, how)
      if (answer === null) return
      const code = expectCivil(answer, request.method === 'HEAD')
      codes.add(code ?? 'success')
      // The account may just have been deleted, or its device made anew.
      const changes = request.method === 'DELETE' || request.method === 'POST'
      if (code === null && changes && request.target.startsWith('/v1/accounts')) await relay.renew()
    })
    await relay.expectUnharmed()
  })

  test(`in bytes that are hardly HTTP any more (seed ${SEED})`, async () => {
    const change = fc.tuple(
      fc.nat(100_000),
      fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 4 }), fc.constantFrom(...FRAGMENTS)),
      fc.boolean(),
    )
    const changes = fc.array(change, { minLength: 1, maxLength: 4 })
    const inputs = fc.tuple(fc.constantFrom(...routes).chain(planOf), changes)
    await fuzz(
      inputs,
      RUNS,
      ([made]) => show(made),
      async ([made, places]) => {
        const { request } = made
        const right = encodeRequest(relay.host, {
          ...request,
          headers: [...signatureOf(made), ...request.headers],
          body: request.body.subarray(0, 500),
          target: impatient(request.target),
        })
        let wrong = Buffer.from(right)
        for (const [place, inserted, replaces] of places) {
          const at = place % wrong.length
          const rest = wrong.subarray(replaces ? at + inserted.length : at)
          wrong = Buffer.concat([wrong.subarray(0, at), inserted, rest])
        }
        const answer = await exchange(relay.host, wrong, { settleMs: SETTLE_MS })
        // What follows an answer without a body is the next answer: to HEAD, where the bytes still say so.
        const isBare = answer?.body === '' || answer?.body.startsWith('HTTP/1.1 ')
        if (answer !== null) expectCivil(answer, isBare)
      },
    )
    await relay.renew()
    await relay.expectUnharmed()
  })

  test('has given every answer that a client can make it give', () => {
    const all = Object.entries(ERRORS).flatMap(([code, error]) => ('http' in error ? [code] : []))
    expectReached(all, codes, {
      INTERNAL: 'never to come',
      CLIENT_TOO_OLD: 'there is one version',
      ACCOUNT_BLOCKED: 'wants its operator: test/unit/relay/admin.test.ts',
      INVITE_CODE_REQUIRED: 'the relay is open: test/unit/relay/accounts.test.ts',
      INVITE_CODE_INVALID: 'the relay is open: test/unit/relay/accounts.test.ts',
      RELAY_FULL: 'wants a full disk: test/crash/disk-full.test.ts',
      RATE_LIMITED: 'rates are off here: test/unit/relay/abuse.test.ts',
      OVERLOADED: 'wants a relay with no room left: test/unit/relay/abuse.test.ts',
    })
  })
})
