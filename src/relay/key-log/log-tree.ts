import { EMPTY_TREE_ROOT, lowestPower, nodeHash } from '#crypto/merkle-log.ts'

// Proofs of RFC 9162 §2.1 out of stored nodes. What is stored are the hashes of complete subtrees: level l, index i is
// the one over the leaves from i · 2^l on. They never change, so that a proof for any size can be made at any time.

/** Reads a stored node. An engine that reads asynchronously runs the function once to see which nodes it asks for. */
export type NodeReader = (level: number, index: number) => Uint8Array

export interface TreeNode {
  readonly level: number
  readonly index: number
  readonly hash: Uint8Array
}

/** The nodes that become complete when a leaf is added to a tree of `size` leaves, the leaf first. */
export function nodesOfAppend(read: NodeReader, size: number, leaf: Uint8Array): TreeNode[] {
  const nodes: TreeNode[] = [{ level: 0, index: size, hash: leaf }]
  let hash = leaf
  for (let level = 0, index = size; index % 2 === 1; level++) {
    hash = nodeHash(read(level, index - 1), hash)
    index = (index - 1) / 2
    nodes.push({ level: level + 1, index, hash })
  }
  return nodes
}

/** The root over the first `size` leaves. */
export function treeRoot(read: NodeReader, size: number): Uint8Array {
  return size === 0 ? EMPTY_TREE_ROOT : rangeHash(read, 0, size)
}

/** PATH(index, D_size) of §2.1.3.1, from the leaf up. */
export function inclusionPath(read: NodeReader, index: number, size: number): Uint8Array[] {
  const path: Uint8Array[] = []
  let [start, end] = [0, size]
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    if (index < middle) {
      path.push(rangeHash(read, middle, end))
      end = middle
    } else {
      path.push(rangeHash(read, start, middle))
      start = middle
    }
  }
  return path.toReversed()
}

/** PROOF(oldSize, D_size) of §2.1.4.1; both sizes are positive. */
export function consistencyPath(read: NodeReader, oldSize: number, size: number): Uint8Array[] {
  const path: Uint8Array[] = []
  let [start, end, isWhole] = [0, size, true]
  while (oldSize !== end) {
    const middle = start + splitOf(end - start)
    if (oldSize <= middle) {
      path.push(rangeHash(read, middle, end))
      end = middle
    } else {
      path.push(rangeHash(read, start, middle))
      start = middle
      isWhole = false
    }
  }
  if (!isWhole) path.push(rangeHash(read, start, end))
  return path.toReversed()
}

/** The largest power of two below `count`: where §2.1.1 splits a tree. */
function splitOf(count: number): number {
  let power = 1
  while (power * 2 < count) power *= 2
  return power
}

/** Hash over the leaves from `start` up to `end`, where `start` is where §2.1.1 begins a subtree. */
function rangeHash(read: NodeReader, start: number, end: number): Uint8Array {
  const count = end - start
  if (lowestPower(count) === count) return read(Math.log2(count), start / count)
  const middle = start + splitOf(count)
  return nodeHash(rangeHash(read, start, middle), rangeHash(read, middle, end))
}
