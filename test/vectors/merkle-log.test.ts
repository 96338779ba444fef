import { describe, expect, test } from 'vitest'
import {
  EMPTY_TREE_ROOT,
  leafHash,
  verifyConsistency,
  verifyInclusion,
} from '#crypto/merkle-log.ts'
import { decodeHex, encodeHex } from '#shared/bytes.ts'
import { consistencyPath, inclusionPath, treeRoot } from '#relay/key-log/log-tree.ts'
import { treeOf } from '#test/helpers/log-tree.ts'
import vectors from './merkle-log.json' with { type: 'json' }

function hex(text: string): Uint8Array {
  const bytes = decodeHex(text)
  if (bytes === null) throw new TypeError('not hexadecimal')
  return bytes
}

const leaves = vectors.leaves.map((leaf) => leafHash(hex(leaf)))
const roots = vectors.roots.map(hex)
const tree = treeOf(leaves)

describe('known answers of the Merkle tree', () => {
  test('roots', () => {
    expect(encodeHex(EMPTY_TREE_ROOT)).toBe(vectors.roots[0])
    const made = roots.map((_, size) => encodeHex(treeRoot(tree, size)))
    expect(made).toEqual(vectors.roots)
  })

  test.each(vectors.inclusion)('inclusion of $index in $size', ({ index, size, path }) => {
    expect(inclusionPath(tree, index, size).map(encodeHex)).toEqual(path)
    const [leaf, root] = [leaves[index], roots[size]]
    if (!leaf || !root) throw new TypeError('no such vector')
    const proof = { leaf, index, size, path: path.map(hex), root }
    expect(verifyInclusion(proof)).toBe(true)
    expect(verifyInclusion({ ...proof, index: index + 1 })).toBe(false)
    expect(verifyInclusion({ ...proof, path: [...proof.path, root] })).toBe(false)
  })

  test.each(vectors.consistency)('consistency from $from to $to', ({ from, to, path }) => {
    expect(consistencyPath(tree, from, to).map(encodeHex)).toEqual(path)
    const [oldRoot, root] = [roots[from], roots[to]]
    if (!oldRoot || !root) throw new TypeError('no such vector')
    const proof = { oldSize: from, oldRoot, size: to, root, path: path.map(hex) }
    expect(verifyConsistency(proof)).toBe(true)
    expect(verifyConsistency({ ...proof, path: [...proof.path, root] })).toBe(false)
    expect(verifyConsistency({ ...proof, oldSize: to + 1 })).toBe(false)
    expect(verifyConsistency({ ...proof, root: leafHash(root) })).toBe(false)
    expect(verifyConsistency({ ...proof, oldRoot: leafHash(oldRoot) })).toBe(false)
  })
})
