import { nodesOfAppend, type NodeReader } from '#relay/key-log/log-tree.ts'

/** The stored nodes of a tree with these leaf hashes, in memory. */
export function treeOf(leaves: readonly Uint8Array[]): NodeReader {
  const nodes = new Map<string, Uint8Array>()
  const read: NodeReader = (level, index) => {
    const hash = nodes.get(`${level}/${index}`)
    if (hash === undefined) throw new RangeError('the tree has no such node')
    return hash
  }
  for (const [size, leaf] of leaves.entries()) {
    for (const { level, index, hash } of nodesOfAppend(read, size, leaf)) {
      nodes.set(`${level}/${index}`, hash)
    }
  }
  return read
}
