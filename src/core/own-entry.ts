import { verifyDeviceList } from '#crypto/device-list.ts'
import {
  extendChain,
  listEntry,
  sizesForOwner,
  type ChainEntry,
  type ChainHead,
} from '#crypto/key-log.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import { ownDeviceList } from './own-device-list.ts'
import { registerAccount } from './registration.ts'
import { distrust, fetchProvenChain, isSameHead, type ProvenChain } from './relay-logs.ts'

type Refusal = Failure<ErrorCode>

/**
 * Looks at our own name in our relay's log (PROTOCOL §18.7): that it has our device list and nothing else, now and at the
 * moments since we last looked at which contacts may have looked.
 */
export async function auditOwnEntry(context: Context): Promise<Result<void, Refusal>> {
  const { address } = context.account()
  return context.hostTurns.take(hostOf(address), async () => {
    const newest = await newestOwnChain(context)
    if (!newest.ok) return newest
    const { relayLogs } = context.store
    const known = relayLogs.followed(address)
    const grown = await ownHeads(context, known?.head ?? newest.value.head, newest.value)
    if (!grown.ok) return grown
    if (grown.value === null) return accuse(context, newest.value)
    const heads = grown.value
    // What was before our first look are the name's former owners: they look for themselves.
    const seen = known?.size ?? newest.value.size - 1
    for (const size of sizesForOwner(seen, newest.value.size).slice(1)) {
      const then = await fetchProvenChain(context, address, { size })
      if (!then.ok) {
        return then.error.code === 'ACCOUNT_UNKNOWN' ? accuse(context, newest.value) : then
      }
      if (!heads.some((head) => isSameHead(head, then.value.head))) {
        return accuse(context, then.value)
      }
    }
    context.commit(() =>
      relayLogs.follow({ address, size: newest.value.size, head: newest.value.head }),
    )
    return ok(undefined)
  })
}

/** The newest chain of our name, which must end with our list; one that the relay does not have yet is given to it. */
async function newestOwnChain(context: Context): Promise<Result<ProvenChain, Refusal>> {
  const { address } = context.account()
  for (let attempt = 1; ; attempt++) {
    const proven = await fetchProvenChain(context, address, {})
    const isMissing = !proven.ok && proven.error.code === 'ACCOUNT_UNKNOWN'
    if (!proven.ok && !isMissing) return proven
    if (proven.ok && isOwnList(context, proven.value)) return proven
    const mayBeGiven =
      attempt === 1 &&
      (proven.ok
        ? isOlderList(context, proven.value)
        : context.store.relayLogs.followed(address) === null)
    if (!mayBeGiven) return accuse(context, proven.ok ? proven.value : null)
    // An account from before there was a log, or whose list has changed since.
    const registered = await registerAccount(context)
    if (!registered.ok) return registered
  }
}

function isOwnList(context: Context, { proof }: ProvenChain): boolean {
  return isEntryOf(proof.chain.entries.at(-1), ownDeviceList(context))
}

function isEntryOf(entry: ChainEntry | undefined, deviceList: Uint8Array): boolean {
  return entry?.kind === 'device-list' && equalPublicBytes(entry.hash, listEntry(deviceList).hash)
}

/** Whether the log has a list that we made before the one we have now. */
function isOlderList(context: Context, { proof }: ProvenChain): boolean {
  const list = proof.deviceList && verifyDeviceList(proof.deviceList)
  const own = context.store.relayLogs.ownList()
  return (
    list !== null &&
    list.ok &&
    own !== null &&
    equalPublicBytes(list.value.signingKey, context.keys.signing.publicKey) &&
    list.value.version < own.version
  )
}

/**
 * The heads of our chain from the known one to the newest, where all that was added between is our own list, or that the
 * account was removed (the relay lost or deleted it, and we gave it our list again); `null` where anything else is.
 */
async function ownHeads(
  context: Context,
  known: ChainHead,
  newest: ProvenChain,
): Promise<Result<readonly ChainHead[] | null, Refusal>> {
  if (isSameHead(known, newest.head)) return ok([known])
  if (newest.head.count <= known.count) return ok(null)
  const { address } = context.account()
  const at = { size: newest.size, after: known.count }
  const between = await fetchProvenChain(context, address, at)
  if (!between.ok) return between.error.code === 'ACCOUNT_UNKNOWN' ? ok(null) : between
  const { before, entries } = between.value.proof.chain
  const list = ownDeviceList(context)
  const isOurs = entries.every((entry) => entry.kind === 'removed' || isEntryOf(entry, list))
  if (!isSameHead(before, known) || !isSameHead(between.value.head, newest.head) || !isOurs) {
    return ok(null)
  }
  const heads = [known]
  for (const entry of entries) heads.push(extendChain(heads.at(-1) ?? known, entry))
  return ok(heads)
}

function accuse(context: Context, seen: ProvenChain | null): Result<never, Refusal> {
  const host = hostOf(context.account().address)
  // It has not even shown a log yet.
  if (context.store.relayLogs.get(host) === null) return err(failure('RELAY_BAD_ANSWER'))
  return err(distrust(context, host, 'own-entry', seen?.proof ?? null))
}
