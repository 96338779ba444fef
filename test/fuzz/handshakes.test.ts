import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sessionHeaders } from '../unit/relay/blobs-harness.ts'
import { encodeRequest, exchange } from './raw-http.ts'
import { handshake } from './raw-websocket.ts'
import { expectReached } from './reached.ts'
import { expectCivil, expectNoLeak, fuzz, RelayUnderTest, RUNS, SEED } from './relay-under-test.ts'

// The opening of a WebSocket: with wrong header fields, where there is none, and behind other requests.

const WEBSOCKETS = ['/v1/stream', '/v1/deposits']
const SETTLE_MS = 30

const relay = new RelayUnderTest()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

const opened = new Set<string>()
const refused = new Set<string>()

const name = fc.constantFrom(
  'upgrade',
  'sec-websocket-version',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
  'signature',
  'origin',
  'content-length',
  'transfer-encoding',
  'expect',
)
const text = fc.oneof(
  fc.constantFrom(
    '',
    'websocket',
    '12',
    '13',
    'x'.repeat(3_000),
    'permessage-deflate; client_max_window_bits',
    ',;=',
    '5',
    '65536',
    'chunked',
    '100-continue',
  ),
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  }),
)
const OTHERS = [
  '/v1/stream?after=-1',
  '/v1/stream?after=999999999999999',
  '/v1/deposits?after=1',
  '/v1/info',
  '/v1/envelopes',
  '/v1/blobs/AAAAAAAAAAAAAAAAAAAAAA',
  '/%',
  '/nothing',
]
const target = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...WEBSOCKETS) },
  fc.constantFrom(...OTHERS),
)

function headersFor(where: string): Record<string, string> {
  const at = { url: relay.url, host: relay.host, metricsUrl: null, close: async () => undefined }
  // Senders are anonymous.
  return where.startsWith('/v1/deposits') ? {} : sessionHeaders(at, relay.session, 'GET', where)
}

type Input = [string, Record<string, string>]

describe(`handshakes, ${RUNS} times`, () => {
  test(`open the right routes alone, and nothing is agreed to (seed ${SEED})`, async () => {
    const inputs = fc.tuple(target, fc.dictionary(name, text, { maxKeys: 2 }))
    const show = (made: unknown): string => JSON.stringify(made)
    const tryOne = async ([where, change]: Input): Promise<void> => {
      const sent = handshake(relay.host, where, { ...headersFor(where), ...change })
      const answer = await exchange(relay.host, sent, { settleMs: SETTLE_MS })
      if (answer === null) return
      const [path = ''] = where.split('?')
      if (answer.status !== 101) {
        if (answer.status >= 400) refused.add(path)
        expectCivil(answer)
        return
      }
      opened.add(path)
      expect(WEBSOCKETS).toContain(path)
      expect(answer.headers.has('sec-websocket-extensions')).toBe(false)
    }
    const plainly = [...WEBSOCKETS, ...OTHERS].map((where): Input => [where, {}])
    const wrongly = WEBSOCKETS.map((where): Input => [where, { 'sec-websocket-version': '12' }])
    await fuzz(inputs, RUNS, show, tryOne, [...plainly, ...wrongly])
    expectReached(WEBSOCKETS, opened)
    expectReached([...WEBSOCKETS, '/v1/info', '/%', '/nothing'], refused)
    await relay.expectUnharmed()
  })

  test(`behind and before other requests of the connection (seed ${SEED})`, async () => {
    const kind = fc.constantFrom('upgrade', 'plain', 'waiting', 'half', 'wrong')
    const inputs = fc.tuple(
      fc.array(fc.tuple(kind, target), { minLength: 2, maxLength: 6 }),
      fc.boolean(),
    )
    const show = (made: unknown): string => JSON.stringify(made)
    await fuzz(inputs, RUNS, show, async ([requests, isEnded]) => {
      const pieces = requests.map(([one, where]) => {
        if (one === 'upgrade') return handshake(relay.host, where, headersFor(where))
        if (one === 'wrong') return Buffer.from('GET / HTTP/1.1\r\n: \r\n\r\n')
        const body = new Uint8Array(one === 'half' ? 3 : 0)
        const path = one === 'waiting' ? '/v1/envelopes?wait=1' : '/v1/info'
        const request = encodeRequest(relay.host, {
          method: one === 'half' ? 'PUT' : 'GET',
          target: path,
          headers: [
            ...Object.entries(one === 'waiting' ? headersFor(path) : {}),
            ...(one === 'half' ? [['content-length', '9'] as const] : []),
          ],
          body,
        })
        return Buffer.from(
          Buffer.from(request).toString('latin1').replace('connection: close\r\n', ''),
          'latin1',
        )
      })
      const bytes = Buffer.concat(pieces)
      const how = isEnded ? { abandonAfter: bytes.length } : { settleMs: 5 }
      const answer = await exchange(relay.host, bytes, how)
      if (answer === null) return
      expectNoLeak(answer.body)
      if (answer.status >= 400) expectCivil(answer)
    })
    await relay.expectUnharmed()
  })
})
