import { verifyChainProof, type ChainHead } from '#crypto/key-log.ts'
import { readCheckpoint, verifyCheckpoint, type Checkpoint } from '#crypto/log-checkpoints.ts'
import { verifyConsistency } from '#crypto/merkle-log.ts'
import { decodeSigningPublicKey } from '#crypto/public-keys.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { DistrustReason } from '#shared/views.ts'
import { hostOf, nameOf, type Address } from '#protocol/address.ts'
import { MAX_CHAIN_ENTRIES } from '#protocol/relay-limits.ts'
import type { Context } from './context.ts'
import { hostsOfOurs, relayTrustViews } from './relay-trust.ts'
import type { RelayHost } from './ports.ts'
import type { KeyLogProof, RelayLog, SignedHead } from './relay-log-ports.ts'

// What a relay shows of its log is checked here against what it showed before (PROTOCOL §18.6). Everything runs in a turn
// of its host (`context.hostTurns`).

/** A checkpoint may be this far from our clock: a relay can't keep us in the past for longer. */
const MAX_CHECKPOINT_AGE_MS = 24 * 3_600_000

type Refusal = Failure<ErrorCode>

/** Whether nothing is to be sent by way of a relay until the user has looked at what it did. */
export function isDistrusted(context: Context, host: RelayHost): boolean {
  const log = context.store.relayLogs.get(host)
  return log !== null && log.distrust !== null
}

/** Stops trusting a relay, for good until the user says otherwise, and keeps what shows why. */
export function distrust(
  context: Context,
  host: RelayHost,
  reason: DistrustReason,
  seen: SignedHead | null,
): Failure<'RELAY_DISTRUSTED'> {
  const { relayLogs } = context.store
  const log = relayLogs.get(host)
  if (log !== null && log.distrust === null) {
    context.log.warn('relay.distrusted', { reason })
    context.commit(() => {
      const known = { key: log.key, checkpoint: log.checkpoint }
      relayLogs.save({
        ...log,
        distrust: { reason, atMs: context.clock.nowMs(), evidence: { known, seen } },
      })
    })
    // One that only a stranger has named is forgotten again (`author-lookups.ts`): no warning flashes up.
    if (hostsOfOurs(context).has(host)) {
      context.events.emit('relays.changed', relayTrustViews(context))
    }
  }
  return failure('RELAY_DISTRUSTED')
}

/**
 * Takes a checkpoint that a relay gives: the first one pins its key, each later one must continue the log of the one
 * before.
 */
export async function acceptHead(
  context: Context,
  host: RelayHost,
  head: SignedHead,
): Promise<Result<Checkpoint, Refusal>> {
  const { relayLogs } = context.store
  const known = relayLogs.get(host)
  if (known?.distrust) return err(failure('RELAY_DISTRUSTED'))
  const key = decodeSigningPublicKey(head.key)
  const checkpoint = key.ok ? verifyCheckpoint(key.value, head.checkpoint) : null
  if (checkpoint === null) return err(failure('RELAY_BAD_ANSWER'))
  if (!isOfNow(context, checkpoint)) return err(failure('RELAY_BAD_ANSWER'))
  if (known === null) {
    context.commit(() => relayLogs.save({ ...head, host, distrust: null }))
    return ok(checkpoint)
  }
  if (!equalPublicBytes(known.key, head.key)) {
    return err(distrust(context, host, 'key-changed', head))
  }
  const last = lastCheckpoint(known)
  if (checkpoint.size < last.size) return refuseOlder(context, host, head, last)
  const continued = await continues(context, host, last, checkpoint)
  if (!continued.ok) return continued
  if (!continued.value) return err(distrust(context, host, 'split-view', head))
  context.commit(() => relayLogs.save({ ...known, checkpoint: head.checkpoint }))
  return ok(checkpoint)
}

/** Whether the time of a checkpoint fits our clock (PROTOCOL §18.5). */
export function isOfNow({ clock }: Context, { signedAtMs }: Checkpoint): boolean {
  return Math.abs(clock.nowMs() - signedAtMs) <= MAX_CHECKPOINT_AGE_MS
}

/** The newest checkpoint that was verified. */
export function lastCheckpoint({ checkpoint }: RelayLog): Checkpoint {
  const read = readCheckpoint(checkpoint)
  if (read === null) throw new TypeError('a stored checkpoint cannot be read')
  return read
}

