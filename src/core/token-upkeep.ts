import * as v from 'valibot'
import { tokenHash } from '#crypto/delivery-token.ts'
import { inviteDeliveryToken } from '#crypto/invite-token.ts'
import { encodeHex } from '#shared/bytes.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { hostOf } from '#protocol/address.ts'
import { freshToken } from './contact-creation.ts'
import type { Context } from './context.ts'
import type { Contact, Invite } from './model.ts'
import { enqueue } from './outbox.ts'
import type { TokenRegistration } from './ports.ts'

/** Deposits that one invite is good for: the first messages, until the contact has a token of its own. */
export const INVITE_USES = 64
const TOKENS_AT_ONCE = 100
const REVOCATIONS = 'tokens.revocations'
/** Revocations that the relay has confirmed, to be repeated where it forgets them. */
const REVOKED = 'tokens.revoked'
const REVOKED_KEPT_MS = 30 * 86_400_000
const REVOKED_KEPT = 1_000
const LAST_FULL_MS = 'tokens.lastFullMs'
/** All tokens are told to the relay again after this time: it may have been restored from a backup unnoticed. */
export const ALL_TOKENS_EVERY_MS = 24 * 3_600_000
/** After which a token is told to the relay that takes the place of one it did not take. */
export const REPLACED_AGAIN_MS = 60_000

/** Whether a contact may write to us, so that the relay has to know its token. */
function mayWrite(contact: Contact): boolean {
  return contact.relation === 'accepted' || contact.relation === 'request-out'
}

/**
 * Makes our relay know the tokens of invites and contacts, withdraws those of blocked ones, and puts each new token on
 * its way to its contact. Everything is repeated until the relay has confirmed it; once a day, and where the relay has
 * begun a new era, it is told everything again.
 */
export async function keepTokens(
  context: Context,
): Promise<Result<{ readonly granted: number; readonly replaced: boolean }, Failure<ErrorCode>>> {
  const { store } = context
  const now = context.clock.nowMs()
  const isFull = isFullDue(context, now)
  const atOnce = isFull ? Infinity : TOKENS_AT_ONCE
  const contacts = store.contacts
    .list()
    .filter((contact) => mayWrite(contact) && (isFull || !contact.inboundTokenRegistered))
    .slice(0, atOnce)
  const invites = store.invites
    .list()
    .filter((invite) => (isFull || !invite.registered) && invite.expiresAtMs > now)
    .slice(0, atOnce)
  const waiting = readRevocations(context)
  const revoke = isFull ? [...waiting, ...revokedEarlier(context, now)] : waiting
  let replaced = false
  if (contacts.length + invites.length + revoke.length > 0) {
    const add = [...contacts.map(contactToken), ...invites.map(inviteToken)]
    const told = await tellRelay(context, add, revoke)
    if (!told.ok) return told
    const taken = new Set(told.value.map(({ label }) => encodeHex(label)))
    replaced = taken.size > 0
    context.commit(() => {
      for (const { id, inboundToken, inboundLabel } of contacts) {
        const current = store.contacts.get(id)
        // Unless it was replaced meanwhile.
        if (current && Buffer.compare(current.inboundToken, inboundToken) === 0) {
          const isTaken = taken.has(encodeHex(inboundLabel))
          const change = isTaken ? freshToken(context) : { inboundTokenRegistered: true }
          store.contacts.update(id, change)
        }
      }
      for (const { label } of invites) {
        if (taken.has(encodeHex(label))) store.invites.remove(label)
        // Unless it was withdrawn meanwhile.
        else if (store.invites.byLabel(label)) store.invites.update(label, { registered: true })
      }
      moveRevocations(context, waiting)
    })
  }
  if (isFull) store.settings.set(LAST_FULL_MS, now)
  return ok({ granted: grantTokens(context), replaced })
}

/**
 * Tells our relay of tokens. Whoever has a token or a link can have made its hash their own there, where it was unknown
 * for a while; that must not keep the others out.
 * @returns Those that another account has.
 */
