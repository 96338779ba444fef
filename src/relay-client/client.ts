import { encodePublicJwk } from '#crypto/jwk.ts'
import { decodePoint } from '#crypto/points.ts'
import type {
  Clock,
  PrekeysLeft,
  ProxySetting,
  PublishedPrekeys,
  Random,
  Relay,
  RelayBundles,
  RelayHost,
  RelayIdentity,
  RelayInfo,
  RequestSigner,
  Subscription,
  SubscriptionHandlers,
  TokenRegistration,
} from '#core/ports.ts'
import type { KeyLogProof, SignedHead } from '#core/relay-log-ports.ts'
import type { RelayBatches, RelayBlobs, RelayGroups } from '#core/relay-ports.ts'
import { NAME_PATTERN } from '#protocol/address.ts'
import {
  DepositAnswer,
  IdentityAnswer,
  InfoAnswer,
  NameAnswer,
  PrekeysAnswer,
} from '#protocol/relay-api.ts'
import { MAX_TOKENS_PER_REQUEST, RELAY_PROTOCOL_VERSIONS } from '#protocol/relay-limits.ts'
import { decodeBase64Url, encodeBase64Url } from '#shared/bytes.ts'
import { failure } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'
import { depositBatch } from './batch-deposits.ts'
import { BlobTransfers } from './blob-transfers.ts'
import {
  parseBundles,
  parseChain,
  parseConsistency,
  parseIdentity,
  parseLogHead,
  prekeysJson,
} from './bundles.ts'
import { Caller, parseNothing, type CallResult } from './caller.ts'
import { fetchCommits, putCommit } from './group-commits.ts'
import { DepositLanes } from './deposit-lanes.ts'
import { answerParser, Http } from './http.ts'
import { mayBeInsecure, relayOrigin, type RelayOrigin } from './relay-origin.ts'
import { RelaySubscription } from './subscription.ts'
import { MAX_CLIENT_WORK_BITS, solveWork } from './work.ts'

export interface RelayClientOptions {
  readonly clock: Clock
  readonly random: Random
  readonly proxy?: ProxySetting
  /** The proxy that the platform names for a URL, in the form of a custom one; `null`: none. Absent: it never names one. */
  readonly systemProxyUrl?: (url: string) => Promise<string | null>
  /** Certificate authority (PEM) to trust instead of the system's, for tests and private relays. */
  readonly trustedCa?: string
}

const ANONYMOUS = { kind: 'anonymous' } as const
const REGISTRATION_CODES = [
  'NAME_TAKEN',
  'NAME_INVALID',
  'NAME_LOOKS_TAKEN',
  'NAME_RESERVED',
  'INVITE_CODE_REQUIRED',
  'INVITE_CODE_INVALID',
  'CONFLICT',
] as const
const MESSAGE_CODES = ['MAILBOX_FULL', 'RELAY_FULL', 'TOO_LARGE'] as const

const parseInfo = answerParser(InfoAnswer)
const parseName = answerParser(NameAnswer)
const parseRegistered = answerParser(IdentityAnswer)
const parsePrekeys = answerParser(PrekeysAnswer)
const parseDeposit = answerParser(DepositAnswer)

const noSystemProxy = () => Promise.resolve(null)

function parseProxy(url: string): URL {
  return URL.canParse(url) ? new URL(url) : new URL('invalid:')
}

/** Talks to relays over HTTP and WebSocket (RELAY-API). Believes nothing they say without checking its form. */
export class RelayClient implements Relay, RelayBatches, RelayGroups, RelayBlobs {
  readonly #clock: Clock
  readonly #random: Random
  readonly #systemProxyUrl: (url: string) => Promise<string | null>
  readonly #http: Http
  readonly #caller: Caller
  readonly #blobs: BlobTransfers
  readonly #lanes: DepositLanes
  readonly #subscriptions = new Set<RelaySubscription>()

  constructor(options: RelayClientOptions) {
    const { clock, random, proxy = { kind: 'none' }, trustedCa = null } = options
    this.#clock = clock
    this.#random = random
    this.#systemProxyUrl = options.systemProxyUrl ?? noSystemProxy
    this.#http = new Http({ proxyFor: (origin) => this.#proxyFor(proxy, origin), trustedCa })
    this.#caller = new Caller(this.#http, clock, random)
    this.#blobs = new BlobTransfers(this.#caller, clock, random)
    this.#lanes = new DepositLanes(this.#http, clock)
  }

  isPrivate(host: RelayHost): boolean {
    return mayBeInsecure(relayOrigin(host, true).hostname)
  }

  async info(host: RelayHost): CallResult<RelayInfo, never> {
    const info = await this.#fullInfo(host)
    const origin = await this.#http.origin(host)
    if (!info.ok) return info
    if (!origin.ok) return origin
    const { version, registration, serverTimeMs } = info.value
    return ok({ version, registration, secure: origin.value.secure, serverTimeMs })
  }

