import { BinaryWriter } from '#protocol/binary.ts'
import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { mapKey, verifyMapping } from './key-map.ts'
import { HASH_BYTES, leafHash, lowestPower, verifyInclusion } from './merkle-log.ts'
import { sha256 } from './primitives.ts'

// A relay's log of device lists (PROTOCOL §18): each entry is the newest of one name's chain and commits to the map of
// all names after it.

const LEAF_VERSION = 1

/** One link of a name's chain: a device list, or that the account was removed. */
export interface ChainEntry {
  readonly kind: 'device-list' | 'removed'
  /** SHA-256 of the device list; 32 zero bytes for a removal. */
  readonly hash: Uint8Array
}

/** How far a name's chain goes: the number of its entries, and the value that commits to all of them. */
export interface ChainHead {
  readonly count: number
  /** 32 bytes. */
  readonly value: Uint8Array
}

/** The chain of a name that was never in the log. */
export const EMPTY_CHAIN: ChainHead = { count: 0, value: new Uint8Array(HASH_BYTES) }

const ENTRY_LABEL = encodeUtf8('Sotto v1 log entry\0')
const KINDS = { 'device-list': 1, removed: 2 } as const

export const REMOVAL: ChainEntry = { kind: 'removed', hash: new Uint8Array(HASH_BYTES) }

/** The entry of a device list. */
export function listEntry(deviceList: Uint8Array): ChainEntry {
  return { kind: 'device-list', hash: sha256(deviceList) }
}

/** The chain after one more entry (PROTOCOL §18.3). */
export function extendChain(head: ChainHead, entry: ChainEntry): ChainHead {
  const count = head.count + 1
  const body = new BinaryWriter().uint64(count).uint8(KINDS[entry.kind]).bytes(entry.hash).finish()
  return { count, value: sha256(concatBytes(ENTRY_LABEL, head.value, body)) }
}

/** An entry of the log. */
export interface LogLeaf {
  /** The value of the chain that this entry extends. */
  readonly value: Uint8Array
  /** Root of the map after it. */
  readonly mapRoot: Uint8Array
}

/** The bytes of an entry that the Merkle tree is over: version(1) ‖ chain value(32) ‖ map root(32). */
export function encodeLogLeaf({ value, mapRoot }: LogLeaf): Uint8Array {
  return concatBytes(Uint8Array.of(LEAF_VERSION), value, mapRoot)
}

/** What a relay gives to show how far a name's chain went when the log had `size` entries. */
export interface ChainProof {
  /** Number of entries of the log at the moment that is looked at: the entry looked into is `size - 1`. */
  readonly size: number
  readonly leaf: LogLeaf
  /** That the leaf is in the log of the checkpoint. */
  readonly inclusion: readonly Uint8Array[]
  /** That the map of the leaf has the chain's value under the name. */
  readonly map: readonly Uint8Array[]
  /** The chain up to some entry, and the entries after it. */
  readonly before: ChainHead
  readonly entries: readonly ChainEntry[]
}

/**
 * Verifies a chain proof under a checkpoint that was verified before.
 * @returns how far the chain goes, or `null` where anything does not fit.
 */
export function verifyChainProof(
  name: string,
  checkpoint: { readonly size: number; readonly root: Uint8Array },
  proof: ChainProof,
): ChainHead | null {
  const { size, leaf, inclusion, map, before, entries } = proof
  if (entries.length === 0 || leaf.value.length !== HASH_BYTES) return null
  if (leaf.mapRoot.length !== HASH_BYTES || before.value.length !== HASH_BYTES) return null
  if (before.count === 0 && before.value.some((byte) => byte !== 0)) return null
  const head = entries.reduce(extendChain, before)
  const included = verifyInclusion({
    leaf: leafHash(encodeLogLeaf(leaf)),
    index: size - 1,
    size: checkpoint.size,
    path: inclusion,
    root: checkpoint.root,
  })
  if (!included) return null
  const key = mapKey(name)
  const mapped = verifyMapping({ key, value: head.value, siblings: map, root: leaf.mapRoot })
  return mapped ? head : null
}

/**
 * The sizes at which whoever owns a name looks at it, newest first, when the log has grown from `seen` to `size`
 * entries: `size`, and each size got by taking away the lowest bit, as long as it is above `seen` (PROTOCOL §18.7).
 */
export function sizesForOwner(seen: number, size: number): number[] {
  const sizes: number[] = []
  for (let at = size; at > seen; at -= lowestPower(at)) sizes.push(at)
  return sizes
}

/**
 * The size at which whoever looked a name up at `size` looks again, once the log has got there. For every owner's look
 * at a size that is not below, exactly one of these sizes is among {@link sizesForOwner}.
 */
export function nextSizeForContact(size: number): number {
  return size + lowestPower(size)
}
