import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextSizeForContact, sizesForOwner } from '#crypto/key-log.ts'
import { EMPTY_SUBTREE, mapLeafHash, mapNodeHash, verifyMapping } from '#crypto/key-map.ts'
import { leafHash, nodeHash, verifyConsistency, verifyInclusion } from '#crypto/merkle-log.ts'
import { sha256 } from '#crypto/primitives.ts'
import { encodeHex, encodeUtf8 } from '#shared/bytes.ts'
import { consistencyPath, inclusionPath, treeRoot } from '#relay/key-log/log-tree.ts'
import {
  decodeSiblings,
  encodeSiblings,
  mapSiblings,
  readAtOnce,
  setInMap,
  type MapRow,
} from '#relay/key-log/prefix-map.ts'
import { treeOf } from '#test/helpers/log-tree.ts'

// Readable twins: RFC 9162 §2.1 word by word over whole lists, and a map built anew from all its keys.

function splitOf(count: number): number {
  return 2 ** Math.ceil(Math.log2(count) - 1)
}

/** MTH(D). */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves
  if (first === undefined) return sha256(new Uint8Array(0))
  if (leaves.length === 1) return first
  const k = splitOf(leaves.length)
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

/** PATH(m, D). */
function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return []
  const k = splitOf(leaves.length)
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))]
}

/** SUBPROOF(m, D, b). */
function naiveSubproof(m: number, leaves: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (m === leaves.length) return whole ? [] : [naiveRoot(leaves)]
  const k = splitOf(leaves.length)
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))]
}

const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => leafHash(encodeUtf8(`leaf ${index}`)))

const hexes = (hashes: readonly Uint8Array[]): string[] => hashes.map(encodeHex)

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const index = (bit >> 3) % copy.length
  copy[index] = (copy[index] ?? 0) ^ (1 << (bit & 7))
  return copy
}

const anySize = fc.integer({ min: 1, max: 300 })

describe('the Merkle tree', () => {
  test('gives the proofs of RFC 9162 for every leaf and size, and they verify', () => {
    const property = fc.property(anySize, fc.nat(), fc.nat(), (size, a, b) => {
      const leaves = leavesOf(size)
      const tree = treeOf(leaves)
      const root = treeRoot(tree, size)
      expect(encodeHex(root)).toBe(encodeHex(naiveRoot(leaves)))
      const index = a % size
      const path = inclusionPath(tree, index, size)
      expect(hexes(path)).toEqual(hexes(naivePath(index, leaves)))
      const leaf = leaves[index] as Uint8Array
      expect(verifyInclusion({ leaf, index, size, path, root })).toBe(true)
      const oldSize = 1 + (b % size)
      const oldRoot = treeRoot(tree, oldSize)
      const consistency = consistencyPath(tree, oldSize, size)
      expect(hexes(consistency)).toEqual(hexes(naiveSubproof(oldSize, leaves, true)))
      expect(verifyConsistency({ oldSize, oldRoot, size, root, path: consistency })).toBe(true)
    })
    fc.assert(property, { numRuns: 200 })
  })

  test('a proof with any bit flipped, anything added or anything left out fails', () => {
    const property = fc.property(anySize, fc.nat(), fc.nat(), fc.nat(), (size, a, b, bit) => {
      const leaves = leavesOf(size)
      const tree = treeOf(leaves)
      const root = treeRoot(tree, size)
      const index = a % size
      const leaf = leaves[index] as Uint8Array
      const path = inclusionPath(tree, index, size)
      const inclusion = { leaf, index, size, path, root }
      for (const wrong of wrongPaths(path, bit)) {
        expect(verifyInclusion({ ...inclusion, path: wrong })).toBe(false)
      }
      expect(verifyInclusion({ ...inclusion, leaf: flipped(leaf, bit) })).toBe(false)
      expect(verifyInclusion({ ...inclusion, root: flipped(root, bit) })).toBe(false)
      expect(verifyInclusion({ ...inclusion, index: size })).toBe(false)

      const oldSize = 1 + (b % size)
      const oldRoot = treeRoot(tree, oldSize)
      const between = consistencyPath(tree, oldSize, size)
      const consistency = { oldSize, oldRoot, size, root, path: between }
      for (const wrong of wrongPaths(between, bit)) {
        expect(verifyConsistency({ ...consistency, path: wrong })).toBe(false)
      }
      expect(verifyConsistency({ ...consistency, oldRoot: flipped(oldRoot, bit) })).toBe(false)
      expect(verifyConsistency({ ...consistency, root: flipped(root, bit) })).toBe(false)
    })
    fc.assert(property, { numRuns: 200 })
  })

  test('a tree whose old part was changed is not consistent, whatever is given as a proof', () => {
    const property = fc.property(
      fc.integer({ min: 2, max: 200 }),
      fc.nat(),
      fc.nat(),
      (size, a, b) => {
        const leaves = leavesOf(size)
        const oldSize = 1 + (a % (size - 1))
        const oldRoot = treeRoot(treeOf(leaves), oldSize)
        const changed = leaves.with(b % oldSize, leafHash(encodeUtf8('another')))
        const tree = treeOf(changed)
        const path = consistencyPath(tree, oldSize, size)
        const root = treeRoot(tree, size)
        expect(verifyConsistency({ oldSize, oldRoot, size, root, path })).toBe(false)
      },
    )
    fc.assert(property, { numRuns: 100 })
  })
})

