import { tokenHash } from '#crypto/delivery-token.ts'
import { inviteDeliveryToken } from '#crypto/invite-token.ts'
import type { ErrorCode, Failure } from '#shared/errors.ts'
import { ok, type Result } from '#shared/result.ts'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import type { Contact, Invite } from './model.ts'
import { enqueue } from './outbox.ts'
import type { TokenRegistration } from './ports.ts'

/** Deposits that one invite is good for: the first messages, until the contact has a token of its own. */
export const INVITE_USES = 64
const TOKENS_AT_ONCE = 100
const REVOCATIONS = 'tokens.revocations'

/** Whether a contact may write to us, so that the relay has to know its token. */
function mayWrite(contact: Contact): boolean {
  return contact.relation === 'accepted' || contact.relation === 'request-out'
}

/**
 * Makes our relay know the tokens of invites and contacts, withdraws those of blocked ones, and puts each new token on
 * its way to its contact. Everything is repeated until the relay has confirmed it.
 */
export async function keepTokens(
  context: Context,
): Promise<Result<{ readonly granted: number }, Failure<ErrorCode>>> {
  const { store, relay } = context
  const host = hostOf(context.account().address)
  const contacts = store.contacts
    .list()
    .filter((contact) => mayWrite(contact) && !contact.inboundTokenRegistered)
    .slice(0, TOKENS_AT_ONCE)
  const now = context.clock.nowMs()
  const invites = store.invites
    .list()
    .filter((invite) => !invite.registered && invite.expiresAtMs > now)
    .slice(0, TOKENS_AT_ONCE)
  const revoke = readRevocations(context)
  if (contacts.length + invites.length + revoke.length > 0) {
    const put = await relay.putTokens(host, context.signer(), {
      add: [...contacts.map(contactToken), ...invites.map(inviteToken)],
      revoke,
    })
    if (!put.ok) return put
    context.commit(() => {
      for (const { id, inboundToken } of contacts) {
        const current = store.contacts.get(id)
        // Unless it was replaced meanwhile.
        if (current && Buffer.compare(current.inboundToken, inboundToken) === 0) {
          store.contacts.update(id, { inboundTokenRegistered: true })
        }
      }
      for (const { label } of invites) store.invites.update(label, { registered: true })
      forgetRevocations(context, revoke)
    })
  }
  return ok({ granted: grantTokens(context) })
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
  context.store.settings.set(
    REVOCATIONS,
    hashes.map((hash) => Buffer.from(hash).toString('hex')),
  )
}

function readRevocations(context: Context): Uint8Array[] {
  const stored = context.store.settings.get(REVOCATIONS)
  if (!Array.isArray(stored)) return []
  return stored
    .filter((hash): hash is string => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash))
    .map((hash) => Uint8Array.from(Buffer.from(hash, 'hex')))
}

function forgetRevocations(context: Context, done: readonly Uint8Array[]): void {
  if (done.length === 0) return
  const doneHex = new Set(done.map((hash) => Buffer.from(hash).toString('hex')))
  const left = readRevocations(context)
    .map((hash) => Buffer.from(hash).toString('hex'))
    .filter((hash) => !doneHex.has(hash))
  context.store.settings.set(REVOCATIONS, left)
}