  async #fullInfo(host: RelayHost): CallResult<InfoAnswer, never> {
    const info = await this.#caller.call(host, {
      method: 'GET',
      path: '/v1/info',
      auth: ANONYMOUS,
      parse: parseInfo,
      codes: [],
      translate: { NOT_FOUND: 'RELAY_NOT_SOTTO' },
    })
    if (!info.ok) {
      // Whatever answers other than as a relay, isn't one.
      return info.error.code === 'RELAY_BAD_ANSWER' ? err(failure('RELAY_NOT_SOTTO')) : info
    }
    const spoken = info.value.protocolVersions.some((one) => RELAY_PROTOCOL_VERSIONS.includes(one))
    return spoken ? info : err(failure('CLIENT_TOO_OLD'))
  }

  async nameFree(
    host: RelayHost,
    name: string,
  ): CallResult<boolean, 'NAME_INVALID' | 'NAME_LOOKS_TAKEN' | 'NAME_RESERVED'> {
    if (!NAME_PATTERN.test(name)) return err(failure('NAME_INVALID'))
    const answer = await this.#caller.call(host, {
      method: 'GET',
      path: `/v1/names/${name}`,
      auth: ANONYMOUS,
      parse: parseName,
      codes: ['NAME_INVALID'],
    })
    if (!answer.ok) return answer
    const { free, code } = answer.value
    return free || code === undefined || code === 'NAME_TAKEN' ? ok(free) : err(failure(code))
  }

  async register(
    host: RelayHost,
    signer: RequestSigner,
    device: { readonly certificate: Uint8Array; readonly deviceList?: Uint8Array },
    inviteCode: string | null,
  ): CallResult<void, (typeof REGISTRATION_CODES)[number]> {
    if (!NAME_PATTERN.test(signer.name)) return err(failure('NAME_INVALID'))
    const point = decodePoint(signer.signingKey)
    if (point === null) throw new TypeError('the signing key is not a point')
    const info = await this.#fullInfo(host)
    if (!info.ok) return info
    const { bits, salt } = info.value.work
    const saltBytes = decodeBase64Url(salt)
    if (bits > MAX_CLIENT_WORK_BITS || saltBytes === null) return err(failure('RELAY_BAD_ANSWER'))
    const work = bits > 0 ? await solveWork(saltBytes, point, signer.name, bits) : undefined
    const registered = await this.#caller.call(host, {
      method: 'POST',
      path: '/v1/accounts',
      auth: { kind: 'account', signer },
      json: {
        name: signer.name,
        signingKey: encodePublicJwk(point),
        device: { id: signer.deviceId, certificate: encodeBase64Url(device.certificate) },
        ...(device.deviceList && { deviceList: encodeBase64Url(device.deviceList) }),
        ...(inviteCode !== null && { inviteCode }),
        ...(work !== undefined && { work }),
      },
      parse: parseRegistered,
      codes: REGISTRATION_CODES,
      // The relay wants other work than it said a moment ago.
      translate: { FORBIDDEN: 'OVERLOADED' },
    })
    if (!registered.ok) return registered
    // One from before, where the relay had lost the account, is for another.
    this.#caller.forgetSession(host, signer)
    return ok(undefined)
  }

  async deleteAccount(
    host: RelayHost,
    signer: RequestSigner,
  ): CallResult<void, 'UNAUTHORIZED' | 'ACCOUNT_UNKNOWN'> {
    const deleted = await this.#caller.call(host, {
      method: 'DELETE',
      path: `/v1/accounts/${signer.name}`,
      auth: { kind: 'account', signer },
      parse: parseNothing,
      codes: ['UNAUTHORIZED', 'ACCOUNT_UNKNOWN'],
    })
    this.#caller.forgetSession(host, signer)
    return deleted.ok ? ok(undefined) : deleted
  }

  publishPrekeys(
    host: RelayHost,
    signer: RequestSigner,
    prekeys: PublishedPrekeys,
  ): CallResult<PrekeysLeft, 'UNAUTHORIZED' | 'CONFLICT'> {
    return this.#caller.call(host, {
      method: 'PUT',
      path: `/v1/devices/${signer.deviceId}/prekeys`,
      auth: { kind: 'account', signer },
      json: prekeysJson(prekeys),
      parse: parsePrekeys,
      codes: ['UNAUTHORIZED', 'CONFLICT'],
      // Too many one-time keys wait at the relay: its count and ours have parted.
      translate: {
        ACCOUNT_UNKNOWN: 'UNAUTHORIZED',
        NOT_FOUND: 'UNAUTHORIZED',
        TOO_LARGE: 'CONFLICT',
      },
    })
  }

  prekeysLeft(host: RelayHost, signer: RequestSigner): CallResult<PrekeysLeft, 'UNAUTHORIZED'> {
    return this.#caller.call(host, {
      method: 'GET',
      path: `/v1/devices/${signer.deviceId}/prekeys`,
      auth: { kind: 'device', signer },
      parse: parsePrekeys,
      codes: ['UNAUTHORIZED'],
      translate: { ACCOUNT_UNKNOWN: 'UNAUTHORIZED' },
    })
  }

  async putTokens(
    host: RelayHost,
    signer: RequestSigner,
    tokens: Parameters<Relay['putTokens']>[2],
  ): CallResult<void, 'UNAUTHORIZED' | 'CONFLICT'> {
    const length = Math.max(tokens.add.length, tokens.revoke.length)
    for (let start = 0; start < length; start += MAX_TOKENS_PER_REQUEST) {
      const end = start + MAX_TOKENS_PER_REQUEST
      const put = await this.#caller.call(host, {
        method: 'PUT',
        path: '/v1/tokens',
        auth: { kind: 'device', signer },
        json: {
          add: tokens.add.slice(start, end).map(tokenJson),
          revoke: tokens.revoke.slice(start, end).map(encodeBase64Url),
        },
        parse: parseNothing,
        codes: ['UNAUTHORIZED', 'CONFLICT'],
        translate: {
          ACCOUNT_UNKNOWN: 'UNAUTHORIZED',
          TOO_LARGE: 'INVALID_INPUT',
          RELAY_FULL: 'OVERLOADED',
        },
      })
      if (!put.ok) return put
    }
    return ok(undefined)
  }

  fetchIdentity(host: RelayHost, name: string): CallResult<RelayIdentity, 'ACCOUNT_UNKNOWN'> {
    return this.#caller.call(host, {
      method: 'GET',
      path: `/v1/accounts/${name}`,
      auth: ANONYMOUS,
      parse: parseIdentity,
      codes: ['ACCOUNT_UNKNOWN'],
    })
  }

  fetchBundles(
    host: RelayHost,
    name: string,
    idempotencyKey: Uint8Array,
  ): CallResult<RelayBundles, 'ACCOUNT_UNKNOWN'> {
    return this.#caller.call(host, {
      method: 'POST',
      path: `/v1/accounts/${name}/bundles`,
      auth: ANONYMOUS,
      headers: { 'idempotency-key': encodeBase64Url(idempotencyKey) },
      parse: parseBundles,
      codes: ['ACCOUNT_UNKNOWN'],
      translate: { RELAY_FULL: 'OVERLOADED' },
    })
  }

  fetchLogHead(host: RelayHost): CallResult<SignedHead, never> {
    return this.#caller.call(host, {
      method: 'GET',
      path: '/v1/log',
      auth: ANONYMOUS,
      parse: parseLogHead,
      codes: [],
      translate: { NOT_FOUND: 'RELAY_BAD_ANSWER' },
    })
  }

  fetchConsistency(
    host: RelayHost,
    oldSize: number,
    size: number,
  ): CallResult<readonly Uint8Array[], 'NOT_FOUND'> {
    return this.#caller.call(host, {
      method: 'GET',
      path: `/v1/log/consistency?from=${oldSize}&to=${size}`,
      auth: ANONYMOUS,
      parse: parseConsistency,
      codes: ['NOT_FOUND'],
    })
  }

  fetchChain(
    host: RelayHost,
    name: string,
    { size, after }: { readonly size?: number; readonly after?: number },
  ): CallResult<KeyLogProof, 'ACCOUNT_UNKNOWN'> {
    const query = [
      ...(size === undefined ? [] : [`size=${size}`]),
      ...(after === undefined ? [] : [`after=${after}`]),
    ]
    return this.#caller.call(host, {
      method: 'GET',
      path: `/v1/log/names/${name}${query.length > 0 ? `?${query.join('&')}` : ''}`,
      auth: ANONYMOUS,
      parse: parseChain,
      codes: ['ACCOUNT_UNKNOWN'],
      translate: { NOT_FOUND: 'RELAY_BAD_ANSWER' },
    })
  }

  deposit(
    host: RelayHost,
    deposit: Parameters<Relay['deposit']>[1],
  ): CallResult<void, 'DELIVERY_REFUSED' | 'MAILBOX_FULL' | 'RELAY_FULL' | 'TOO_LARGE'> {
    const { envelopeId: id, deviceId, token, envelope: body } = deposit
    return this.#lanes.deposit(host, { token, deviceId, id, body }, () =>
      this.#requestDeposit(host, deposit),
    )
  }

  async #requestDeposit(
    host: RelayHost,
    deposit: Parameters<Relay['deposit']>[1],
  ): CallResult<void, 'DELIVERY_REFUSED' | 'MAILBOX_FULL' | 'RELAY_FULL' | 'TOO_LARGE'> {
    const deposited = await this.#caller.call(host, {
      method: 'PUT',
      path: `/v1/envelopes/${encodeBase64Url(deposit.envelopeId)}`,
      auth: ANONYMOUS,
      headers: {
        'sotto-delivery-token': encodeBase64Url(deposit.token),
        'sotto-device': String(deposit.deviceId),
      },
      bytes: deposit.envelope,
      parse: parseDeposit,
      codes: ['DELIVERY_REFUSED', ...MESSAGE_CODES],
    })
    return deposited.ok ? ok(undefined) : deposited
  }

  async knock(
    host: RelayHost,
    knock: Parameters<Relay['knock']>[1],
  ): CallResult<void, 'ACCOUNT_UNKNOWN' | 'MAILBOX_FULL' | 'RELAY_FULL' | 'TOO_LARGE'> {
    const knocked = await this.#caller.call(host, {
      method: 'PUT',
      path: `/v1/knocks/${encodeBase64Url(knock.envelopeId)}`,
      auth: ANONYMOUS,
      headers: { 'sotto-account': knock.name, 'sotto-device': String(knock.deviceId) },
      bytes: knock.envelope,
      parse: parseDeposit,
      codes: ['ACCOUNT_UNKNOWN', ...MESSAGE_CODES],
    })
    return knocked.ok ? ok(undefined) : knocked
  }

  depositBatch(
    host: RelayHost,
    batch: Parameters<RelayBatches['depositBatch']>[1],
  ): ReturnType<RelayBatches['depositBatch']> {
    return depositBatch(this.#caller, host, batch)
  }

  putCommit(
    host: RelayHost,
    commit: Parameters<RelayGroups['putCommit']>[1],
  ): ReturnType<RelayGroups['putCommit']> {
    return putCommit(this.#caller, host, commit)
  }

  fetchCommits(
    host: RelayHost,
    which: Parameters<RelayGroups['fetchCommits']>[1],
  ): ReturnType<RelayGroups['fetchCommits']> {
    return fetchCommits(this.#caller, host, which)
  }

  uploadBlob(
    host: RelayHost,
    signer: RequestSigner,
    upload: Parameters<RelayBlobs['uploadBlob']>[2],
  ): ReturnType<RelayBlobs['uploadBlob']> {
    return this.#blobs.upload(host, signer, upload)
  }

  downloadBlob(
    host: RelayHost,
    download: Parameters<RelayBlobs['downloadBlob']>[1],
  ): ReturnType<RelayBlobs['downloadBlob']> {
    return this.#blobs.download(host, download)
  }

  deleteBlob(
    host: RelayHost,
    signer: RequestSigner,
    id: Uint8Array,
  ): ReturnType<RelayBlobs['deleteBlob']> {
    return this.#blobs.delete(host, signer, id)
  }

  /**
   * The cursor is not used: everything not yet acknowledged comes again, and nothing is skipped where a relay was
   * restored from a backup and counts anew.
   */
  subscribe(
    host: RelayHost,
    signer: RequestSigner,
    _afterRelaySeq: number,
    handlers: SubscriptionHandlers,
  ): Subscription {
    const subscription = new RelaySubscription(
      {
        http: this.#http,
        caller: this.#caller,
        clock: this.#clock,
        random: this.#random,
        host,
        signer,
      },
      handlers,
      () => this.#subscriptions.delete(subscription),
    )
    this.#subscriptions.add(subscription)
    subscription.start()
    return subscription
  }

  onEra(listener: (host: RelayHost, era: string) => void): void {
    this.#http.onEra = listener
  }

  setProxy(proxy: ProxySetting): void {
    this.#http.setProxy((origin) => this.#proxyFor(proxy, origin))
    this.#lanes.closeAll()
    for (const subscription of this.#subscriptions) subscription.reconnect()
  }

  async close(): Promise<void> {
    this.#lanes.closeAll()
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()))
    await this.#http.close()
  }

  async #proxyFor(proxy: ProxySetting, { url }: RelayOrigin): Promise<URL | null> {
    if (proxy.kind === 'none') return null
    if (proxy.kind === 'custom') return parseProxy(proxy.url)
    const named = await this.#systemProxyUrl(url)
    return named === null ? null : parseProxy(named)
  }
}

function tokenJson({ hash, label, uses, expiresAtMs }: TokenRegistration) {
  return {
    hash: encodeBase64Url(hash),
    label: encodeBase64Url(label),
    ...(uses !== null && { uses }),
    ...(expiresAtMs !== null && { expiresAtMs }),
  }
}
