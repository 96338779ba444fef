import { inviteDeliveryToken } from '#crypto/invite-token.ts'
import type { ErrorCode, Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import { hostOf, nameOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import type { Contact } from './model.ts'

/** An envelope as its receiver's relay gets it. */
interface Delivery {
  readonly envelopeId: Uint8Array
  readonly deviceId: number
  readonly envelope: Uint8Array
}

/** Brings an envelope to a contact's relay: by the token that we have, or else as a knock. */
export function deliver(
  context: Context,
  { address, outboundToken, outboundTokenKind }: Contact,
  { envelopeId, deviceId, envelope }: Delivery,
): Promise<Result<void, Failure<ErrorCode>>> {
  const host = hostOf(address)
  if (outboundToken === null) {
    return context.relay.knock(host, { envelopeId, name: nameOf(address), deviceId, envelope })
  }
  const token = deliveryToken(outboundToken, outboundTokenKind)
  return context.relay.deposit(host, { envelopeId, deviceId, token, envelope })
}

/** What the relay is shown: of an invite it never learns the token itself, only what is derived from it (PROTOCOL §17). */
function deliveryToken(token: Uint8Array, kind: Contact['outboundTokenKind']): Uint8Array {
  return kind === 'invite' ? inviteDeliveryToken(token) : token
}
