import type { RequestSigner } from '#core/ports.ts'
import { createDeviceList, listDevice } from '#crypto/device-list.ts'
import { encodePublicJwk } from '#crypto/jwk.ts'
import { decodePoint } from '#crypto/points.ts'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { encodeBatch } from '#protocol/relay-batch.ts'
import { prekeysJson } from '#relay-client/bundles.ts'
import type { RequestKey } from '#relay-client/request-signing.ts'
import type { RelayErrorCode } from '#relay/request-error.ts'
import { encodeBase64Url, encodeUtf8 } from '#shared/bytes.ts'
import { beginUpload, openSession, PART, sendPart, TUS } from '../unit/relay/blobs-harness.ts'
import {
  call,
  CERTIFICATE,
  testClient,
  testPrekeys,
  testSigner,
  unwrap,
  type TestRelay,
} from '../unit/relay/harness.ts'
import type { RawRequest } from './raw-http.ts'
import type { RelayUnderTest } from './relay-under-test.ts'

// For every route a request as it should be, and for every code one that must be answered with it: what fuzzing bends.

export interface PlannedRequest extends RawRequest {
  /** `null` where nobody signs. */
  readonly key: RequestKey | null
  /** How far off the clock is that signs. */
  readonly shiftMs?: number
  /** Sent so many times: the last answer counts. */
  readonly times?: number
}

type Maker = () => Promise<PlannedRequest>
interface Newcomer {
  readonly name: string
  readonly signer: RequestSigner
  readonly key: RequestKey
}

const BYTES = ['content-type', 'application/octet-stream'] as const
const JSON_TYPE = ['content-type', 'application/json'] as const
const NO_BODY = new Uint8Array(0)
const BLOB_BYTES = 70_000
/** Of the configuration of the relay. */
const ACCOUNT_BLOB_BYTES = 200 * 1024 * 1024
const MAILBOX_KNOCKS = 3
const AN_HOUR_MS = 3_600_000

const random = (length: number): string => encodeBase64Url(randomBytes(length))
const tus = Object.entries(TUS)

function accountKey(signer: RequestSigner): RequestKey {
  return {
    id: signer.name,
    algorithm: 'ecdsa-p256-sha256',
    sign: (base) => signer.sign(base),
  }
}

/** Requests that a relay answers as they deserve, made anew each time. */
export class RightRequests {
  readonly #relay: RelayUnderTest
  readonly #client = testClient()
  #newcomers = 0

