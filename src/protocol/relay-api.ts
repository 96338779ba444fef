import Type, { type Static } from 'typebox'
import {
  CHECKPOINT_BYTES,
  DELIVERY_TOKEN_BYTES,
  ENVELOPE_ID_BYTES,
  ERA_BYTES,
  IDEMPOTENCY_KEY_BYTES,
  KEM_PUBLIC_KEY_BYTES,
  MAX_CERTIFICATE_BYTES,
  MAX_CHAIN_ENTRIES,
  MAX_DEVICE_LIST_BYTES,
  MAX_ENVELOPE_BYTES,
  MAX_POLL_ENVELOPES,
  MAX_PREKEYS_PER_UPLOAD,
  MAX_TOKENS_PER_REQUEST,
  POINT_BYTES,
  SIGNATURE_BYTES,
  TOKEN_HASH_BYTES,
  TOKEN_LABEL_BYTES,
} from './relay-limits.ts'

// Every JSON body of the relay's HTTP contract (RELAY-API §4–§8). The relay checks requests by these schemas and
// serves them as OpenAPI; the client checks answers by them.

const BASE64URL_LENGTH_FACTOR = 4 / 3

/** Canonical base64url of exactly `length` bytes: the unused bits of the last character are zero. */
function base64UrlPattern(length: number): string {
  const whole = Math.floor(length / 3) * 4
  if (length % 3 === 1) return `^[A-Za-z0-9_-]{${whole + 1}}[AQgw]$`
  if (length % 3 === 2) return `^[A-Za-z0-9_-]{${whole + 2}}[AEIMQUYcgkosw048]$`
  return `^[A-Za-z0-9_-]{${whole}}$`
}

const bytes = (length: number) => Type.String({ pattern: base64UrlPattern(length) })
/** Its canonical form is checked when it is decoded. */
const bytesUpTo = (maxLength: number) =>
  Type.String({
    pattern: '^[A-Za-z0-9_-]+$',
    maxLength: Math.ceil(maxLength * BASE64URL_LENGTH_FACTOR),
  })
const strict = { additionalProperties: false } as const

const Uint32Id = Type.Integer({ minimum: 1, maximum: 0xffff_ffff })
const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Sequence = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
/** Any text here: a name that breaks the rules is answered with NAME_INVALID. */
const Name = Type.String({ maxLength: 64 })

const PublicJwk = Type.Object(
  { kty: Type.Literal('EC'), crv: Type.Literal('P-256'), x: bytes(32), y: bytes(32) },
  strict,
)

// ---- Service ----

export const InfoAnswer = Type.Object({
  service: Type.Literal('sotto-relay'),
  version: Type.String({ maxLength: 64 }),
  protocolVersions: Type.Array(Type.Integer({ minimum: 1 }), { maxItems: 64 }),
  registration: Type.Union([Type.Literal('open'), Type.Literal('work'), Type.Literal('invite')]),
  work: Type.Object({ bits: Type.Integer({ minimum: 0, maximum: 32 }), salt: bytes(16) }),
  limits: Type.Object({
    envelopeBytes: Type.Integer({ minimum: 1 }),
    knockBytes: Type.Integer({ minimum: 1 }),
    mailboxEnvelopes: Type.Integer({ minimum: 1 }),
    mailboxBytes: Type.Integer({ minimum: 1 }),
    retentionMs: Type.Integer({ minimum: 1 }),
  }),
  serverTimeMs: Time,
  era: bytes(ERA_BYTES),
})
export type InfoAnswer = Static<typeof InfoAnswer>

/** Every answer that is not a success. Newer relays may add members. */
export const ErrorAnswer = Type.Object({
  code: Type.String({ maxLength: 64, pattern: '^[A-Z_]+$' }),
  message: Type.String({ maxLength: 1_024 }),
  retryAfterMs: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  serverTimeMs: Type.Optional(Time),
})
export type ErrorAnswer = Static<typeof ErrorAnswer>

// ---- The log of device lists (PROTOCOL §18) ----