function* wrongPaths(path: readonly Uint8Array[], bit: number): Generator<Uint8Array[]> {
  yield [...path, new Uint8Array(32)]
  for (const [index, hash] of path.entries()) {
    yield path.with(index, flipped(hash, bit))
    yield path.with(index, hash.subarray(1))
    yield path.toSpliced(index, 1)
  }
}

/** The rows of a map in memory, which have all its versions. */
class VersionedMap {
  readonly #rows: MapRow[] = []
  readonly #row = (position: number): MapRow => {
    const row = this.#rows[position]
    if (row === undefined) throw new RangeError('no such row')
    return { ...row, siblings: decodeSiblings(encodeSiblings(row.siblings)) }
  }

  set(key: Uint8Array, value: Uint8Array): Uint8Array {
    const { row, root } = readAtOnce(setInMap(key, value, this.#rows.length), this.#row)
    this.#rows.push(row)
    return root
  }

  siblings(key: Uint8Array, size: number): Uint8Array[] | null {
    return readAtOnce(mapSiblings(key, size), this.#row)
  }
}

/** The root over all keys, from the definition. */
function naiveMapRoot(
  entries: readonly (readonly [Uint8Array, Uint8Array])[],
  depth = 0,
): Uint8Array {
  const [first] = entries
  if (first === undefined) return EMPTY_SUBTREE
  if (entries.length === 1) return mapLeafHash(first[0], first[1])
  const bit = (key: Uint8Array) => ((key[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1
  return mapNodeHash(
    naiveMapRoot(
      entries.filter(([key]) => bit(key) === 0),
      depth + 1,
    ),
    naiveMapRoot(
      entries.filter(([key]) => bit(key) === 1),
      depth + 1,
    ),
  )
}

describe('the map of names', () => {
  /** Keys that share many first bits as well as far ones. */
  const anyKey = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.nat({ max: 40 }))
    .map(([first, rest]) => {
      const key = sha256(encodeUtf8(String(rest)))
      key[0] = first & 0xf0
      return key
    })

  test('has the root of its definition after every change, and proves every key at every version', () => {
    const property = fc.property(
      fc.array(fc.tuple(anyKey, fc.nat()), { minLength: 1, maxLength: 40 }),
      fc.nat(),
      (changes, bit) => {
        const map = new VersionedMap()
        const states: { root: Uint8Array; entries: [Uint8Array, Uint8Array][] }[] = []
        let entries: [Uint8Array, Uint8Array][] = []
        for (const [key, number] of changes) {
          const value = sha256(encodeUtf8(`value ${number}`))
          const root = map.set(key, value)
          entries = [
            ...entries.filter(([each]) => encodeHex(each) !== encodeHex(key)),
            [key, value],
          ]
          expect(encodeHex(root)).toBe(encodeHex(naiveMapRoot(entries)))
          states.push({ root, entries })
        }
        for (const [index, state] of states.entries()) {
          for (const [key, value] of state.entries) {
            const siblings = map.siblings(key, index + 1)
            if (siblings === null) throw new Error('a key is missing')
            const proof = { key, value, siblings, root: state.root }
            expect(verifyMapping(proof)).toBe(true)
            expect(verifyMapping({ ...proof, value: flipped(value, bit) })).toBe(false)
            expect(verifyMapping({ ...proof, key: flipped(key, bit) })).toBe(false)
            expect(verifyMapping({ ...proof, root: flipped(state.root, bit) })).toBe(false)
            for (const wrong of wrongPaths(siblings, bit)) {
              expect(verifyMapping({ ...proof, siblings: wrong })).toBe(false)
            }
          }
        }
        expect(map.siblings(changes[0]?.[0] as Uint8Array, 0)).toBeNull()
      },
    )
    fc.assert(property, { numRuns: 40 })
  })
})

describe('looking at names', () => {
  test('a contact and an owner meet at exactly one size, whenever they look', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.integer({ min: 0, max: 2 ** 40 }),
      (lookedAt, before, later) => {
        // The owner looked last before the contact did, and then again.
        const seen = before % lookedAt
        const size = lookedAt + later
        const owners = new Set(sizesForOwner(seen, size))
        let meetings = 0
        for (let at = lookedAt; at <= size; at = nextSizeForContact(at)) {
          if (owners.has(at)) meetings++
        }
        expect(meetings).toBe(1)
      },
    )
    fc.assert(property, { numRuns: 1_000 })
  })
})