  constructor(relay: RelayUnderTest) {
    this.#relay = relay
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** By the routes of the relay's own description. */
  readonly routes: Readonly<Record<string, Maker>> = {
    'GET /healthz': async () => this.#get('/healthz'),
    'GET /readyz': async () => this.#get('/readyz'),
    'GET /v1/info': async () => this.#get('/v1/info'),
    'GET /v1/names/{name}': async () => this.#get('/v1/names/somebody'),
    'POST /v1/accounts': async () => this.#registration(this.#newName()),
    'GET /v1/accounts/{name}': async () => this.#get('/v1/accounts/ada'),
    'DELETE /v1/accounts/{name}': async () => {
      const { name, signer } = await this.#newcomer()
      return this.#plan('DELETE', `/v1/accounts/${name}`, { key: accountKey(signer) })
    },
    'POST /v1/sessions': async () =>
      this.#json('POST', '/v1/sessions', { deviceId: 1 }, this.#account),
    'PUT /v1/devices/{id}/prekeys': async () => {
      const { signer } = await this.#newcomer()
      const prekeys = prekeysJson(testPrekeys(1, 1, 2))
      return this.#json('PUT', '/v1/devices/1/prekeys', prekeys, accountKey(signer))
    },
    'GET /v1/devices/{id}/prekeys': async () =>
      this.#plan('GET', '/v1/devices/1/prekeys', { key: this.#session }),
    'POST /v1/accounts/{name}/bundles': async () =>
      this.#plan('POST', '/v1/accounts/ada/bundles', {
        headers: [['idempotency-key', random(16)]],
      }),
    'PUT /v1/tokens': async () => {
      const add = [{ hash: random(32), label: random(16), uses: 3, expiresAtMs: 10 ** 13 }]
      return this.#json('PUT', '/v1/tokens', { add, revoke: [random(32)] }, this.#session)
    },
    'PUT /v1/envelopes/{id}': async () => this.#deposit(this.#relay.token),
    'POST /v1/envelopes:batch': async () => {
      const targets = [1, 2].map((deviceId) => ({
        id: randomBytes(16),
        token: this.#relay.token,
        deviceId,
      }))
      const body = encodeBatch({ targets, body: randomBytes(40) })
      return this.#plan('POST', '/v1/envelopes:batch', { headers: [BYTES], body })
    },
    'PUT /v1/knocks/{id}': async () => this.#knock((await this.#newcomer()).name),
    'GET /v1/envelopes': async () =>
      this.#plan('GET', '/v1/envelopes?after=0&limit=10&wait=0', { key: this.#session }),
    'POST /v1/acks': async () =>
      this.#json('POST', '/v1/acks', { ids: [random(16)] }, this.#session),
    'GET /v1/log': async () => this.#get('/v1/log'),
    'GET /v1/log/consistency': async () => {
      await this.#newcomer()
      return this.#get('/v1/log/consistency?from=1&to=1')
    },
    'GET /v1/log/names/{name}': async () =>
      this.#get(`/v1/log/names/${(await this.#newcomer()).name}?after=0`),
    'POST /v1/groups/{id}/commits': async () => this.#commit(random(32), random(32)),
    'GET /v1/groups/{id}/commits': async () => {
      const [group, token] = [random(32), random(32)]
      await this.#send(this.#commit(group, token))
      return this.#plan('GET', `/v1/groups/${group}/commits`, {
        headers: [['sotto-group-token', token]],
      })
    },
    'OPTIONS /v1/blobs': async () => this.#plan('OPTIONS', '/v1/blobs', {}),
    'POST /v1/blobs': async () => this.#upload((await this.#newcomer()).key, BLOB_BYTES),
    'HEAD /v1/blobs/{id}': async () => {
      const { key } = await this.#newcomer()
      const path = await beginUpload(this.#testRelay, key, BLOB_BYTES)
      return this.#plan('HEAD', path, { headers: tus, key })
    },
    'PATCH /v1/blobs/{id}': async () => {
      const { key } = await this.#newcomer()
      const path = await beginUpload(this.#testRelay, key, BLOB_BYTES)
      const headers = Object.entries({ ...PART, 'upload-offset': '0' })
      return this.#plan('PATCH', path, { headers, body: randomBytes(BLOB_BYTES), key })
    },
    'DELETE /v1/blobs/{id}': async () => {
      const { key } = await this.#newcomer()
      const path = await beginUpload(this.#testRelay, key, BLOB_BYTES)
      return this.#plan('DELETE', path, { headers: tus, key })
    },
    'GET /v1/blobs/{id}': async () => this.#get(await this.#blob(), [['range', 'bytes=5-80']]),
  }

  /** By the codes that they are answered with. */
  readonly refusals: Readonly<Partial<Record<RelayErrorCode, Maker>>> = {
    INVALID_INPUT: async () => this.#get('/v1/envelopes?limit=0'),
    NOT_FOUND: async () => this.#get('/v1/nothing'),
    KEY_INVALID: async () => {
      const key = { kty: 'EC', crv: 'P-256', x: random(32), y: random(32) }
      return this.#registration(this.#newName(), { signingKey: key })
    },
    UNAUTHORIZED: async () =>
      this.#plan('GET', '/v1/envelopes', {
        key: { ...this.#session, sign: () => randomBytes(32) },
      }),
    FORBIDDEN: async () => {
      const group = random(32)
      await this.#send(this.#commit(group, random(32)))
      return this.#commit(group, random(32), 1)
    },
    CLOCK_SKEW: async () => ({
      ...this.#plan('GET', '/v1/envelopes', { key: this.#session }),
      shiftMs: AN_HOUR_MS,
    }),
    REPLAYED: async () => ({
      ...this.#plan('GET', '/v1/envelopes', { key: this.#session }),
      times: 2,
    }),
    ACCOUNT_UNKNOWN: async () => this.#get('/v1/accounts/nobody'),
    NAME_TAKEN: async () => this.#registration('ada'),
    NAME_INVALID: async () => this.#get('/v1/names/-'),
    NAME_LOOKS_TAKEN: async () => this.#registration('a-d-a'),
    NAME_RESERVED: async () => this.#registration('support'),
    DELIVERY_REFUSED: async () => this.#deposit(randomBytes(32)),
    MAILBOX_FULL: async () => {
      const { name } = await this.#newcomer()
      for (let count = 0; count < MAILBOX_KNOCKS; count++) await this.#send(this.#knock(name))
      return this.#knock(name)
    },
    UPLOAD_QUOTA_REACHED: async () => {
      const { key } = await this.#newcomer()
      for (let count = 0; count < 2; count++) {
        await beginUpload(this.#testRelay, key, ACCOUNT_BLOB_BYTES / 2)
      }
      return this.#upload(key, 1)
    },
    UPLOAD_VERSION: async () => this.#plan('POST', '/v1/blobs', { key: this.#session }),
    RANGE_INVALID: async () =>
      this.#get(await this.#blob(), [['range', `bytes=${BLOB_BYTES}-${BLOB_BYTES + 1}`]]),
    TOO_LARGE: async () => this.#deposit(this.#relay.token, 60_001),
    METHOD_NOT_ALLOWED: async () => this.#plan('PATCH', '/v1/info', {}),
    UNSUPPORTED_MEDIA_TYPE: async () =>
      this.#plan('POST', '/v1/acks', {
        headers: [['content-type', 'text/html']],
        body: encodeUtf8('<p>'),
      }),
    CONFLICT: async () => {
      const { key } = await this.#newcomer()
      const name = randomBytes(16)
      await beginUpload(this.#testRelay, key, BLOB_BYTES, name)
      return this.#upload(key, BLOB_BYTES + 1, name)
    },
  }

  get #testRelay(): TestRelay {
    const { url, host } = this.#relay
    return { url, host, metricsUrl: null, close: async () => undefined }
  }

  get #session(): RequestKey {
    return this.#relay.session
  }

  get #account(): RequestKey {
    return accountKey(this.#relay.signer)
  }

  #plan(
    method: string,
    target: string,
    more: {
      readonly headers?: readonly (readonly [string, string])[]
      readonly body?: Uint8Array
      readonly key?: RequestKey
    },
  ): PlannedRequest {
    return {
      method,
      target,
      headers: more.headers ?? [],
      body: more.body ?? NO_BODY,
      key: more.key ?? null,
    }
  }

  #get(target: string, headers: readonly (readonly [string, string])[] = []): PlannedRequest {
    return this.#plan('GET', target, { headers })
  }

  #json(method: string, target: string, value: unknown, key: RequestKey): PlannedRequest {
    const body = encodeUtf8(JSON.stringify(value))
    return this.#plan(method, target, { headers: [JSON_TYPE], body, key })
  }

  #newName(): string {
    // No two look alike.
    return `newcomer-${(this.#newcomers += 1).toString(2).replaceAll('0', 'z').replaceAll('1', 'y')}`
  }

  #registration(name: string, change: object = {}): PlannedRequest {
    const signer = testSigner(name)
    const point = decodePoint(signer.signingKey)
    if (point === null) throw new TypeError('the signing key is not a point')
    const device = { id: 1, certificate: encodeBase64Url(CERTIFICATE) }
    const registration = { name, signingKey: encodePublicJwk(point), device, ...change }
    return this.#json('POST', '/v1/accounts', registration, accountKey(signer))
  }

  /** An account that is in the log. */
  async #newcomer(): Promise<Newcomer> {
    const name = this.#newName()
    const keys = SigningKeyPair.generate(randomBytes)
    const deviceList = createDeviceList(keys, {
      address: `${name}@relay.example`,
      version: 1,
      createdAtMs: 1,
      devices: [listDevice(1, CERTIFICATE)],
    })
    const signer: RequestSigner = {
      name,
      deviceId: 1,
      signingKey: keys.publicKey,
      sign: (base) => keys.signRaw(base),
    }
    const device = { certificate: CERTIFICATE, deviceList }
    unwrap(await this.#client.register(this.#relay.host, signer, device, null))
    return { name, signer, key: await openSession(this.#testRelay, signer) }
  }

  #deposit(token: Uint8Array, bytes = 40): PlannedRequest {
    return this.#plan('PUT', `/v1/envelopes/${random(16)}`, {
      headers: [BYTES, ['sotto-delivery-token', encodeBase64Url(token)], ['sotto-device', '1']],
      body: randomBytes(bytes),
    })
  }

  #knock(name: string): PlannedRequest {
    return this.#plan('PUT', `/v1/knocks/${random(16)}`, {
      headers: [BYTES, ['sotto-account', name], ['sotto-device', '1']],
      body: randomBytes(40),
    })
  }

  #commit(group: string, token: string, epoch = 0): PlannedRequest {
    return this.#plan('POST', `/v1/groups/${group}/commits`, {
      headers: [
        BYTES,
        ['sotto-epoch', String(epoch)],
        ['sotto-group-token', token],
        ['sotto-next-token-hash', random(32)],
      ],
      body: randomBytes(40),
    })
  }

  #upload(key: RequestKey, length: number, name: Uint8Array = randomBytes(16)): PlannedRequest {
    const headers = {
      ...TUS,
      'idempotency-key': encodeBase64Url(name),
      'upload-length': String(length),
    }
    return this.#plan('POST', '/v1/blobs', { headers: Object.entries(headers), key })
  }

  async #blob(): Promise<string> {
    const { key } = await this.#newcomer()
    const path = await beginUpload(this.#testRelay, key, BLOB_BYTES)
    await sendPart(this.#testRelay, key, path, 0, randomBytes(BLOB_BYTES))
    return path
  }

  async #send({ method, target, headers, body }: PlannedRequest): Promise<void> {
    const init = { headers: Object.fromEntries(headers), body }
    const { status } = await call(this.#testRelay, method, target, init)
    if (status >= 300) throw new Error(`${method} ${target}: ${status}`)
  }
}
