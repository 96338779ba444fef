import type { Clock, PublishedPrekeys, RequestSigner } from '#core/ports.ts'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes, sha256, SigningKeyPair } from '#crypto/primitives.ts'
import {
  contentDigest,
  signatureBase,
  signatureHeaders,
  type SignatureAlgorithm,
} from '#protocol/http-signature.ts'
import { relayConfig, type RelayOptions } from '#relay/config.ts'
import { startRelay, type RelayHooks, type RunningRelay } from '#relay/relay.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import type { RelayStorage } from '#relay/storage.ts'
import { RelayClient } from '#relay-client/client.ts'
import { encodeBase64Url, encodeUtf8 } from '#shared/bytes.ts'

/** A clock of the real time, shifted by what a test says. */
export class ShiftedClock implements Clock {
  shiftMs = 0
  nowMs(): number {
    return Date.now() + this.shiftMs
  }
  schedule(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  }
}

/** What a database does on an error that it cannot go on after, where a test expects none. */
export function throwFatal(cause: unknown): never {
  throw cause
}

/** A database in memory. */
export function memoryStorage(options: { readonly maxPages?: number } = {}): RelayStorage {
  return openSqliteStorage({ path: ':memory:', onFatal: throwFatal, ...options })
}

export interface TestRelay extends RunningRelay {
  readonly host: string
}

/** A relay in memory on a free port, without proof of work. */
export async function testRelay(
  options: RelayOptions = {},
  hooks: RelayHooks = {},
): Promise<TestRelay> {
  // A busy test machine is not what overload is about.
  const limits = { eventLoopDelayMs: 0, ...options.limits }
  const config = relayConfig({ port: 0, powBits: 0, ...options, limits })
  if (!config.ok) throw new Error(String(config.error.cause))
  const relay = await startRelay(config.value, hooks)
  return { ...relay, host: new URL(relay.url).host }
}

export function testClient(clock: Clock = new ShiftedClock()): RelayClient {
  return new RelayClient({ clock, random: randomBytes })
}

export function testSigner(name: string): RequestSigner {
  const pair = SigningKeyPair.generate(randomBytes)
  return {
    name,
    deviceId: 1,
    signingKey: pair.publicKey,
    sign: (base) => pair.signRaw(base),
  }
}

export const CERTIFICATE: Uint8Array = new TextEncoder().encode('certificate')

/** Prekeys of the right sizes whose contents tell them apart. */
export function testPrekeys(version: number, firstId: number, count: number): PublishedPrekeys {
  const point = (id: number): Uint8Array => new Uint8Array(65).fill(id % 256)
  const kem = (id: number): Uint8Array => new Uint8Array(1_184).fill(id % 256)
  const signature = new Uint8Array(64).fill(7)
  const ids = Array.from({ length: count }, (_, index) => firstId + index)
  return {
    version,
    signed: { id: version, publicKey: point(200), signature },
    kemLastResort: { id: version, publicKey: kem(201), signature },
    oneTime: ids.map((id) => ({ id, publicKey: point(id) })),
    kemOneTime: ids.map((id) => ({ id, publicKey: kem(id), signature })),
  }
}

/** Unwraps a success. */
export function unwrap<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(`expected a success: ${JSON.stringify(result.error)}`)
  return result.value
}

/** Waits until something is so; fails after fifteen seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 15_000
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error('it did not become true in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export interface Answer {
  readonly status: number
  readonly code: string | null
  readonly headers: Headers
  readonly body: unknown
}

/** One request with what the test puts together itself. */
export async function call(
  relay: TestRelay,
  method: string,
  path: string,
  init: { readonly headers?: Record<string, string>; readonly body?: unknown } = {},
): Promise<Answer> {
  const { body } = init
  const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  const type = body instanceof Uint8Array ? 'application/octet-stream' : 'application/json'
  const response = await fetch(`${relay.url}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': type }), ...init.headers },
    body: (raw ? body : JSON.stringify(body)) as BodyInit,
  })
  const text = await response.text()
  const parsed: unknown = text === '' ? null : JSON.parse(text)
  const code =
    typeof parsed === 'object' && parsed !== null && 'code' in parsed ? String(parsed.code) : null
  return { status: response.status, code, headers: response.headers, body: parsed }
}

/** What {@link signed} puts into the signature instead of the right values. */
export interface SignatureChange {
  readonly createdSeconds?: number
  readonly expiresSeconds?: number
  readonly nonce?: string
  readonly keyId?: string
  readonly algorithm?: SignatureAlgorithm
  readonly url?: string
  readonly method?: string
}

/** Header fields of a request signed by an account's key, right or wrong as the test wants them. */
export function signed(
  relay: TestRelay,
  signer: RequestSigner,
  method: string,
  path: string,
  body: string = '',
  change: SignatureChange = {},
): Record<string, string> {
  const createdSeconds = change.createdSeconds ?? Math.floor(Date.now() / 1_000)
  const params = {
    createdSeconds,
    expiresSeconds: change.expiresSeconds ?? createdSeconds + 60,
    nonce: change.nonce ?? encodeBase64Url(randomBytes(16)),
    algorithm: change.algorithm ?? ('ecdsa-p256-sha256' as const),
    keyId: change.keyId ?? signer.name,
  }
  const request = {
    method: change.method ?? method,
    targetUri: change.url ?? `${relay.url}${path}`,
    contentDigest: contentDigest(sha256(encodeUtf8(body))),
  }
  return signatureHeaders(request, params, signer.sign(signatureBase(request, params)))
}

/** An account with a token that anybody may use. */
export async function testAccount(
  relay: TestRelay,
  client: RelayClient,
  name: string,
): Promise<{
  readonly signer: RequestSigner
  readonly token: Uint8Array
  readonly label: Uint8Array
}> {
  const signer = testSigner(name)
  const token = randomBytes(32)
  const label = randomBytes(16)
  unwrap(await client.register(relay.host, signer, { certificate: CERTIFICATE }, null))
  const add = [{ hash: tokenHash(token), label, uses: null, expiresAtMs: null }]
  unwrap(await client.putTokens(relay.host, signer, { add, revoke: [] }))
  return { signer, token, label }
}
