import type { FastifyRequest } from 'fastify'
import { hmacSha256 } from '#crypto/hkdf.ts'
import {
  randomBytes,
  sha256,
  SigningKeyPair,
  timingSafeEqual,
  verifyRawEvenly,
  type SigningPublicKey,
} from '#crypto/primitives.ts'
import { decodeSigningPublicKey } from '#crypto/public-keys.ts'
import {
  contentDigest,
  isContentDigest,
  parseSignature,
  parseSignatureInput,
  SIGNATURE_LIFETIME_SECONDS,
  signatureBase,
  type SignatureAlgorithm,
  type SignatureParams,
} from '#protocol/http-signature.ts'
import { encodeUtf8 } from '#shared/bytes.ts'
import { failure } from '#shared/errors.ts'
import type { BlockList } from './block-list.ts'
import { requesterKey, type RateLimits } from './rate-limits.ts'
import { ReplayGuard } from './replay-guard.ts'
import { refuse, RequestError } from './request-error.ts'
import type { DeviceSession, Sessions } from './sessions.ts'
import { StorageFullError, type AccountRecord, type RelayStorage } from './storage.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it arrived; `null` where there is none. */
    rawBody: Uint8Array | null
  }
}

/** A clock may be this far off. */
const MAX_SKEW_SECONDS = 60
/** Nonces are kept for longer than their signatures are good, lest a clock that jumps ahead and back brings them back. */
const CLOCK_JUMP_MS = 2 * 60 * 60_000
/** From the first time a signature can be accepted to the last. */
const SIGNATURE_WINDOW_MS = (SIGNATURE_LIFETIME_SECONDS + 2 * MAX_SKEW_SECONDS) * 1_000

const SESSION_KEY_BYTES = 32
const NO_BODY = new Uint8Array(0)

interface ReceivedSignature {
  readonly params: SignatureParams
  readonly base: Uint8Array
  readonly signature: Uint8Array
}

interface Dependencies {
  readonly storage: RelayStorage
  readonly sessions: Sessions
  readonly rates: RateLimits
  readonly blocks: BlockList
  readonly publicUrl: string | null
  readonly nowMs: () => number
}

/** Tells who signed a request (RELAY-API §3). Every failure ends the request with its code. */
export class Authenticator {
  readonly #parts: Dependencies
  readonly #nobodysKey = SigningKeyPair.generate(randomBytes).publicKey
  readonly #nobodysSecret = randomBytes(SESSION_KEY_BYTES)
  readonly #replays = new ReplayGuard(SIGNATURE_WINDOW_MS)

  constructor(parts: Dependencies) {
    this.#parts = parts
  }

