import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { ProxySetting } from '#core/ports.ts'
import { RelayClient, type RelayClientOptions } from '#relay-client/client.ts'
import {
  CERTIFICATE,
  ShiftedClock,
  testRelay,
  testSigner,
  unwrap,
  until,
  type TestRelay,
} from '../relay/harness.ts'
import { TEST_CERTIFICATE, TEST_KEY } from './tls-fixture.ts'

const PUBLIC_HOST = 'relay.test'
const TLS = { cert: TEST_CERTIFICATE, key: TEST_KEY }

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step()
})

async function relayWith(options: Parameters<typeof testRelay>[0] = {}): Promise<TestRelay> {
  const relay = await testRelay(options)
  cleanUp.push(() => relay.close())
  return relay
}

function clientWith(
  options: Pick<RelayClientOptions, 'proxy' | 'systemProxyUrl' | 'trustedCa'> = {},
): RelayClient {
  const client = new RelayClient({ clock: new ShiftedClock(), random: randomBytes, ...options })
  cleanUp.push(() => client.close())
  return client
}

async function listen(server: Server | HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

const custom = (url: string): ProxySetting => ({ kind: 'custom', url })

describe('TLS', () => {
  test('is used where the relay has it, and is preferred on this computer', async () => {
    const relay = await relayWith({ tls: TLS })
    const client = clientWith({ trustedCa: TEST_CERTIFICATE })
    expect(unwrap(await client.info(relay.host))).toMatchObject({ secure: true })
    const alice = testSigner('alice')
    unwrap(await client.register(relay.host, alice, { certificate: CERTIFICATE }, null))
    const states: unknown[] = []
    client.subscribe(relay.host, alice, 0, {
      received: async () => undefined,
      drained: () => undefined,
      stateChanged: (state) => states.push(state),
    })
    await until(() => states.length === 2)
    expect(states[1]).toEqual({ kind: 'online', transport: 'stream', secure: true })
  })

  test('a certificate nobody vouches for is refused', async () => {
    const relay = await relayWith({ tls: TLS })
    expect(await clientWith().info(relay.host)).toMatchObject({
      ok: false,
      error: { code: 'RELAY_INSECURE' },
    })
  })

  test('without it, this computer is told to be insecure', async () => {
    const relay = await relayWith()
    expect(unwrap(await clientWith().info(relay.host))).toMatchObject({ secure: false })
  })

  test('a relay once seen with it is not spoken to without', async () => {
    const relay = await relayWith({ tls: TLS })
    const client = clientWith({ trustedCa: TEST_CERTIFICATE })
    unwrap(await client.info(relay.host))
    await relay.close()
    await relayWith({ port: Number(new URL(relay.url).port) })
    expect(await client.info(relay.host)).toMatchObject({ error: { code: 'RELAY_INSECURE' } })
  })
})

describe.each(['http', 'socks5'] as const)('a %s proxy', (kind) => {
  let target: number
  let seen: string[]
  let port: number

  beforeEach(async () => {
    seen = []
    port = await (kind === 'http' ? httpProxy() : socksProxy())
  })

  /** Leads every name to the relay under test; wants a user and a password. */
  async function httpProxy(): Promise<number> {
    const server = createHttpServer((_request, response) => response.writeHead(400).end())
    server.on('connect', (request, client) => {
      const { authorization } = { authorization: request.headers['proxy-authorization'] }
      const expected = `Basic ${Buffer.from('user:p@ss').toString('base64')}`
      if (authorization !== expected) {
        client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
        return
      }
      seen.push(request.url ?? '')
      const relay = connect(target, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n')
        relay.pipe(client).pipe(relay)
      })
      relay.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
      client.on('error', () => relay.destroy())
    })
    return listen(server)
  }

  /** RFC 1928 and 1929, as little as a client needs. */
  async function socksProxy(): Promise<number> {
    const server = createServer((client) => {
      let step: 'greeting' | 'password' | 'request' = 'greeting'
      client.on('error', () => client.destroy())
      const onData = (chunk: Buffer): void => {
        if (step === 'greeting') {
          step = 'password'
          client.write(chunk.includes(2, 2) ? Uint8Array.of(5, 2) : Uint8Array.of(5, 255))
        } else if (step === 'password') {
          step = 'request'
          const given = chunk.toString('latin1').replaceAll(/[^a-z@]/g, ' ')
          client.write(Uint8Array.of(1, given.trim() === 'user p@ss' ? 0 : 1))
        } else {
          client.off('data', onData)
          const length = chunk[4] ?? 0
          const name = chunk.subarray(5, 5 + length).toString('latin1')
          seen.push(`${name}:${chunk.readUInt16BE(5 + length)}`)
          const relay = connect(target, '127.0.0.1', () => {
            client.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0))
            relay.pipe(client).pipe(relay)
          })
          relay.on('error', () => client.destroy())
        }
      }
      client.on('data', onData)
    })
    return listen(server)
  }

  const through = (credentials = 'user:p%40ss') =>
    custom(`${kind}://${credentials}@127.0.0.1:${port}`)

  test('carries requests and the stream', async () => {
    const relay = await relayWith({ tls: TLS })
    target = Number(new URL(relay.url).port)
    const client = clientWith({ proxy: through(), trustedCa: TEST_CERTIFICATE })
    const alice = testSigner('alice')
    unwrap(await client.register(PUBLIC_HOST, alice, { certificate: CERTIFICATE }, null))
    const requests = seen.length
    let online = false
    client.subscribe(PUBLIC_HOST, alice, 0, {
      received: async () => undefined,
      drained: () => undefined,
      stateChanged: ({ kind: state }) => (online = state === 'online'),
    })
    await until(() => online)
    expect(seen.length).toBeGreaterThan(requests)
    expect(new Set(seen)).toEqual(new Set([`${PUBLIC_HOST}:443`]))
  })

  test('a public relay without TLS is refused', async () => {
    const relay = await relayWith()
    target = Number(new URL(relay.url).port)
    expect(await clientWith({ proxy: through() }).info(PUBLIC_HOST)).toMatchObject({
      error: { code: 'RELAY_INSECURE' },
    })
  })

  test('one that refuses us is told', async () => {
    const client = clientWith({ proxy: through('user:wrong') })
    expect(await client.info(PUBLIC_HOST)).toMatchObject({ error: { code: 'PROXY_UNREACHABLE' } })
  })

  test('one that is not there is told', async () => {
    const client = clientWith({ proxy: custom(`${kind}://127.0.0.1:1`) })
    expect(await client.info(PUBLIC_HOST)).toMatchObject({ error: { code: 'PROXY_UNREACHABLE' } })
  })

  test('is left out for this computer, and can be taken away', async () => {
    const relay = await relayWith()
    const client = clientWith({ proxy: through() })
    unwrap(await client.info(relay.host))
    expect(seen).toEqual([])
    client.setProxy({ kind: 'none' })
    unwrap(await client.info(relay.host))
  })
})