const Hash = bytes(32)
const Size = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Path = Type.Array(Hash, { maxItems: 54 })
const SizeText = Type.String({ pattern: '^(0|[1-9]\\d{0,14})$' })

/** The key that signs a relay's checkpoints, as a point, and the newest one. */
const signedHead = { key: bytes(POINT_BYTES), checkpoint: bytes(CHECKPOINT_BYTES) }

export const LogHeadAnswer = Type.Object(signedHead)
export type LogHeadAnswer = Static<typeof LogHeadAnswer>

export const ConsistencyQuery = Type.Object({ from: SizeText, to: SizeText }, strict)
export const ConsistencyAnswer = Type.Object({ path: Path })

export const ChainQuery = Type.Object(
  { size: Type.Optional(SizeText), after: Type.Optional(SizeText) },
  strict,
)

/** Everything that shows which device list a name has in the log. */
export const KeyProof = Type.Object({
  ...signedHead,
  size: Size,
  leaf: Type.Object({ value: Hash, mapRoot: Hash }),
  inclusion: Path,
  map: Type.Array(Hash, { maxItems: 256 }),
  before: Type.Object({ count: Size, value: Hash }),
  /** Newest last; `null` for a removal. */
  entries: Type.Array(Type.Union([Hash, Type.Null()]), {
    minItems: 1,
    maxItems: MAX_CHAIN_ENTRIES,
  }),
  deviceList: Type.Union([bytesUpTo(MAX_DEVICE_LIST_BYTES), Type.Null()]),
})
export type KeyProof = Static<typeof KeyProof>

export const ChainAnswer = Type.Object({ log: KeyProof })

// ---- Accounts ----

export const NameParams = Type.Object({ name: Name }, strict)
export const NameAnswer = Type.Object({
  free: Type.Boolean(),
  /** Why it is not. */
  code: Type.Optional(
    Type.Union([
      Type.Literal('NAME_TAKEN'),
      Type.Literal('NAME_LOOKS_TAKEN'),
      Type.Literal('NAME_RESERVED'),
    ]),
  ),
})

export const RegisterRequest = Type.Object(
  {
    name: Name,
    signingKey: PublicJwk,
    device: Type.Object({ id: Uint32Id, certificate: bytesUpTo(MAX_CERTIFICATE_BYTES) }, strict),
    deviceList: Type.Optional(bytesUpTo(MAX_DEVICE_LIST_BYTES)),
    inviteCode: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    work: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  },
  strict,
)
export type RegisterRequest = Static<typeof RegisterRequest>

export const IdentityAnswer = Type.Object({
  signingKey: PublicJwk,
  devices: Type.Array(
    Type.Object({ id: Uint32Id, certificate: bytesUpTo(MAX_CERTIFICATE_BYTES) }),
    { maxItems: 32 },
  ),
  /** Missing where the account has not given its device list yet. */
  log: Type.Optional(KeyProof),
})
export type IdentityAnswer = Static<typeof IdentityAnswer>

export const SessionRequest = Type.Object({ deviceId: Uint32Id }, strict)
export const SessionAnswer = Type.Object({
  id: Type.String({ pattern: '^[A-Za-z0-9_-]{16,128}$' }),
  key: bytes(32),
  lifetimeMs: Type.Integer({ minimum: 1_000, maximum: 86_400_000 }),
})
export type SessionAnswer = Static<typeof SessionAnswer>

// ---- Prekeys ----

const curvePrekey = { id: Uint32Id, publicKey: bytes(POINT_BYTES) }
const kemPrekey = {
  id: Uint32Id,
  publicKey: bytes(KEM_PUBLIC_KEY_BYTES),
  signature: bytes(SIGNATURE_BYTES),
}
const signedPrekey = { ...curvePrekey, signature: bytes(SIGNATURE_BYTES) }
const batch = { maxItems: MAX_PREKEYS_PER_UPLOAD }

export const DeviceParams = Type.Object({ id: Type.String({ pattern: '^[1-9]\\d{0,9}$' }) }, strict)

