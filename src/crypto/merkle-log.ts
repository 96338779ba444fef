import { concatBytes, equalPublicBytes } from '#shared/bytes.ts'
import { sha256 } from './primitives.ts'

// The Merkle tree of RFC 9162 §2.1 with SHA-256, and the verification of its proofs (PROTOCOL §18.2). Tree sizes go up
// to 2^53 − 1: halves are taken by division, since bit operators cut numbers to 32 bits.

export const HASH_BYTES = 32

const LEAF = Uint8Array.of(0)
const NODE = 1

/** Root of the tree without leaves: the hash of nothing. */
export const EMPTY_TREE_ROOT: Uint8Array = sha256(new Uint8Array(0))

/** MTH of one entry: SHA-256(00 ‖ data). */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(concatBytes(LEAF, data))
}

/** Hash of an inner node: SHA-256(01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hashPair(NODE, left, right)
}

const pair = new Uint8Array(1 + 2 * HASH_BYTES)

/** SHA-256(prefix ‖ left ‖ right) of two hashes: most of the work of every proof, so nothing is allocated for it. */
export function hashPair(prefix: number, left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) {
    throw new RangeError('a hash has 32 bytes')
  }
  pair[0] = prefix
  pair.set(left, 1)
  pair.set(right, 1 + HASH_BYTES)
  return sha256(pair)
}

const isOdd = (value: number): boolean => value % 2 === 1
const half = (value: number): number => Math.floor(value / 2)

/**
 * Verifies that a tree of `size` leaves with this root has the leaf at `index` (RFC 9162 §2.1.3.2).
 * @param leaf - {@link leafHash} of the entry.
 * @param path - from the leaf up.
 */
export function verifyInclusion(proof: {
  readonly leaf: Uint8Array
  readonly index: number
  readonly size: number
  readonly path: readonly Uint8Array[]
  readonly root: Uint8Array
}): boolean {
  const { leaf, index, size, path, root } = proof
  if (!isSize(size) || !isSize(index) || index >= size || leaf.length !== HASH_BYTES) return false
  let node = index
  let last = size - 1
  let hash = leaf
  for (const sibling of path) {
    if (last === 0 || sibling.length !== HASH_BYTES) return false
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash)
      while (node !== 0 && !isOdd(node)) {
        node = half(node)
        last = half(last)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    node = half(node)
    last = half(last)
  }
  return last === 0 && equalPublicBytes(hash, root)
}

/**
 * Verifies that the tree of `size` leaves begins with the one of `oldSize` (RFC 9162 §2.1.4.2). Nothing needs proving
 * about the empty tree; for equal sizes the roots must be equal.
 */
export function verifyConsistency(proof: {
  readonly oldSize: number
  readonly oldRoot: Uint8Array
  readonly size: number
  readonly root: Uint8Array
  readonly path: readonly Uint8Array[]
}): boolean {
  const { oldSize, oldRoot, size, root, path } = proof
  if (!isSize(oldSize) || !isSize(size) || oldSize > size) return false
  if (oldSize === 0) return path.length === 0 && equalPublicBytes(oldRoot, EMPTY_TREE_ROOT)
  if (oldSize === size) return path.length === 0 && equalPublicBytes(oldRoot, root)
  // A whole subtree is its own first hash and is left out of the proof.
  const [first, ...rest] = isPowerOfTwo(oldSize) ? [oldRoot, ...path] : path
  if (first === undefined || first.length !== HASH_BYTES) return false
  let node = oldSize - 1
  let last = size - 1
  while (isOdd(node)) {
    node = half(node)
    last = half(last)
  }
  let oldHash = first
  let hash = first
  for (const sibling of rest) {
    if (last === 0 || sibling.length !== HASH_BYTES) return false
    if (isOdd(node) || node === last) {
      oldHash = nodeHash(sibling, oldHash)
      hash = nodeHash(sibling, hash)
      while (node !== 0 && !isOdd(node)) {
        node = half(node)
        last = half(last)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    node = half(node)
    last = half(last)
  }
  return last === 0 && equalPublicBytes(oldHash, oldRoot) && equalPublicBytes(hash, root)
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function isPowerOfTwo(value: number): boolean {
  return value / lowestPower(value) === 1
}

/** The greatest power of two that divides a positive number. */
export function lowestPower(value: number): number {
  let power = 1
  for (let rest = value; rest % 2 === 0; rest /= 2) power *= 2
  return power
}