test('a setting that is no address of a proxy is told', async () => {
  const client = clientWith({ proxy: custom('not a url') })
  expect(await client.info(PUBLIC_HOST)).toMatchObject({ error: { code: 'PROXY_UNREACHABLE' } })
})

describe('the proxy of the system', () => {
  test('is asked for at each connection, for each relay', async () => {
    const asked: string[] = []
    const systemProxyUrl = async (url: string): Promise<string> => {
      asked.push(url)
      return 'http://127.0.0.1:1'
    }
    const client = clientWith({ proxy: { kind: 'system' }, systemProxyUrl })
    for (const host of [PUBLIC_HOST, PUBLIC_HOST, 'other.test']) {
      expect(await client.info(host)).toMatchObject({ error: { code: 'PROXY_UNREACHABLE' } })
    }
    const first = asked.indexOf('https://other.test')
    expect(first).toBeGreaterThan(1)
    expect(new Set(asked.slice(0, first))).toEqual(new Set([`https://${PUBLIC_HOST}`]))
    expect(new Set(asked.slice(first))).toEqual(new Set(['https://other.test']))
  })

  test('is not gone past where the system does not answer', async () => {
    const systemProxyUrl = () => Promise.reject(new Error('no answer'))
    const client = clientWith({ proxy: { kind: 'system' }, systemProxyUrl })
    expect(await client.info(PUBLIC_HOST)).toMatchObject({ error: { code: 'PROXY_UNREACHABLE' } })
  })
})
