import * as v from 'valibot'
import { planPrekeyUpkeep, type PrekeysHeld } from '#crypto/prekey-upkeep.ts'
import {
  generateKemPrekeys,
  generateOneTimePrekeys,
  generateSignedPrekey,
} from '#crypto/prekeys.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import type { PrekeyKind, StoredPrekey } from './model.ts'
import type { PrekeysLeft, PublishedPrekeys } from './ports.ts'

const NO_SIGNATURE = new Uint8Array(0)
const KEYS_AT_ONCE = 5
const PUBLICATION = 'prekeys.publication'

/** What an upload holds, noted before it is tried: repeating it sends the same under the same version. */
const Publication = v.object({
  version: v.number(),
  signedId: v.number(),
  kemLastResortId: v.number(),
  /** One-time prekeys up to these ids are in this upload or an earlier one. */
  oneTimeUpTo: v.number(),
  kemOneTimeUpTo: v.number(),
  confirmed: v.boolean(),
})
type Publication = v.InferOutput<typeof Publication>

const NOTHING_PUBLISHED: Publication = {
  version: 0,
  signedId: 0,
  kemLastResortId: 0,
  oneTimeUpTo: 0,
  kemOneTimeUpTo: 0,
  confirmed: true,
}

/**
 * Brings the prekeys up to date (PROTOCOL §4.3): rotates, refills and deletes in the store, then publishes what the
 * relay does not have. Private halves are durable before anything is published, and an upload whose answer was lost
 * is repeated as it was, so that no key is offered twice.
 */
export async function keepPrekeys(context: Context): Promise<Result<void, Failure<ErrorCode>>> {
  const { relay, store } = context
  const host = hostOf(context.account().address)
  const before = readPublication(context)
  if (!before.confirmed) {
    const repeated = await upload(context, before)
    if (!repeated.ok) return repeated
  }
  let left: PrekeysLeft = { version: 0, oneTime: 0, kemOneTime: 0 }
  if (before.version > 0) {
    const asked = await relay.prekeysLeft(host, context.signer())
    if (!asked.ok) return asked
    left = asked.value
  }
  await maintain(context, left)
  // The relay was restored from a backup that is older than the last upload.
  const isBehind = left.version < readPublication(context).version
  const next = store.transaction(() => planPublication(context, isBehind))
  return next === null ? ok(undefined) : upload(context, next)
}

function readPublication(context: Context): Publication {
  const stored = v.safeParse(Publication, context.store.settings.get(PUBLICATION))
  return stored.success ? stored.output : NOTHING_PUBLISHED
}

/** Notes the next upload where there is anything new, or the relay lacks what is not. */
function planPublication(context: Context, isBehind: boolean): Publication | null {
  const { store } = context
  const last = readPublication(context)
  const next: Publication = {
    version: last.version + 1,
    signedId: currentOf(context, 'signed').id,
    kemLastResortId: currentOf(context, 'kem-last-resort').id,
    oneTimeUpTo: Math.max(last.oneTimeUpTo, store.prekeys.highestId('one-time')),
    kemOneTimeUpTo: Math.max(last.kemOneTimeUpTo, store.prekeys.highestId('kem-one-time')),
    confirmed: false,
  }
  const isNew =
    next.signedId !== last.signedId ||
    next.kemLastResortId !== last.kemLastResortId ||
    next.oneTimeUpTo !== last.oneTimeUpTo ||
    next.kemOneTimeUpTo !== last.kemOneTimeUpTo
  if (!isNew && !isBehind) return null
  store.settings.set(PUBLICATION, { ...next, from: last })
  return next
}

const PublicationStart = v.object({ from: Publication })

async function upload(
  context: Context,
  publication: Publication,
): Promise<Result<void, Failure<ErrorCode>>> {
  const { relay, store } = context
  const start = v.safeParse(PublicationStart, store.settings.get(PUBLICATION))
  const from = start.success ? start.output.from : NOTHING_PUBLISHED
  const signed = store.prekeys.get('signed', publication.signedId)
  const lastResort = store.prekeys.get('kem-last-resort', publication.kemLastResortId)
  if (signed === null || lastResort === null) return err(failure('INTERNAL'))
  const within = (kind: PrekeyKind, after: number, upTo: number): StoredPrekey[] =>
    store.prekeys.list(kind).filter(({ id }) => id > after && id <= upTo)
  const prekeys: PublishedPrekeys = {
    version: publication.version,
    signed,
    kemLastResort: lastResort,
    oneTime: within('one-time', from.oneTimeUpTo, publication.oneTimeUpTo),
    kemOneTime: within('kem-one-time', from.kemOneTimeUpTo, publication.kemOneTimeUpTo),
  }
  const host = hostOf(context.account().address)
  const published = await relay.publishPrekeys(host, context.signer(), prekeys)
  // A conflict under the same version means that the first try had arrived.
  if (!published.ok && published.error.code !== 'CONFLICT') return published
  store.settings.set(PUBLICATION, { ...publication, confirmed: true })
  return ok(undefined)
}