  /**
   * The account whose key signed the request. A name without an account gets the same answer as a wrong signature, by
   * the same work: its signature is checked with a key that nobody has.
   */
  async account(request: FastifyRequest): Promise<AccountRecord> {
    const received = this.#receive(request, 'ecdsa-p256-sha256')
    const { storage } = this.#parts
    const name = received.params.keyId
    const signer = await storage.findSigner(name)
    const signingKey = decodeSigningPublicKey(signer?.signingKey ?? this.#nobodysKey)
    if (!signingKey.ok) throw new TypeError('a stored signing key is not valid')
    await this.#checkKey(received, signingKey.value)
    const account = await storage.findAccount(name)
    // Nobody's key signs nothing; and the name may have gone to somebody else since.
    if (signer === null || account?.id !== signer.id) throw refuse('UNAUTHORIZED')
    this.#parts.rates.take('account', String(account.id))
    // After the signature: only the account itself learns it.
    if (this.#parts.blocks.has(account.id)) throw refuse('ACCOUNT_BLOCKED')
    return account
  }

  /** Checks that the request is signed by the given key, for the given name: how an account proves its key at first. */
  async possession(
    request: FastifyRequest,
    name: string,
    signingKey: SigningPublicKey,
  ): Promise<void> {
    const received = this.#receive(request, 'ecdsa-p256-sha256')
    if (received.params.keyId !== name) throw refuse('UNAUTHORIZED')
    await this.#checkKey(received, signingKey)
  }

  /** The device whose session signed the request. */
  device(request: FastifyRequest): DeviceSession {
    return this.#deviceOf(request)
  }

  /**
   * The same for a request whose body has not been read yet.
   * @returns also the digest that was signed: a body with another one is not the device's.
   */
  deviceBeforeBody(request: FastifyRequest): {
    readonly session: DeviceSession
    readonly digest: string
  } {
    const digest = request.headers['content-digest']
    if (typeof digest !== 'string' || !isContentDigest(digest)) throw refuse('UNAUTHORIZED')
    return { session: this.#deviceOf(request, digest), digest }
  }

  #deviceOf(request: FastifyRequest, digest?: string): DeviceSession {
    const received = this.#receive(request, 'hmac-sha256', digest)
    const nowMs = this.#parts.nowMs()
    const session = this.#parts.sessions.find(received.params.keyId, nowMs)
    // The same work for an id that is none as for a wrong signature.
    const expected = hmacSha256(session?.key ?? this.#nobodysSecret, received.base)
    const isRight = timingSafeEqual(expected, received.signature)
    if (session === null || !isRight) throw refuse('UNAUTHORIZED')
    // Kept in memory alone: after a restart a replay would find nothing to change, these requests are idempotent.
    if (!this.#isFresh(`${session.id} ${received.params.nonce}`)) throw refuse('REPLAYED')
    this.#parts.rates.take('device', String(session.mailbox))
    if (this.#parts.blocks.has(session.account)) throw refuse('ACCOUNT_BLOCKED')
    return session
  }

  #receive(
    request: FastifyRequest,
    algorithm: SignatureAlgorithm,
    signedDigest?: string,
  ): ReceivedSignature {
    this.#parts.rates.take('signed', requesterKey(request.ip))
    const { headers } = request
    const params = parseSignatureInput(headers['signature-input'])
    const signature = parseSignature(headers['signature'])
    if (params === null || signature === null || params.algorithm !== algorithm) {
      throw refuse('UNAUTHORIZED')
    }
    this.#checkTime(params)
    const digest = signedDigest ?? contentDigest(sha256(request.rawBody ?? NO_BODY))
    if (headers['content-digest'] !== digest) throw refuse('UNAUTHORIZED')
    const origin = this.#parts.publicUrl ?? `${request.protocol}://${request.host}`
    const targetUri = `${origin}${request.raw.url ?? ''}`
    const base = signatureBase({ method: request.method, targetUri, contentDigest: digest }, params)
    return { params, base, signature: Buffer.from(signature, 'base64') }
  }

  #checkTime({ createdSeconds, expiresSeconds }: SignatureParams): void {
    const lifetime = expiresSeconds - createdSeconds
    if (lifetime < 0 || lifetime > SIGNATURE_LIFETIME_SECONDS) throw refuse('UNAUTHORIZED')
    const nowSeconds = this.#parts.nowMs() / 1_000
    if (
      createdSeconds > nowSeconds + MAX_SKEW_SECONDS ||
      expiresSeconds < nowSeconds - MAX_SKEW_SECONDS
    ) {
      throw refuse('CLOCK_SKEW')
    }
  }

  /**
   * The nonces used since the backup are forgotten: what may have been signed before the restore, by a clock that is
   * off as far as is allowed, could be a replay. Whoever is honest signs anew a minute later.
   */
  #refuseFromBeforeRestore(createdSeconds: number): void {
    const { restoredAtMs } = this.#parts.storage
    if (restoredAtMs === null) return
    const acceptedFromMs = restoredAtMs + MAX_SKEW_SECONDS * 1_000
    if (createdSeconds * 1_000 >= acceptedFromMs) return
    const retryAfterMs = Math.max(1_000, acceptedFromMs + 1_000 - this.#parts.nowMs())
    throw new RequestError(failure('OVERLOADED', { retryAfterMs }))
  }

  async #checkKey(received: ReceivedSignature, signingKey: SigningPublicKey): Promise<void> {
    if (!verifyRawEvenly(signingKey, received.base, received.signature))
      throw refuse('UNAUTHORIZED')
    const { keyId, nonce, createdSeconds, expiresSeconds } = received.params
    this.#refuseFromBeforeRestore(createdSeconds)
    const key = `${keyId} ${nonce}`
    if (!this.#isFresh(key)) throw refuse('REPLAYED')
    const keptUntilMs = (expiresSeconds + MAX_SKEW_SECONDS) * 1_000 + CLOCK_JUMP_MS
    const isNew = await this.#parts.storage
      .useNonce(sha256(encodeUtf8(key)), keptUntilMs)
      .catch((cause: unknown) => {
        // What is in memory must do: devices can still fetch what waits for them, which makes room.
        if (cause instanceof StorageFullError) return true
        throw cause
      })
    if (!isNew) throw refuse('REPLAYED')
  }

  /** By a clock that never jumps. */
  #isFresh(key: string): boolean {
    return this.#replays.use(key, performance.now())
  }
}
