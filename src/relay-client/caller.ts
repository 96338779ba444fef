import { hmacSha256 } from '#crypto/hkdf.ts'
import type { Clock, NetworkError, Random, RelayHost, RequestSigner } from '#core/ports.ts'
import { SessionAnswer } from '#protocol/relay-api.ts'
import { decodeBase64Url, encodeBase64Url, encodeUtf8 } from '#shared/bytes.ts'
import { failure, NETWORK_ERRORS, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { answerParser, type Http, type HttpAnswer, type HttpRequest, type Method } from './http.ts'
import type { RelayOrigin } from './relay-origin.ts'
import { signRequest, type RequestKey } from './request-signing.ts'

/** Who makes a call: nobody in particular, the account by its key, or the device by its session. */
type CallAuth =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'account'; readonly signer: RequestSigner }
  | { readonly kind: 'device'; readonly signer: RequestSigner }

export interface Call<T, Code extends ErrorCode> {
  readonly method: Method
  readonly path: string
  readonly auth: CallAuth
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly bytes?: Uint8Array
  /** The body of a success is not JSON. */
  readonly wantsBytes?: boolean
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** @returns `null` where the answer is not what it should be. */
  readonly parse: (body: unknown, headers: HttpAnswer['headers']) => T | null
  /** The relay's codes that the caller knows, beside those of the network. */
  readonly codes: readonly Code[]
  /** Codes that mean another one here. */
  readonly translate?: Readonly<Partial<Record<ErrorCode, Code | NetworkError>>>
}

export type CallResult<T, Code extends ErrorCode> = Promise<Result<T, Failure<Code | NetworkError>>>

interface OpenSession {
  readonly key: RequestKey
  readonly expiresAtMs: number
}

const NETWORK_CODES: readonly ErrorCode[] = [
  ...NETWORK_ERRORS,
  'INTERNAL',
  'INVALID_INPUT',
] satisfies NetworkError[]
/** A session is renewed this long before it ends. */
const SESSION_MARGIN_MS = 60_000

const parseSession = answerParser(SessionAnswer)

/** For answers without content. */
export const parseNothing = (): true => true

/** Makes calls to relays: signs them, opens sessions as needed, and checks what comes back. */
export class Caller {
  readonly #http: Http
  readonly #clock: Clock
  readonly #random: Random
  readonly #sessions = new Map<string, OpenSession>()
  /** How far the clocks of relays are ahead of ours, where that is too far for signatures. */
  readonly #aheadMs = new Map<RelayHost, number>()

  constructor(http: Http, clock: Clock, random: Random) {
    this.#http = http
    this.#clock = clock
    this.#random = random
  }

  async call<T, Code extends ErrorCode = never>(
    host: RelayHost,
    call: Call<T, Code>,
  ): CallResult<T, Code> {
    const origin = await this.#http.origin(host)
    if (!origin.ok) return origin
    const answer = await this.#send(host, origin.value, call)
    if (!answer.ok) return err(known(answer.error, call))
    const value = call.parse(answer.value.body, answer.value.headers)
    return value === null ? err(failure('RELAY_BAD_ANSWER')) : ok(value)
  }

  /** The header fields for a request that is not made by {@link call}: the stream's. */
  async deviceHeaders(
    host: RelayHost,
    origin: RelayOrigin,
    signer: RequestSigner,
    path: string,
  ): Promise<Result<Record<string, string>, Failure>> {
    const key = await this.#deviceKey(host, origin, signer)
    if (!key.ok) return key
    const signed = { method: 'GET', url: `${origin.url}${path}` }
    return ok(signRequest(key.value, signed, this.#clockOf(host), this.#random))
  }

  forgetSession(host: RelayHost, signer: RequestSigner): void {
    this.#sessions.delete(sessionName(host, signer))
  }

  /**
   * Takes note of the time in a relay's CLOCK_SKEW. From then on requests to it, and to nobody else, are signed with
   * that time: it can only be used at the relay that has named it.
   * @returns false where it does not say the time.
   */
  learnTime(host: RelayHost, { code, serverTimeMs }: Failure): boolean {
    if (code !== 'CLOCK_SKEW' || serverTimeMs === undefined) return false
    this.#aheadMs.set(host, serverTimeMs - this.#clock.nowMs())
    return true
  }

  #clockOf(host: RelayHost): Pick<Clock, 'nowMs'> {
    const aheadMs = this.#aheadMs.get(host) ?? 0
    return { nowMs: () => this.#clock.nowMs() + aheadMs }
  }

  async #send<T, Code extends ErrorCode>(
    host: RelayHost,
    origin: RelayOrigin,
    call: Call<T, Code>,
  ): ReturnType<Http['send']> {
    const { auth } = call
    if (auth.kind === 'anonymous') return this.#http.send(host, origin, request(call, {}))
    if (auth.kind === 'account') return this.#asAccount(host, origin, call, auth.signer)
    const key = await this.#deviceKey(host, origin, auth.signer)
    if (!key.ok) return key
    const answer = await this.#signed(host, origin, call, key.value)
    if (answer.ok || answer.error.code !== 'UNAUTHORIZED') return answer
    // The relay may have a new secret, or another idea of the time: once more with a new session.
    this.forgetSession(host, auth.signer)
    const renewed = await this.#deviceKey(host, origin, auth.signer)
    return renewed.ok ? this.#signed(host, origin, call, renewed.value) : renewed
  }

  /**
   * Signs with the account's key. A relay says no more than that it does not accept the signature; whether the account
   * is still there is asked of its directory.
   */
  async #asAccount<T, Code extends ErrorCode>(
    host: RelayHost,
    origin: RelayOrigin,
    call: Call<T, Code>,
    signer: RequestSigner,
  ): ReturnType<Http['send']> {
    const answer = await this.#signed(host, origin, call, accountKey(signer))
    if (answer.ok || answer.error.code !== 'UNAUTHORIZED') return answer
    const path = `/v1/accounts/${signer.name}`
    const lookup = await this.#http.send(host, origin, { method: 'GET', path })
    return !lookup.ok && lookup.error.code === 'ACCOUNT_UNKNOWN' ? lookup : answer
  }

