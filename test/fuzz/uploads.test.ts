import fc, { type Arbitrary } from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { PART, sessionHeaders, TUS } from '../unit/relay/blobs-harness.ts'
import { encodeRequest, exchange, type RawAnswer } from './raw-http.ts'
import { expectCivil, fuzz, RelayUnderTest, RUNS, SEED } from './relay-under-test.ts'

// Uploads by clients that do everything in the wrong order, at once, and halfway. Whatever they do, what the relay said
// it has is what it gives back.

const SMALLEST_PART = 65_536
const MOST_BYTES = 3 * SMALLEST_PART
const KEYS = 3

type Step =
  | { readonly kind: 'begin'; readonly length: number }
  | {
      readonly kind: 'part'
      /** Beside the right place; mostly 0. */
      readonly shift: number
      readonly length: number
      readonly fill: number
      readonly fate: 'sent' | 'abandoned' | 'twice' | 'forged' | 'short'
    }
  | { readonly kind: 'head' | 'delete' }
  | { readonly kind: 'get'; readonly range: string | null }

const length = fc.oneof(
  fc.constantFrom(1, SMALLEST_PART - 1, SMALLEST_PART, SMALLEST_PART + 1, MOST_BYTES),
  fc.integer({ min: 1, max: MOST_BYTES }),
)
const rangeBound = fc.oneof(fc.constant(''), fc.nat(MOST_BYTES + 10).map(String))
const step: Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), length }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('part' as const),
      shift: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -9, max: 9 })),
      length: fc.oneof({ weight: 2, arbitrary: fc.constant(SMALLEST_PART) }, length),
      fill: fc.nat(255),
      fate: fc.constantFrom('sent', 'sent', 'sent', 'abandoned', 'twice', 'forged', 'short'),
    }),
  },
  fc.record({ kind: fc.constantFrom('head', 'delete') }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('get' as const),
      range: fc.option(fc.tuple(rangeBound, rangeBound).map(([from, to]) => `bytes=${from}-${to}`)),
    }),
  },
)
const steps = fc.array(fc.tuple(fc.nat(KEYS - 1), step), { minLength: 3, maxLength: 20 })

/** What the relay has acknowledged of one upload. */
interface Upload {
  readonly key: Uint8Array
  path: string | null
  length: number
  bytes: Uint8Array
}

const relay = new RelayUnderTest()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

async function send(
  method: string,
  target: string,
  headers: Record<string, string>,
  body: Uint8Array = new Uint8Array(0),
  change: { readonly abandonAfter?: number; readonly signedBody?: Uint8Array } = {},
): Promise<RawAnswer | null> {
  const at = { url: relay.url, host: relay.host, metricsUrl: null, close: async () => undefined }
  const signature =
    method === 'GET'
      ? {}
      : sessionHeaders(at, relay.session, method, target, change.signedBody ?? body)
  const request = encodeRequest(relay.host, {
    method,
    target,
    headers: Object.entries({ ...signature, ...headers }),
    body,
  })
  const abandonAfter = change.abandonAfter
  return exchange(
    relay.host,
    request,
    abandonAfter === undefined ? {} : { abandonAfter: request.length - abandonAfter },
  )
}

/** @returns the offset that the relay tells; `null` where it knows no such upload. */
async function offsetOf(upload: Upload): Promise<number | null> {
  const answer = await send('HEAD', upload.path ?? '', TUS)
  if (answer === null) throw new Error('no answer')
  expectCivil(answer, true)
  return answer.status === 200 ? Number(answer.headers.get('upload-offset')) : null
}

async function begin(upload: Upload, wanted: number): Promise<void> {
  const headers = {
    ...TUS,
    'idempotency-key': encodeBase64Url(upload.key),
    'upload-length': String(wanted),
  }
  const answer = await send('POST', '/v1/blobs', headers)
  if (answer === null) throw new Error('no answer')
  const code = expectCivil(answer)
  if (upload.path !== null) {
    expect(code).toBe(wanted === upload.length ? null : 'CONFLICT')
    return
  }
  expect(answer.status).toBe(201)
  upload.path = answer.headers.get('location') ?? null
  upload.length = wanted
  upload.bytes = new Uint8Array(0)
}

