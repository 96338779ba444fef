import { decodeSigningPublicKey } from '#crypto/public-keys.ts'
import { verifyCheckpoint } from '#crypto/log-checkpoints.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import type { ErrorCode, Failure } from '#shared/errors.ts'
import { ok, type Result } from '#shared/result.ts'
import { hostOf } from '#protocol/address.ts'
import type { Content } from '#protocol/content.ts'
import type { Context } from './context.ts'
import type { JobOutcome } from './job.ts'
import type { Contact } from './model.ts'
import { addNotice } from './notices.ts'
import type { CheckpointClaim } from './relay-log-ports.ts'
import { continues, distrust, isOfNow, lastCheckpoint } from './relay-logs.ts'

// Contacts tell each other which checkpoints they have seen (PROTOCOL §18.8): a relay that shows them two different logs
// is found at the first message between the two.

/** The relays of which two contacts both see the log: the own ones. */
function sharedHosts(context: Context, contact: Contact): Set<string> {
  return new Set([hostOf(context.account().address), hostOf(contact.address)])
}

/** Adds the newest checkpoints of both relays to what is sealed for a contact, where they were not told yet. */
export function withCheckpoints(context: Context, contact: Contact, content: Content): Content {
  const { relayLogs } = context.store
  const checkpoints = [...sharedHosts(context, contact)].flatMap((relay) => {
    const log = relayLogs.get(relay)
    if (log === null || log.distrust !== null) return []
    const told = relayLogs.told(contact.id, relay)
    if (told !== null && isSameTree(told, log.checkpoint)) return []
    relayLogs.setTold(contact.id, relay, log.checkpoint)
    return [{ relay, logKey: log.key, checkpoint: log.checkpoint }]
  })
  return checkpoints.length === 0 ? content : { ...content, checkpoints }
}

/** Whether two checkpoints differ in their time alone. */
function isSameTree(a: Uint8Array, b: Uint8Array): boolean {
  const sizeAndRoot = (checkpoint: Uint8Array) => checkpoint.subarray(0, 1 + 8 + 32)
  return equalPublicBytes(sizeAndRoot(a), sizeAndRoot(b))
}

/** Keeps what a contact has seen, to be compared once this batch is durable. */
export function keepClaims(context: Context, contact: Contact, { checkpoints }: Content): void {
  // Strangers must not make us ask relays about anything.
  if (checkpoints === undefined || contact.relation === 'request-in') return
  const hosts = sharedHosts(context, contact)
  for (const { relay, logKey, checkpoint } of checkpoints) {
    if (!hosts.has(relay)) continue
    context.store.relayLogs.addClaim({
      contactId: contact.id,
      host: relay,
      key: logKey,
      checkpoint,
    })
  }
}

/** Compares what contacts have seen with what relays show us. */
export async function compareClaims(context: Context): Promise<JobOutcome> {
  let failed = false
  for (const claim of context.store.relayLogs.listClaims()) {
    const compared = await context.hostTurns.take(claim.host, () => compareClaim(context, claim))
    if (!compared.ok) failed = true
    else if (compared.value === 'done') forget(context, claim)
  }
  return failed ? { kind: 'failed' } : { kind: 'idle' }
}

async function compareClaim(
  context: Context,
  claim: CheckpointClaim,
): Promise<Result<'done' | 'later', Failure<ErrorCode>>> {
  const { relayLogs, contacts } = context.store
  const log = relayLogs.get(claim.host)
  // Its key is pinned by what the relay itself shows us, not by what a contact says.
  if (log === null) return ok('later')
  const key = decodeSigningPublicKey(claim.key)
  const claimed = key.ok ? verifyCheckpoint(key.value, claim.checkpoint) : null
  if (log.distrust !== null || claimed === null) return ok('done')
  if (!equalPublicBytes(log.key, claim.key)) {
    // Anybody can make a key and sign with it: this may be the relay's lie, or the contact's. The user is told.
    const contact = contacts.get(claim.contactId)
    if (contact !== null) addNotice(context, contact, 'relay-key-differs')
    return ok('done')
  }
  const known = lastCheckpoint(log)
  const [from, to] = claimed.size < known.size ? [claimed, known] : [known, claimed]
  const continued = await continues(context, claim.host, from, to)
  if (!continued.ok) return continued
  if (!continued.value) {
    distrust(context, claim.host, 'split-view', { key: claim.key, checkpoint: claim.checkpoint })
  } else if (claimed.size > known.size && isOfNow(context, claimed)) {
    context.commit(() => relayLogs.save({ ...log, checkpoint: claim.checkpoint }))
  }
  return ok('done')
}

/** Takes a claim away, unless another one of the same contact came meanwhile. */
function forget(context: Context, { contactId, host, checkpoint }: CheckpointClaim): void {
  context.commit(() => {
    const { relayLogs } = context.store
    const isThere = relayLogs
      .listClaims()
      .some(
        (claim) =>
          claim.contactId === contactId &&
          claim.host === host &&
          equalPublicBytes(claim.checkpoint, checkpoint),
      )
    if (isThere) relayLogs.removeClaim(contactId, host)
  })
}
