import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc, { type Arbitrary } from 'fast-check'
import { expect } from 'vitest'
import type { RequestSigner } from '#core/ports.ts'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeHex } from '#shared/bytes.ts'
import { ERRORS } from '#shared/errors.ts'
import type { RequestKey } from '#relay-client/request-signing.ts'
import { RelayProcess, SMALL_HEAP } from '../crash/processes.ts'
import { openSession } from '../unit/relay/blobs-harness.ts'
import { CERTIFICATE, testClient, testPrekeys, testSigner, unwrap } from '../unit/relay/harness.ts'
import type { RawAnswer } from './raw-http.ts'

/** Of all tests of one run; the same seed makes the same inputs. Printed with every test, and where one fails. */
export const SEED = Number(process.env['SOTTO_SEED'] ?? Date.now() % 2 ** 31)
/** Inputs of a test, for a short run and by `SOTTO_ROUNDS` for a long one. */
export const RUNS = Number(process.env['SOTTO_ROUNDS'] ?? 10) * 50

/** What hostile requests may leave behind in the memory of a relay. */
const MAX_GROWTH_BYTES = 150 * 1024 * 1024
const EVER_LEAKED = /\n\s+at |node_modules|\.ts:|\.js:|SQLITE|Error:|\/home\/|\/tmp\//

/** Nothing that is the relay's own business is in what it sends. */
export function expectNoLeak(text: string): void {
  expect(text).not.toMatch(EVER_LEAKED)
}

/**
 * Whatever was asked, the answer is a success, or an error of the table in the one form, and gives nothing away.
 * @returns its code, `null` for a success.
 */
export function expectCivil(answer: RawAnswer, isHead = false): string | null {
  const { status, headers, body } = answer
  if (status < 400) return null
  expectNoLeak(body)
  if (isHead) {
    expect(status < 500 || status === 503 || status === 507).toBe(true)
    return 'HEAD'
  }
  const type = headers.get('content-type') ?? ''
  if (!type.startsWith('application/json')) {
    throw new Error(`${status} is answered as ${JSON.stringify([...headers, body])}`)
  }
  const { code, message } = JSON.parse(body) as { code: keyof typeof ERRORS; message: string }
  expect(Object.keys(ERRORS)).toContain(code)
  expect(ERRORS[code]).toMatchObject({ http: status, message })
  expect(code).not.toBe('INTERNAL')
  return code
}

const PATIENCE_MS = 10_000

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE_MS
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error('the relay holds on to connections that are gone')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/**
 * Tries inputs, the same ones for the same seed.
 * @param first - tried before those that are drawn, so that no draw can miss them.
 * @throws at the first that does not do, with the input in a form to read.
 */
export async function fuzz<T>(
  inputs: Arbitrary<T>,
  runs: number,
  show: (input: T) => string,
  tryOne: (input: T) => Promise<void>,
  first: readonly T[] = [],
): Promise<void> {
  const details = await fc.check(fc.asyncProperty(inputs, tryOne), {
    seed: SEED,
    numRuns: first.length + runs,
    examples: first.map((input): [T] => [input]),
    endOnFailure: true,
  })
  if (!details.failed) return
  const { counterexample, numRuns, errorInstance } = details
  const input = counterexample === null ? '' : show(counterexample[0])
  throw new Error(`SOTTO_SEED=${SEED}, input ${numRuns}: ${input}`, { cause: errorInstance })
}

/** A relay in a process of its own, with an account, and what shows that it has come to no harm. */
export class RelayUnderTest {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sotto-fuzz-'))
  readonly #process = new RelayProcess(
    this.#folder,
    join(import.meta.dirname, 'fuzz-config.json'),
    SMALL_HEAP,
    ['--metrics-port', '0', '--log-level', 'warn'],
  )
  readonly #client = testClient()
  #memoryBefore = 0
  #filesBefore = 0
  #accounts = 0
  readonly signer: RequestSigner = testSigner('ada')
  readonly token: Uint8Array = randomBytes(32)
  #session: RequestKey | null = null

  get host(): string {
    return this.#process.host
  }

  get url(): string {
    return `http://${this.host}`
  }

  get session(): RequestKey {
    if (this.#session === null) throw new Error('the relay has not been started')
    return this.#session
  }

  async start(): Promise<void> {
    await this.#process.start()
    await this.renew()
    await this.expectUnharmed()
    this.#filesBefore = await this.#process.metric('process_open_fds')
    this.#memoryBefore = await this.#process.metric('process_resident_memory_bytes')
  }

  /** Makes the account as it was, whatever has become of it. */
  async renew(): Promise<void> {
    const { host, signer } = this
    // A new one: an account that was deleted and made again has new sessions.
    const client = testClient()
    unwrap(await client.register(host, signer, { certificate: CERTIFICATE }, null))
    const hash = tokenHash(this.token)
    const add = [{ hash, label: randomBytes(16), uses: null, expiresAtMs: null }]
    unwrap(await client.putTokens(host, signer, { add, revoke: [] }))
    await client.publishPrekeys(host, signer, testPrekeys(Date.now(), 1, 1))
    await client.close()
    const relay = { url: this.url, host, metricsUrl: null, close: async () => undefined }
    this.#session = await openSession(relay, signer)
  }

  /** A new client is served in everything, nothing unexpected was logged, and memory has not run away. */
  async expectUnharmed(): Promise<void> {
    const { host } = this
    const client = this.#client
    const signer = testSigner(`guest-${(this.#accounts += 1)}`)
    const token = randomBytes(32)
    unwrap(await client.register(host, signer, { certificate: CERTIFICATE }, null))
    const add = [{ hash: tokenHash(token), label: randomBytes(16), uses: null, expiresAtMs: null }]
    unwrap(await client.putTokens(host, signer, { add, revoke: [] }))
    const envelopeId = randomBytes(16)
    const envelope = randomBytes(100)
    unwrap(await client.deposit(host, { envelopeId, deviceId: 1, token, envelope }))
    const received: string[] = []
    await new Promise<void>((resolve) => {
      const subscription = client.subscribe(host, signer, 0, {
        received: async (batch) =>
          void received.push(...batch.map((one) => encodeHex(one.envelope))),
        drained: () => void subscription.close().then(resolve),
        stateChanged: () => undefined,
      })
    })
    expect(received).toEqual([encodeHex(envelope)])
    const body = randomBytes(70_000)
    const upload = {
      key: randomBytes(16),
      length: body.length,
      read: async (offset: number, length: number) => body.subarray(offset, offset + length),
    }
    const { id } = unwrap(await client.uploadBlob(host, signer, upload))
    const write = async (piece: Uint8Array, offset: number): Promise<void> =>
      expect(Buffer.compare(piece, body.subarray(offset, offset + piece.length))).toBe(0)
    unwrap(await client.downloadBlob(host, { id, from: 0, length: body.length, write }))
    unwrap(await client.deleteAccount(host, signer))
    expect(this.#process.log).toBe('')
    if (this.#memoryBefore > 0) {
      // Not told on every system; where it is, connections that are gone must be closed on this side, too.
      await until(
        async () => !((await this.#process.metric('process_open_fds')) > this.#filesBefore + 10),
      )
      const grown =
        (await this.#process.metric('process_resident_memory_bytes')) - this.#memoryBefore
      expect(grown).toBeLessThan(MAX_GROWTH_BYTES)
    }
  }

  async stop(): Promise<void> {
    await this.#client.close()
    // An unhandled rejection would have ended it with another code before.
    expect(await this.#process.end('SIGTERM')).toBe(0)
    rmSync(this.#folder, { recursive: true })
  }
}