async function maintain(context: Context, left: PrekeysLeft): Promise<void> {
  const { store } = context
  const { prekeys, sessions } = store
  const now = context.clock.nowMs()
  const curve = planPrekeyUpkeep(held(context, 'signed', 'one-time', left.oneTime), now)
  const kem = planPrekeyUpkeep(
    held(context, 'kem-last-resort', 'kem-one-time', left.kemOneTime),
    now,
  )
  store.transaction(() => {
    if (curve.rotate) replaceCurrent(context, 'signed', newSigned(context, now), now)
    if (kem.rotate) {
      for (const fresh of newKem(context, 'kem-last-resort', 1, now)) {
        replaceCurrent(context, 'kem-last-resort', fresh, now)
      }
    }
    for (const id of curve.deleteLongerLived) {
      prekeys.remove('signed', id)
      sessions.forgetHandshakes(id)
    }
    for (const id of curve.deleteOneTime) prekeys.remove('one-time', id)
    for (const id of kem.deleteLongerLived) prekeys.remove('kem-last-resort', id)
    for (const id of kem.deleteOneTime) prekeys.remove('kem-one-time', id)
  })
  await inPortions(curve.refill, (count) => prekeys.add(newOneTime(context, count, now)))
  await inPortions(kem.refill, (count) => prekeys.add(newKem(context, 'kem-one-time', count, now)))
}

/** Keys take milliseconds each: between portions, other work gets its turn. */
async function inPortions(total: number, generate: (count: number) => void): Promise<void> {
  for (let left = total; left > 0; left -= KEYS_AT_ONCE) {
    generate(Math.min(left, KEYS_AT_ONCE))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function held(
  context: Context,
  longerLived: PrekeyKind,
  oneTime: PrekeyKind,
  oneTimeAtRelay: number,
): PrekeysHeld {
  return {
    longerLived: context.store.prekeys.list(longerLived),
    oneTimeIds: context.store.prekeys.list(oneTime).map(({ id }) => id),
    oneTimeAtRelay,
  }
}

/** The current signed or last-resort prekey; `maintain` has made one by then. */
export function currentOf(context: Context, kind: 'signed' | 'kem-last-resort'): StoredPrekey {
  const current = context.store.prekeys.list(kind).findLast((key) => key.retiredAtMs === null)
  if (current === undefined) throw new Error('there is no current prekey')
  return current
}

function replaceCurrent(
  context: Context,
  kind: 'signed' | 'kem-last-resort',
  fresh: StoredPrekey,
  now: number,
): void {
  for (const { id, retiredAtMs } of context.store.prekeys.list(kind)) {
    if (retiredAtMs === null) context.store.prekeys.retire(kind, id, now)
  }
  context.store.prekeys.add([fresh])
}

/** Ids are one sequence for both curve kinds and one for both KEM kinds (PROTOCOL §4.1), and never given twice. */
function nextId(context: Context, kinds: readonly PrekeyKind[]): number {
  const publication = readPublication(context)
  const published = Math.max(
    ...(kinds.includes('signed')
      ? [publication.signedId, publication.oneTimeUpTo]
      : [publication.kemLastResortId, publication.kemOneTimeUpTo]),
  )
  const { prekeys } = context.store
  return 1 + Math.max(published, ...kinds.map((kind) => prekeys.highestId(kind)))
}

function newSigned(context: Context, now: number): StoredPrekey {
  const id = nextId(context, ['signed', 'one-time'])
  const { deviceId } = context.account()
  const made = generateSignedPrekey(context.keys.signing, deviceId, id, context.random)
  return {
    kind: 'signed',
    id,
    privateKey: made.pair.exportScalar(),
    publicKey: made.published.publicKey,
    signature: made.published.signature,
    createdAtMs: now,
    retiredAtMs: null,
  }
}

function newOneTime(context: Context, count: number, now: number): StoredPrekey[] {
  const firstId = nextId(context, ['signed', 'one-time'])
  return generateOneTimePrekeys(firstId, count, context.random).map(({ pair, published }) => ({
    kind: 'one-time',
    id: published.id,
    privateKey: pair.exportScalar(),
    publicKey: published.publicKey,
    signature: NO_SIGNATURE,
    createdAtMs: now,
    retiredAtMs: null,
  }))
}

function newKem(
  context: Context,
  kind: 'kem-last-resort' | 'kem-one-time',
  count: number,
  now: number,
): StoredPrekey[] {
  const firstId = nextId(context, ['kem-last-resort', 'kem-one-time'])
  const { deviceId } = context.account()
  const { signing } = context.keys
  return generateKemPrekeys(signing, deviceId, firstId, count, context.random).map(
    ({ seed, published }) => ({
      kind,
      id: published.id,
      privateKey: seed,
      publicKey: published.publicKey,
      signature: published.signature,
      createdAtMs: now,
      retiredAtMs: null,
    }),
  )
}