  async #signed<T, Code extends ErrorCode>(
    host: RelayHost,
    origin: RelayOrigin,
    call: Call<T, Code>,
    key: RequestKey,
  ): ReturnType<Http['send']> {
    const { method, path } = call
    const body = bodyOf(call)
    const signed = { method, url: `${origin.url}${path}`, ...(body && { body }) }
    const send = () => {
      const headers = signRequest(key, signed, this.#clockOf(host), this.#random)
      return this.#http.send(host, origin, request(call, headers))
    }
    const answer = await send()
    return !answer.ok && this.learnTime(host, answer.error) ? send() : answer
  }

  async #deviceKey(
    host: RelayHost,
    origin: RelayOrigin,
    signer: RequestSigner,
  ): Promise<Result<RequestKey, Failure>> {
    const name = sessionName(host, signer)
    const open = this.#sessions.get(name)
    if (open !== undefined && open.expiresAtMs > this.#clock.nowMs()) return ok(open.key)
    const call = {
      method: 'POST' as const,
      path: '/v1/sessions',
      auth: { kind: 'account' as const, signer },
      json: { deviceId: signer.deviceId },
      parse: parseSession,
      codes: [],
    }
    const answer = await this.#asAccount(host, origin, call, signer)
    if (!answer.ok) return answer
    const session = parseSession(answer.value.body)
    const key = session && decodeBase64Url(session.key)
    if (session === null || key === null) return err(failure('RELAY_BAD_ANSWER'))
    const requestKey: RequestKey = {
      id: session.id,
      algorithm: 'hmac-sha256',
      sign: (base) => hmacSha256(key, base),
    }
    const expiresAtMs =
      this.#clock.nowMs() + Math.max(session.lifetimeMs - SESSION_MARGIN_MS, session.lifetimeMs / 2)
    this.#sessions.set(name, { key: requestKey, expiresAtMs })
    return ok(requestKey)
  }
}

function accountKey(signer: RequestSigner): RequestKey {
  return {
    id: signer.name,
    algorithm: 'ecdsa-p256-sha256',
    sign: (base) => signer.sign(base),
  }
}

function sessionName(host: RelayHost, { name, deviceId, signingKey }: RequestSigner): string {
  return `${host} ${name} ${deviceId} ${encodeBase64Url(signingKey)}`
}

function bodyOf(call: Call<unknown, ErrorCode>): Uint8Array | undefined {
  return call.json === undefined ? call.bytes : encodeUtf8(JSON.stringify(call.json))
}

function request(
  call: Call<unknown, ErrorCode>,
  signature: Readonly<Record<string, string>>,
): HttpRequest {
  const body = bodyOf(call)
  const type = call.json === undefined ? 'application/octet-stream' : 'application/json'
  return {
    method: call.method,
    path: call.path,
    headers: { ...(body && { 'content-type': type }), ...call.headers, ...signature },
    ...(body && { body }),
    ...(call.wantsBytes && { wantsBytes: true }),
    ...(call.timeoutMs !== undefined && { timeoutMs: call.timeoutMs }),
    ...(call.signal && { signal: call.signal }),
  }
}

/** Narrows a failure to the codes that the caller declares. */
function known<T, Code extends ErrorCode>(
  failed: Failure,
  call: Call<T, Code>,
): Failure<Code | NetworkError> {
  const code = call.translate?.[failed.code] ?? failed.code
  const declared = NETWORK_CODES.includes(code) || call.codes.some((one) => one === code)
  return declared
    ? { ...failed, code: code as Code | NetworkError }
    : failure('RELAY_BAD_ANSWER', { cause: failed })
}
