import { concatBytes, encodeUtf8, equalPublicBytes } from '#shared/bytes.ts'
import { HASH_BYTES, hashPair } from './merkle-log.ts'
import { sha256 } from './primitives.ts'

// The map from names to the newest value of their chain: a binary prefix tree over the hashes of the names
// (PROTOCOL §18.4). A leaf stands at the first depth at which no other name shares its bits.

export const MAX_MAP_DEPTH = 8 * HASH_BYTES

const LEAF = Uint8Array.of(2)
const NODE = 3

/** Stands for a subtree without names. No hash comes out as this. */
export const EMPTY_SUBTREE: Uint8Array = new Uint8Array(HASH_BYTES)

/** The place of a name, 32 bytes: SHA-256("Sotto v1 log name" ‖ 00 ‖ name). */
export function mapKey(name: string): Uint8Array {
  return sha256(encodeUtf8(`Sotto v1 log name\0${name}`))
}

/** Hash of a leaf, at whatever depth it stands: SHA-256(02 ‖ key ‖ value). */
export function mapLeafHash(key: Uint8Array, value: Uint8Array): Uint8Array {
  return sha256(concatBytes(LEAF, key, value))
}

/** Hash of an inner node: SHA-256(03 ‖ left ‖ right). */
export function mapNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hashPair(NODE, left, right)
}

/** Bit `depth` of a key, the highest bit of the first byte being bit 0: 0 leads left, 1 right. */
export function bitOf(key: Uint8Array, depth: number): 0 | 1 {
  const byte = key[depth >> 3] ?? 0
  return ((byte >> (7 - (depth & 7))) & 1) === 1 ? 1 : 0
}

/**
 * Verifies that the map with this root has this value under the key. There is one path for a key, and it ends at a
 * leaf: a map cannot have two values for it.
 * @param siblings - beside the path, from the root down.
 */
export function verifyMapping(proof: {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly siblings: readonly Uint8Array[]
  readonly root: Uint8Array
}): boolean {
  const { key, value, siblings, root } = proof
  if (key.length !== HASH_BYTES || value.length !== HASH_BYTES) return false
  if (siblings.length > MAX_MAP_DEPTH) return false
  let hash = mapLeafHash(key, value)
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth]
    if (sibling === undefined || sibling.length !== HASH_BYTES) return false
    hash = bitOf(key, depth) === 0 ? mapNodeHash(hash, sibling) : mapNodeHash(sibling, hash)
  }
  return equalPublicBytes(hash, root)
}
