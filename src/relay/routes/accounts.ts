import { decodePublicJwk, encodePublicJwk } from '#crypto/jwk.ts'
import { listDevice, verifyDeviceList } from '#crypto/device-list.ts'
import { decodePoint } from '#crypto/points.ts'
import { sha256, type SigningPublicKey } from '#crypto/primitives.ts'
import { decodeSigningPublicKey } from '#crypto/public-keys.ts'
import { NAME_PATTERN, nameOf, parseAddress } from '#protocol/address.ts'
import {
  IdentityAnswer,
  type KeyProof,
  NameParams,
  RegisterRequest,
  SessionAnswer,
  SessionRequest,
} from '#protocol/relay-api.ts'
import { MAX_CERTIFICATE_BYTES } from '#protocol/relay-limits.ts'
import { STREAM_CLOSE } from '#protocol/relay-frames.ts'
import { reservedNames } from '#protocol/look-alikes.ts'
import { hasLeadingZeroBits, setWorkNumber, workInput } from '#protocol/relay-work.ts'
import { decodeBase64Url, encodeBase64Url, equalPublicBytes } from '#shared/bytes.ts'
import type { RelayApp, RelayContext } from '../context.ts'
import { inviteCodeHash } from '../invite-code.ts'
import { requesterKey } from '../rate-limits.ts'
import { refuse } from '../request-error.ts'
import { SESSION_LIFETIME_MS } from '../sessions.ts'
import { StorageFullError, type AccountRecord, type NewDeviceList } from '../storage.ts'
import { accountNamed } from './account-named.ts'
import { workSalt } from './service.ts'

/** A stored signing key as JWK. */
export function signingJwk(account: AccountRecord): IdentityAnswer['signingKey'] {
  const point = decodePoint(account.signingKey)
  if (point === null) throw new TypeError('a stored signing key is not valid')
  return encodePublicJwk(point)
}

function identity(account: AccountRecord, log: KeyProof | null): IdentityAnswer {
  const devices = account.devices.map(({ deviceId, certificate }) => ({
    id: deviceId,
    certificate: encodeBase64Url(certificate),
  }))
  return { signingKey: signingJwk(account), devices, ...(log && { log }) }
}

function parseSigningKey(jwk: RegisterRequest['signingKey']): SigningPublicKey {
  const point = decodePublicJwk(jwk)
  const key = point.ok ? decodeSigningPublicKey(point.value) : point
  if (!key.ok) throw refuse('KEY_INVALID')
  return key.value
}

/** A device list is taken only where it is this account's, well-formed, and names the device it comes with. */
function parseDeviceList(
  { name, deviceList, device }: RegisterRequest,
  signingKey: SigningPublicKey,
  certificate: Uint8Array,
): NewDeviceList | null {
  if (deviceList === undefined) return null
  const bytes = decodeBase64Url(deviceList)
  const list = bytes && verifyDeviceList(bytes)
  if (!bytes || !list?.ok) throw refuse('INVALID_INPUT')
  const { address, version, devices } = list.value
  const parsed = parseAddress(address)
  const { certificateHash } = listDevice(device.id, certificate)
  const isListed = devices.some(
    (each) =>
      each.deviceId === device.id && equalPublicBytes(each.certificateHash, certificateHash),
  )
  const isOwn = parsed !== null && nameOf(parsed) === name && isListed
  if (!isOwn || !equalPublicBytes(list.value.signingKey, signingKey)) throw refuse('INVALID_INPUT')
  return { version, bytes, deviceIds: devices.map(({ deviceId }) => deviceId) }
}

