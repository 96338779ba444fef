import { bitOf, EMPTY_SUBTREE, mapNodeHash } from '#crypto/key-map.ts'

// The map of names out of stored nodes (PROTOCOL §18.4). Nodes are kept in every version: a node is stored under its
// path and the size of the log that it came with, so that the map can be looked at as it was at any size.

/** A node of the map. `key` is the whole key of a leaf, `null` for an inner node. */
export interface MapNode {
  readonly hash: Uint8Array
  readonly key: Uint8Array | null
}

/** Reads the newest version of the node at a path, up to the size that is looked at; `null` where there is none. */
export type MapReader = (path: Uint8Array) => MapNode | null

/** The first `depth` bits of a key, as a path: depth(1) ‖ whole bytes, the bits beyond being zero. */
export function pathOf(key: Uint8Array, depth: number): Uint8Array {
  const whole = Math.ceil(depth / 8)
  const path = new Uint8Array(1 + whole)
  path[0] = depth
  path.set(key.subarray(0, whole), 1)
  const cut = depth % 8
  if (cut > 0) path[whole] = (path[whole] ?? 0) & (0xff << (8 - cut))
  return path
}

/** The path that differs in the last of its `depth` bits. */
function siblingOf(key: Uint8Array, depth: number): Uint8Array {
  const path = pathOf(key, depth)
  const last = depth - 1
  const index = 1 + (last >> 3)
  path[index] = (path[index] ?? 0) ^ (1 << (7 - (last & 7)))
  return path
}

/** The hashes beside the way to a key, from the root down; `null` where the key is not in the map. */
export function mapSiblings(read: MapReader, key: Uint8Array): Uint8Array[] | null {
  const siblings: Uint8Array[] = []
  for (let depth = 0; ; depth++) {
    const node = read(pathOf(key, depth))
    if (node === null) return null
    if (node.key !== null) return Buffer.compare(node.key, key) === 0 ? siblings : null
    siblings.push(read(siblingOf(key, depth + 1))?.hash ?? EMPTY_SUBTREE)
  }
}

export interface MapChange {
  /** Nodes to store with the new version. */
  readonly nodes: readonly { readonly path: Uint8Array; readonly node: MapNode }[]
  readonly root: Uint8Array
}

/** Sets the value of a key. @param leaf - `mapLeafHash` of the key and its new value. */
export function setInMap(read: MapReader, key: Uint8Array, leaf: Uint8Array): MapChange {
  const nodes: { path: Uint8Array; node: MapNode }[] = []
  const siblings: Uint8Array[] = []
  let depth = 0
  let found = read(pathOf(key, 0))
  while (found !== null && found.key === null) {
    depth++
    siblings.push(read(siblingOf(key, depth))?.hash ?? EMPTY_SUBTREE)
    found = read(pathOf(key, depth))
  }
  if (found?.key && Buffer.compare(found.key, key) !== 0) {
    // Another name had this subtree for itself: both go down to where their bits part.
    const other = found.key
    while (bitOf(other, depth) === bitOf(key, depth)) {
      siblings.push(EMPTY_SUBTREE)
      depth++
    }
    siblings.push(found.hash)
    depth++
    nodes.push({ path: pathOf(other, depth), node: found })
  }
  nodes.push({ path: pathOf(key, depth), node: { hash: leaf, key } })
  let hash = leaf
  for (let above = depth - 1; above >= 0; above--) {
    const sibling = siblings[above] ?? EMPTY_SUBTREE
    hash = bitOf(key, above) === 0 ? mapNodeHash(hash, sibling) : mapNodeHash(sibling, hash)
    nodes.push({ path: pathOf(key, above), node: { hash, key: null } })
  }
  return { nodes, root: hash }
}