/** Whether a relay can show that its log of the larger size begins with that of the smaller. */
export async function continues(
  context: Context,
  host: RelayHost,
  from: Checkpoint,
  to: Checkpoint,
): Promise<Result<boolean, Refusal>> {
  if (from.size === to.size) return ok(equalPublicBytes(from.root, to.root))
  // Every log begins with the empty one; no proof is asked for.
  if (from.size === 0) return ok(true)
  const path = await context.relay.fetchConsistency(host, from.size, to.size)
  if (!path.ok) return path.error.code === 'NOT_FOUND' ? ok(false) : path
  return ok(
    verifyConsistency({
      oldSize: from.size,
      oldRoot: from.root,
      size: to.size,
      root: to.root,
      path: path.value,
    }),
  )
}

/** An answer from before what we know already: an old one on its way late, or a log that was rolled back. */
async function refuseOlder(
  context: Context,
  host: RelayHost,
  older: SignedHead,
  last: Checkpoint,
): Promise<Result<never, Refusal>> {
  const again = await context.relay.fetchLogHead(host)
  if (!again.ok) return again
  const key = decodeSigningPublicKey(older.key)
  const newest = key.ok ? verifyCheckpoint(key.value, again.value.checkpoint) : null
  if (newest !== null && newest.size < last.size) {
    return err(distrust(context, host, 'rolled-back', again.value))
  }
  return err(failure('RELAY_BAD_ANSWER'))
}

/** What a log has for a name, proven under a checkpoint that continues those before. */
export interface ProvenChain {
  readonly head: ChainHead
  /** Number of entries of the log at the moment that was looked at. */
  readonly size: number
  readonly proof: KeyLogProof
}

/** `unproven`: the proof does not hold. */
export type Proving = Result<ProvenChain, Refusal | 'unproven'>

/** Checks what a relay says about a name. @param size - the moment that was asked for; `null` for the newest. */
export async function proveChain(
  context: Context,
  address: Address,
  proof: KeyLogProof,
  size: number | null,
): Promise<Proving> {
  const checkpoint = await acceptHead(context, hostOf(address), proof)
  if (!checkpoint.ok) return checkpoint
  const { chain } = proof
  if (chain.size !== (size ?? checkpoint.value.size)) return err('unproven')
  const head = verifyChainProof(nameOf(address), checkpoint.value, chain)
  return head === null ? err('unproven') : ok({ head, size: chain.size, proof })
}

/** Asks a relay what its log has, or had, for a name. A second wrong proof in a row is taken for a lie. */
export async function fetchProvenChain(
  context: Context,
  address: Address,
  at: { readonly size?: number; readonly after?: number },
): Promise<Result<ProvenChain, Refusal>> {
  const host = hostOf(address)
  for (let attempt = 1; ; attempt++) {
    const fetched = await context.relay.fetchChain(host, nameOf(address), at)
    if (!fetched.ok) return fetched
    const proven = await proveChain(context, address, fetched.value, at.size ?? null)
    if (proven.ok) return proven
    if (proven.error !== 'unproven') return err(proven.error)
    if (attempt === 2) return err(distrust(context, host, 'keys-not-logged', fetched.value))
  }
}

/**
 * Checks that what a log has for a name now goes on from what it had when we looked before, and remembers it.
 * @returns whether it has grown since.
 */
export async function checkGrowth(
  context: Context,
  address: Address,
  proven: ProvenChain,
): Promise<Result<boolean, Refusal>> {
  const { relayLogs } = context.store
  const known = relayLogs.followed(address)
  const { head, size } = proven
  if (known !== null && !isSameHead(known.head, head)) {
    const grown = await isGrownFrom(context, address, known.head, proven)
    if (!grown.ok) return grown
    if (!grown.value) {
      return err(distrust(context, hostOf(address), 'entry-replaced', proven.proof))
    }
  }
  context.commit(() => relayLogs.follow({ address, size, head }))
  return ok(known !== null && head.count > known.head.count)
}

async function isGrownFrom(
  context: Context,
  address: Address,
  known: ChainHead,
  { head, size }: ProvenChain,
): Promise<Result<boolean, Refusal>> {
  if (head.count <= known.count) return ok(false)
  // More entries than one answer holds: nobody changes their devices so often. The keys are not used, nobody is accused.
  if (head.count - known.count > MAX_CHAIN_ENTRIES) return err(failure('RELAY_BAD_ANSWER'))
  const between = await fetchProvenChain(context, address, { size, after: known.count })
  if (!between.ok) return between.error.code === 'ACCOUNT_UNKNOWN' ? ok(false) : between
  const { before } = between.value.proof.chain
  return ok(isSameHead(before, known) && isSameHead(between.value.head, head))
}

export function isSameHead(a: ChainHead, b: ChainHead): boolean {
  return a.count === b.count && equalPublicBytes(a.value, b.value)
}
