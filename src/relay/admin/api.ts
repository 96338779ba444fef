import Type, { type Static } from 'typebox'
import { MAX_INVITE_USES } from '../invite-code.ts'

// What `relay admin` and a running relay say to each other over the local socket.

const strict = { additionalProperties: false } as const
const count = () => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const quota = () => Type.Union([Type.Integer({ minimum: 0, maximum: 1e12 }), Type.Null()])
/** PostgreSQL has no text with a NUL. */
const name = () => Type.String({ minLength: 1, maxLength: 64, pattern: '^[^\\u0000]*$' })
const time = () => count()
const timeOrNull = () => Type.Union([time(), Type.Null()])

export const MAX_PAGE = 1_000
const limit = () => Type.String({ pattern: '^(1000|[1-9][0-9]{0,2})$' })

export const NameParams = Type.Object({ name: name() }, strict)

export const StatisticsAnswer = Type.Object(
  {
    version: Type.String(),
    uptimeMs: count(),
    streams: count(),
    accounts: count(),
    devices: count(),
    blockedAccounts: count(),
    waiting: count(),
    waitingBytes: count(),
    inviteUsesLeft: count(),
    databaseBytes: count(),
    registrations: Type.Array(Type.Object({ day: Type.String(), accounts: count() }, strict)),
    restoredAtMs: timeOrNull(),
  },
  strict,
)
export type StatisticsAnswer = Static<typeof StatisticsAnswer>

const InviteId = () => Type.String({ pattern: '^[0-9a-f]{12}$' })
export const InviteParams = Type.Object({ id: InviteId() }, strict)
export const InvitesQuery = Type.Object(
  { after: Type.Optional(InviteId()), limit: Type.Optional(limit()) },
  strict,
)
const Invite = Type.Object({ id: InviteId(), usesLeft: count(), expiresAtMs: time() }, strict)
export const InvitesAnswer = Type.Object({ invites: Type.Array(Invite) }, strict)
export const InviteRequest = Type.Object(
  { uses: Type.Integer({ minimum: 1, maximum: MAX_INVITE_USES }), expiresAtMs: time() },
  strict,
)
export const InviteAnswer = Type.Object(
  { id: InviteId(), code: Type.String(), uses: count(), expiresAtMs: time() },
  strict,
)

export const AccountsQuery = Type.Object(
  {
    prefix: Type.Optional(name()),
    after: Type.Optional(name()),
    limit: Type.Optional(limit()),
  },
  strict,
)
const Account = Type.Object(
  {
    name: Type.String(),
    createdAtMs: time(),
    devices: count(),
    waiting: count(),
    waitingBytes: count(),
    blockedAtMs: timeOrNull(),
  },
  strict,
)
export const AccountsAnswer = Type.Object({ accounts: Type.Array(Account) }, strict)

export const QuotasRequest = Type.Object(
  { mailboxEnvelopes: quota(), mailboxBytes: quota(), tokens: quota() },
  strict,
)
export type QuotasRequest = Static<typeof QuotasRequest>
export const AccountAnswer = Type.Object(
  {
    name: Type.String(),
    createdAtMs: time(),
    blockedAtMs: timeOrNull(),
    quotas: QuotasRequest,
    tokens: count(),
    devices: Type.Array(
      Type.Object(
        {
          id: count(),
          seenAtMs: time(),
          connected: Type.Boolean(),
          waiting: count(),
          waitingBytes: count(),
          oneTimePrekeys: count(),
          kemOneTimePrekeys: count(),
        },
        strict,
      ),
    ),
  },
  strict,
)
export type AccountAnswer = Static<typeof AccountAnswer>
export const BlockRequest = Type.Object({ blocked: Type.Boolean() }, strict)

export const NamesQuery = Type.Object(
  { after: Type.Optional(name()), limit: Type.Optional(limit()) },
  strict,
)
export const NamesAnswer = Type.Object({ names: Type.Array(Type.String()) }, strict)