export const PrekeysRequest = Type.Object(
  {
    version: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    signed: Type.Object(signedPrekey, strict),
    kemLastResort: Type.Object(kemPrekey, strict),
    oneTime: Type.Array(Type.Object(curvePrekey, strict), batch),
    kemOneTime: Type.Array(Type.Object(kemPrekey, strict), batch),
  },
  strict,
)
export type PrekeysRequest = Static<typeof PrekeysRequest>

export const PrekeysAnswer = Type.Object({
  version: Type.Integer({ minimum: 0 }),
  oneTime: Type.Integer({ minimum: 0 }),
  kemOneTime: Type.Integer({ minimum: 0 }),
})
export type PrekeysAnswer = Static<typeof PrekeysAnswer>

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': bytes(IDEMPOTENCY_KEY_BYTES),
})

const Bundle = Type.Object({
  deviceId: Uint32Id,
  certificate: bytesUpTo(MAX_CERTIFICATE_BYTES),
  signedPrekey: Type.Object(signedPrekey),
  kemPrekey: Type.Object({ ...kemPrekey, lastResort: Type.Boolean() }),
  oneTimePrekey: Type.Union([Type.Object(curvePrekey), Type.Null()]),
})

export const BundlesAnswer = Type.Object({
  signingKey: PublicJwk,
  bundles: Type.Array(Bundle, { maxItems: 32 }),
  log: Type.Optional(KeyProof),
})
export type BundlesAnswer = Static<typeof BundlesAnswer>

// ---- Delivery tokens ----

export const TokensRequest = Type.Object(
  {
    add: Type.Array(
      Type.Object(
        {
          hash: bytes(TOKEN_HASH_BYTES),
          label: bytes(TOKEN_LABEL_BYTES),
          uses: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
          expiresAtMs: Type.Optional(Time),
        },
        strict,
      ),
      { maxItems: MAX_TOKENS_PER_REQUEST },
    ),
    revoke: Type.Array(bytes(TOKEN_HASH_BYTES), { maxItems: MAX_TOKENS_PER_REQUEST }),
  },
  strict,
)
export type TokensRequest = Static<typeof TokensRequest>

// ---- Envelopes ----

export const EnvelopeParams = Type.Object({ id: bytes(ENVELOPE_ID_BYTES) }, strict)
const DeviceHeader = Type.String({ pattern: '^[1-9]\\d{0,9}$' })

export const DepositHeaders = Type.Object({
  'sotto-delivery-token': bytes(DELIVERY_TOKEN_BYTES),
  'sotto-device': DeviceHeader,
})
export const KnockHeaders = Type.Object({ 'sotto-account': Name, 'sotto-device': DeviceHeader })

export const DepositAnswer = Type.Object({ stored: Type.Literal(true) })

export const PollQuery = Type.Object(
  {
    after: Type.Optional(Type.String({ pattern: '^\\d{1,15}$' })),
    limit: Type.Optional(Type.String({ pattern: '^[1-9]\\d{0,2}$' })),
    wait: Type.Optional(Type.String({ pattern: '^\\d{1,2}$' })),
  },
  strict,
)

export const EnvelopesAnswer = Type.Object({
  envelopes: Type.Array(
    Type.Object({
      sequence: Sequence,
      id: bytes(ENVELOPE_ID_BYTES),
      label: bytes(TOKEN_LABEL_BYTES),
      receivedAtMs: Time,
      body: bytesUpTo(MAX_ENVELOPE_BYTES),
    }),
    { maxItems: MAX_POLL_ENVELOPES },
  ),
  /** Nothing else waits. */
  drained: Type.Boolean(),
})
export type EnvelopesAnswer = Static<typeof EnvelopesAnswer>

export const AcksRequest = Type.Union([
  Type.Object({ through: Sequence }, strict),
  Type.Object(
    { ids: Type.Array(bytes(ENVELOPE_ID_BYTES), { minItems: 1, maxItems: MAX_POLL_ENVELOPES }) },
    strict,
  ),
])
export type AcksRequest = Static<typeof AcksRequest>

export const AcksAnswer = Type.Object({ acknowledged: Type.Integer({ minimum: 0 }) })