async function tellRelay(
  context: Context,
  add: readonly TokenRegistration[],
  revoke: readonly Uint8Array[],
): Promise<Result<readonly TokenRegistration[], Failure<ErrorCode>>> {
  const host = hostOf(context.account().address)
  const put = await context.relay.putTokens(host, context.signer(), { add, revoke })
  if (put.ok) return ok([])
  if (put.error.code !== 'CONFLICT') return put
  // It is about those to add alone.
  if (add.length === 0) return err(failure('INVALID_INPUT'))
  const half = Math.floor(add.length / 2)
  const first = await tellRelay(context, add.slice(0, half), revoke)
  if (!first.ok || half === 0) return first.ok ? ok(add) : first
  const second = await tellRelay(context, add.slice(half), [])
  return second.ok ? ok([...first.value, ...second.value]) : second
}

/** Puts tokens that the relay knows on their way to those who have not been told theirs. */
function grantTokens(context: Context): number {
  return context.commit(() => {
    const waiting = context.store.contacts
      .list()
      .filter(
        (contact) =>
          mayWrite(contact) && contact.inboundTokenRegistered && !contact.inboundTokenGranted,
      )
    for (const contact of waiting) {
      // `sealItem` adds the token and our profile; empty content just carries them.
      if (!isGrantWaiting(context, contact)) {
        enqueue(context, contact, { sentAtMs: context.clock.nowMs() })
      }
    }
    return waiting.length
  })
}

function isGrantWaiting(context: Context, contact: Contact): boolean {
  const next = context.store.outbox.next(contact.id)
  return next !== null && next.envelope === null
}

function contactToken(contact: Contact): TokenRegistration {
  return {
    hash: tokenHash(contact.inboundToken),
    label: contact.inboundLabel,
    uses: null,
    expiresAtMs: null,
  }
}

function inviteToken(invite: Invite): TokenRegistration {
  return {
    hash: tokenHash(inviteDeliveryToken(invite.token)),
    label: invite.label,
    uses: INVITE_USES,
    expiresAtMs: invite.expiresAtMs,
  }
}

/** Has the relay forget a token, as soon as it can be told. */
export function revokeToken(context: Context, token: Uint8Array): void {
  const hashes = [...readRevocations(context), tokenHash(token)]
  context.store.settings.set(REVOCATIONS, hashes.map(encodeHex))
}

function readRevocations(context: Context): Uint8Array[] {
  const stored = context.store.settings.get(REVOCATIONS)
  if (!Array.isArray(stored)) return []
  return stored
    .filter((hash): hash is string => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash))
    .map((hash) => Uint8Array.from(Buffer.from(hash, 'hex')))
}

/** The relay may have forgotten what it was told: with the next upkeep it is told everything. */
export function tellAllTokensAgain(context: Context): void {
  context.store.settings.set(LAST_FULL_MS, null)
}

function isFullDue(context: Context, nowMs: number): boolean {
  const lastMs = context.store.settings.get(LAST_FULL_MS)
  return typeof lastMs !== 'number' || Math.abs(nowMs - lastMs) >= ALL_TOKENS_EVERY_MS
}

const Revoked = v.array(v.object({ hash: v.pipe(v.string(), v.hexadecimal()), atMs: v.number() }))

function readRevoked(context: Context, nowMs: number): v.InferOutput<typeof Revoked> {
  const stored = v.safeParse(Revoked, context.store.settings.get(REVOKED))
  if (!stored.success) return []
  return stored.output.filter(({ atMs }) => nowMs - atMs < REVOKED_KEPT_MS).slice(-REVOKED_KEPT)
}

/** Tokens of blocked contacts, and what was revoked not long ago. */
function revokedEarlier(context: Context, nowMs: number): Uint8Array[] {
  const blocked = context.store.contacts.list().filter(({ relation }) => relation === 'blocked')
  return [
    ...blocked.map(({ inboundToken }) => tokenHash(inboundToken)),
    ...readRevoked(context, nowMs).map(({ hash }) => Uint8Array.from(Buffer.from(hash, 'hex'))),
  ]
}

/** From those that the relay has to be told to those that it has confirmed. */
function moveRevocations(context: Context, done: readonly Uint8Array[]): void {
  if (done.length === 0) return
  const atMs = context.clock.nowMs()
  const doneHex = new Set(done.map(encodeHex))
  const revoked = [...readRevoked(context, atMs), ...[...doneHex].map((hash) => ({ hash, atMs }))]
  context.store.settings.set(REVOKED, revoked.slice(-REVOKED_KEPT))
  const left = readRevocations(context)
    .map(encodeHex)
    .filter((hash) => !doneHex.has(hash))
  context.store.settings.set(REVOCATIONS, left)
}