async function part(upload: Upload, made: Extract<Step, { kind: 'part' }>): Promise<void> {
  if (upload.path === null) return
  const { path } = upload
  const before = upload.bytes.length
  const offset = Math.max(0, before + made.shift)
  const body = new Uint8Array(Math.max(1, Math.min(made.length, upload.length - offset))).fill(
    made.fill,
  )
  const headers = { ...PART, 'upload-offset': String(offset) }
  const add = (): void => {
    upload.bytes = Buffer.concat([upload.bytes, body])
  }
  switch (made.fate) {
    case 'sent': {
      const answer = await send('PATCH', path, headers, body)
      if (answer !== null && expectCivil(answer) === null) add()
      else expect(await offsetOf(upload)).toBe(before)
      return
    }
    case 'twice': {
      const other = body.map((byte) => byte ^ 1)
      const both = [body, other].map((one) => send('PATCH', path, headers, one))
      const codes = (await Promise.all(both)).map((one) => one && expectCivil(one))
      const winners = codes.filter((code) => code === null)
      expect(winners.length).toBeLessThanOrEqual(1)
      if (winners.length === 1) {
        const winner = codes[0] === null ? body : other
        upload.bytes = Buffer.concat([upload.bytes, winner])
      }
      return
    }
    case 'forged': {
      const signedBody = body.map((byte) => byte ^ 1)
      const answer = await send('PATCH', path, headers, body, { signedBody })
      if (answer !== null) expect(expectCivil(answer)).not.toBeNull()
      expect(await offsetOf(upload)).toBe(before)
      return
    }
    case 'abandoned': {
      await send('PATCH', path, headers, body, { abandonAfter: 1 })
      expect(await offsetOf(upload)).toBe(before)
      return
    }
    case 'short': {
      // Less than it says, and then another request: the rest is taken for the body, and the digest does not fit.
      const said = { ...headers, 'content-length': String(body.length + 20) }
      const answer = await send('PATCH', path, said, Buffer.concat([body, Buffer.alloc(20, 'G')]), {
        signedBody: body,
      })
      if (answer !== null) expect(expectCivil(answer)).not.toBeNull()
      expect(await offsetOf(upload)).toBe(before)
    }
  }
}

async function get(upload: Upload, range: string | null): Promise<void> {
  if (upload.path === null) return
  const answer = await send('GET', upload.path, range === null ? {} : { range })
  if (answer === null) throw new Error('no answer')
  if (upload.bytes.length < upload.length) {
    expect(expectCivil(answer)).toBe('NOT_FOUND')
    return
  }
  if (expectCivil(answer) !== null) expect(answer.status).toBe(416)
  else if (answer.status === 200)
    expect(answer.headers.get('content-length')).toBe(String(upload.length))
  else {
    const [, from, last] =
      /^bytes (\d+)-(\d+)\//.exec(answer.headers.get('content-range') ?? '') ?? []
    const expected = upload.bytes.subarray(Number(from), Number(last) + 1)
    expect(answer.headers.get('content-length')).toBe(String(expected.length))
  }
}

/** Whatever is complete is downloaded and compared byte by byte. */
async function expectWhole(upload: Upload): Promise<void> {
  if (upload.path === null) return
  expect(await offsetOf(upload)).toBe(upload.bytes.length)
  if (upload.bytes.length < upload.length) return
  const response = await fetch(`${relay.url}${upload.path}`)
  expect(response.status).toBe(200)
  expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), upload.bytes)).toBe(0)
}

describe(`uploads in every order, ${RUNS} times`, () => {
  test(`are what the relay said it has (seed ${SEED})`, async () => {
    const show = (made: readonly (readonly [number, Step])[]): string => JSON.stringify(made)
    let completed = 0
    await fuzz(steps, RUNS, show, async (made) => {
      const uploads = Array.from({ length: KEYS }, (): Upload => ({
        key: randomBytes(16),
        path: null,
        length: 0,
        bytes: new Uint8Array(0),
      }))
      for (const [which, one] of made) {
        const upload = uploads[which]
        if (upload === undefined) continue
        switch (one.kind) {
          case 'begin':
            await begin(upload, one.length)
            break
          case 'part':
            await part(upload, one)
            break
          case 'head':
            if (upload.path !== null) expect(await offsetOf(upload)).toBe(upload.bytes.length)
            break
          case 'get':
            await get(upload, one.range)
            break
          case 'delete':
            if (upload.path === null) break
            expect((await send('DELETE', upload.path, TUS))?.status).toBe(204)
            expect(await offsetOf(upload)).toBeNull()
            upload.path = null
        }
      }
      for (const upload of uploads) {
        await expectWhole(upload)
        if (upload.path === null) continue
        if (upload.bytes.length === upload.length) completed += 1
        expect((await send('DELETE', upload.path, TUS))?.status).toBe(204)
      }
    })
    expect(completed).toBeGreaterThan(0)
    await relay.expectUnharmed()
  })
})
