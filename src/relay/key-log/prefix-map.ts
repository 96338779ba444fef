import { bitOf, EMPTY_SUBTREE, mapLeafHash, mapNodeHash } from '#crypto/key-map.ts'
import { HASH_BYTES } from '#crypto/merkle-log.ts'

// The map of names (PROTOCOL §18.4) as it was after any entry of the log, out of one row for each entry: the row holds
// the way from the root to the name that the entry set. Beside each step stands the other subtree's hash, and the entry
// that last changed something in it: its row holds the way on from there. So an entry costs one row, and finding a name
// as many rows as there are turns off the way, about half of the way's length.

/** What stands beside a step of a way. */
interface Sibling {
  readonly hash: Uint8Array
  /** The entry that last changed this subtree; `null` for an empty one. */
  readonly position: number | null
}

/** The row of one entry of the log. */
export interface MapRow {
  readonly position: number
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** From the root down. */
  readonly siblings: readonly Sibling[]
}

/** Asks for the rows of entries by their positions, so that it can be run by engines that read in either way. */
export type Reading<T> = Generator<number, T, MapRow>

/** Runs a reading where rows are there at once. */
export function readAtOnce<T>(reading: Reading<T>, row: (position: number) => MapRow): T {
  let step = reading.next()
  while (!step.done) step = reading.next(row(step.value))
  return step.value
}

interface Way {
  readonly siblings: Sibling[]
  /** The leaf at the end of the way: the name's own, another one that has the subtree for itself, or none. */
  readonly end: MapRow | null
}

const EMPTY: Sibling = { hash: EMPTY_SUBTREE, position: null }

/** Follows a key in the map as it was when the log had `size` entries. */
function* wayTo(key: Uint8Array, size: number): Reading<Way> {
  const siblings: Sibling[] = []
  let next: number | null = size === 0 ? null : size - 1
  while (next !== null) {
    const row: MapRow = yield next
    const { length } = row.siblings
    let depth = siblings.length
    for (; depth < length && bitOf(row.key, depth) === bitOf(key, depth); depth++) {
      siblings.push(row.siblings[depth] ?? EMPTY)
    }
    // A row may be from when its leaf stood higher: since then it is alone further down.
    if (depth >= length) return { siblings, end: row }
    siblings.push({ hash: subtreeHash(row, depth + 1), position: row.position })
    next = row.siblings[depth]?.position ?? null
  }
  return { siblings, end: null }
}

/** Hash of the subtree on a row's way that begins at a depth. */
function subtreeHash(
  { key, value, siblings }: Omit<MapRow, 'position'>,
  depth: number,
): Uint8Array {
  let hash = mapLeafHash(key, value)
  for (let above = siblings.length - 1; above >= depth; above--) {
    const sibling = siblings[above]?.hash ?? EMPTY_SUBTREE
    hash = bitOf(key, above) === 0 ? mapNodeHash(hash, sibling) : mapNodeHash(sibling, hash)
  }
  return hash
}

const isSameKey = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** The hashes beside the way to a key, from the root down; `null` where the key was not in the map. */
export function* mapSiblings(key: Uint8Array, size: number): Reading<Uint8Array[] | null> {
  const { siblings, end } = yield* wayTo(key, size)
  return end !== null && isSameKey(end.key, key) ? siblings.map(({ hash }) => hash) : null
}

/** Sets the value of a key in the newest map of a log of `size` entries: the row of the next entry, and the new root. */
export function* setInMap(
  key: Uint8Array,
  value: Uint8Array,
  size: number,
): Reading<{ readonly row: MapRow; readonly root: Uint8Array }> {
  const { siblings, end } = yield* wayTo(key, size)
  if (end !== null && !isSameKey(end.key, key)) {
    // Another name had this subtree for itself: both go down to where their bits part.
    while (bitOf(end.key, siblings.length) === bitOf(key, siblings.length)) siblings.push(EMPTY)
    siblings.push({ hash: mapLeafHash(end.key, end.value), position: end.position })
  }
  const row = { position: size, key, value, siblings }
  return { row, root: subtreeHash(row, 0) }
}

const SIBLING_BYTES = 8 + HASH_BYTES

/** A row's siblings as bytes: position + 1 (8), or 0 for an empty one, and the hash, for each. */
export function encodeSiblings(siblings: readonly Sibling[]): Uint8Array {
  const bytes = Buffer.alloc(siblings.length * SIBLING_BYTES)
  for (const [index, { hash, position }] of siblings.entries()) {
    bytes.writeBigUInt64BE(BigInt(position === null ? 0 : position + 1), index * SIBLING_BYTES)
    bytes.set(hash, index * SIBLING_BYTES + 8)
  }
  return bytes
}

/** Undoes {@link encodeSiblings}. */
export function decodeSiblings(bytes: Uint8Array): Sibling[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / SIBLING_BYTES }, (_, index) => {
    const start = index * SIBLING_BYTES
    const position = Number(view.readBigUInt64BE(start)) - 1
    const hash = bytes.subarray(start + 8, start + SIBLING_BYTES)
    return { hash, position: position < 0 ? null : position }
  })
}
