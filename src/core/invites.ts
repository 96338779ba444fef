import { fingerprint } from '#crypto/identity.ts'
import { INVITE_TOKEN_BYTES, inviteDeliveryToken } from '#crypto/invite-token.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { InviteView, LinkPreviewView } from '#shared/views.ts'
import { encodeHex } from '#shared/bytes.ts'
import { hostOf } from '#protocol/address.ts'
import { decodeInviteLink, encodeInviteLink } from '#protocol/invite-link.ts'
import { LABEL_BYTES } from './contact-creation.ts'
import type { Context } from './context.ts'
import type { ContactId } from './model.ts'
import { keepTokens, revokeToken } from './token-upkeep.ts'

const INVITE_LIFETIME_MS = 30 * 86_400_000
/** Links given out at once: the oldest unused one makes room. */
const INVITES_OPEN = 50

/**
 * Makes an invite link. It is given out only once the relay takes its token, so that a link never fails for whoever
 * is quick to use it.
 */
export async function createInvite(
  context: Context,
): Promise<Result<InviteView, Failure<ErrorCode>>> {
  const { store } = context
  const now = context.clock.nowMs()
  const invite = {
    label: context.random(LABEL_BYTES),
    token: context.random(INVITE_TOKEN_BYTES),
    createdAtMs: now,
    expiresAtMs: now + INVITE_LIFETIME_MS,
    registered: false,
    usedBy: null,
  }
  context.commit(() => {
    const open = store.invites.list().filter(({ usedBy }) => usedBy === null)
    for (const oldest of open.slice(0, Math.max(0, open.length + 1 - INVITES_OPEN))) {
      if (oldest.registered) revokeToken(context, inviteDeliveryToken(oldest.token))
      store.invites.remove(oldest.label)
    }
    store.invites.add(invite)
  })
  const kept = await keepTokens(context)
  if (!kept.ok) return kept
  const link = encodeInviteLink({
    address: context.account().address,
    fingerprint: fingerprint(context.keys.signing.publicKey),
    token: invite.token,
  })
  return ok({ link, expiresAtMs: invite.expiresAtMs })
}

/** What an invite link says, before it is used. */
export function previewLink(
  link: string,
  ownAddress: string | null,
): Result<LinkPreviewView, Failure<'LINK_INVALID' | 'LINK_OWN'>> {
  const decoded = decodeInviteLink(link)
  if (decoded === null) return err(failure('LINK_INVALID'))
  if (decoded.address === ownAddress) return err(failure('LINK_OWN'))
  return ok({
    address: decoded.address,
    relay: hostOf(decoded.address),
    fingerprint: encodeHex(decoded.fingerprint),
  })
}

/** Withdraws the invites that a contact has used: without the contact, they would be good for it once more. */
export function withdrawInvitesOf(context: Context, contactId: ContactId): void {
  const { invites } = context.store
  for (const { label, token, usedBy } of invites.list()) {
    if (usedBy !== contactId) continue
    revokeToken(context, inviteDeliveryToken(token))
    invites.remove(label)
  }
}

/** Forgets invites that have run out; the relay forgets their tokens at the same time by itself. */
export function forgetExpiredInvites(context: Context): void {
  const { store } = context
  const now = context.clock.nowMs()
  context.commit(() => {
    for (const { label, expiresAtMs } of store.invites.list()) {
      if (expiresAtMs <= now) store.invites.remove(label)
    }
  })
}