/** Registering, looking up and deleting accounts, and opening sessions. */
export function accountRoutes(app: RelayApp, context: RelayContext): void {
  const { config, storage, keyLog, auth, blocks, rates, nowMs } = context
  const salt = workSalt(storage.secret)
  const isReserved = reservedNames(config.reservedNames)

  /** Checks what a new account must bring: an invite code or work. @returns the code's hash. */
  function admission(request: RegisterRequest, signingKey: SigningPublicKey): Uint8Array | null {
    if (config.registration === 'invite') {
      if (request.inviteCode === undefined) throw refuse('INVITE_CODE_REQUIRED')
      return inviteCodeHash(request.inviteCode)
    }
    if (config.registration === 'open') return null
    const input = workInput(salt, signingKey, request.name)
    setWorkNumber(input, request.work ?? 0)
    if (!hasLeadingZeroBits(sha256(input), config.powBits)) throw refuse('FORBIDDEN')
    return null
  }

  app.post(
    '/v1/accounts',
    {
      schema: {
        summary: 'Register an account with its first device',
        body: RegisterRequest,
        response: { 200: IdentityAnswer, 201: IdentityAnswer },
      },
    },
    async (request, reply) => {
      rates.take('registrations', requesterKey(request.ip))
      const { name, device } = request.body
      if (!NAME_PATTERN.test(name)) throw refuse('NAME_INVALID')
      const signingKey = parseSigningKey(request.body.signingKey)
      const certificate = decodeBase64Url(device.certificate)
      if (certificate === null || certificate.length > MAX_CERTIFICATE_BYTES) {
        throw refuse('INVALID_INPUT')
      }
      const deviceList = parseDeviceList(request.body, signingKey, certificate)
      await auth.possession(request, name, signingKey)
      const existing = await storage.findAccount(name)
      // Whoever has the name keeps it, whatever has become of the rules.
      const reserved = isReserved(name) || (await storage.isReserved(name))
      if (existing === null && reserved) throw refuse('NAME_RESERVED')
      const own = existing !== null && equalPublicBytes(existing.signingKey, signingKey)
      if (own) rates.take('account', String(existing.id))
      if (own && blocks.has(existing.id)) throw refuse('ACCOUNT_BLOCKED')
      const inviteHash = existing === null ? admission(request.body, signingKey) : null
      const { outcome } = await storage.register(
        { name, signingKey, deviceId: device.id, certificate, inviteHash, deviceList },
        nowMs(),
      )
      if (outcome === 'taken') throw refuse('NAME_TAKEN')
      if (outcome === 'stale') throw refuse('CONFLICT')
      if (outcome === 'too-many') throw refuse('TOO_LARGE')
      if (outcome === 'looks-taken') throw refuse('NAME_LOOKS_TAKEN')
      if (outcome === 'invite-refused') throw refuse('INVITE_CODE_INVALID')
      const account = await storage.findAccount(name)
      if (account === null) throw refuse('ACCOUNT_UNKNOWN')
      return reply
        .code(outcome === 'created' ? 201 : 200)
        .send(identity(account, await keyLog.proof(name)))
    },
  )

  app.get(
    '/v1/accounts/:name',
    {
      schema: {
        summary: "An account's signing key and devices",
        params: NameParams,
        response: { 200: IdentityAnswer },
      },
    },
    async (request) => {
      rates.take('lookups', requesterKey(request.ip))
      const account = await accountNamed(storage, request.params.name)
      return identity(account, await keyLog.proof(account.name))
    },
  )

  app.delete(
    '/v1/accounts/:name',
    { schema: { summary: 'Delete an account and all it holds', params: NameParams } },
    async (request, reply) => {
      const account = await auth.account(request)
      if (account.name !== request.params.name) throw refuse('FORBIDDEN')
      await storage.deleteAccount(account.id)
      for (const { mailbox } of account.devices) {
        context.streams.closeMailbox(mailbox, STREAM_CLOSE.accountDeleted)
        context.wakeUps.notify(mailbox)
      }
      return reply.code(204).send()
    },
  )

  app.post(
    '/v1/sessions',
    {
      schema: {
        summary: 'Open a session: a key for the requests of one device',
        body: SessionRequest,
        response: { 200: SessionAnswer },
      },
    },
    async (request) => {
      const account = await auth.account(request)
      const { deviceId } = request.body
      const device = account.devices.find((candidate) => candidate.deviceId === deviceId)
      if (device === undefined) throw refuse('ACCOUNT_UNKNOWN')
      await storage.touchDevice(device.mailbox, nowMs()).catch((cause: unknown) => {
        // It must be able to fetch what waits for it, which makes room.
        if (!(cause instanceof StorageFullError)) throw cause
      })
      const session = context.sessions.open(
        { account: account.id, mailbox: device.mailbox, deviceId },
        nowMs(),
      )
      return { id: session.id, key: encodeBase64Url(session.key), lifetimeMs: SESSION_LIFETIME_MS }
    },
  )
}
