import { create } from 'zustand'

// Kept outside the rows: a row that scrolls away and comes back is as long as it was.
const useExpandedSet = create<{ readonly seqs: ReadonlySet<number> }>(() => ({ seqs: new Set() }))

/** Whether a long message is shown in full, and how to change that. */
export function useExpanded(seq: number): [boolean, () => void] {
  const expanded = useExpandedSet(({ seqs }) => seqs.has(seq))
  const toggle = () =>
    useExpandedSet.setState(({ seqs }) => {
      const next = new Set(seqs)
      if (!next.delete(seq)) next.add(seq)
      return { seqs: next }
    })
  return [expanded, toggle]
}
