import {
  type RefObject,
  useCallback,
  useEffectEvent,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import type { VirtualizerHandle } from 'virtua'
import { loadNewer, loadOlder, type Thread } from '../state/threads.ts'

/** Pages are loaded while there is still this much to scroll. */
const LOAD_AHEAD_PX = 1_200
const AT_END_PX = 48
/** What is shown above the message that a conversation opens at. */
const CONTEXT_PX = 56
/** How long a turn of the wheel or a key explains scrolling. */
const USER_MOVE_MS = 400

interface ScrollPlace {
  /** Whether the place asked for has been found and can be seen. */
  readonly placed: boolean
  /** Whether the end is in view, and stays so when messages arrive. */
  readonly atEnd: RefObject<boolean>
  /** So far from the end that a way back is worth showing. */
  readonly awayFromEnd: boolean
  readonly onScroll: () => void
  /** The user scrolls, by whatever means. */
  readonly onUserMove: () => void
}

/**
 * Where a thread is scrolled to: it goes where the store asks, keeps the end in view until the user scrolls
 * away from it, and has more messages loaded before they are reached.
 */
export function useScrollPlace({
  conversationId,
  thread: { generation, hasNewer, messages, target },
  scroller,
  content,
  list,
  onMoved,
}: {
  readonly conversationId: number
  readonly thread: Thread
  readonly scroller: RefObject<HTMLDivElement | null>
  /** Holds the rows, inside the scroller. */
  readonly content: RefObject<HTMLDivElement | null>
  readonly list: RefObject<VirtualizerHandle | null>
  readonly onMoved: () => void
}): ScrollPlace {
  const [placedGeneration, setPlacedGeneration] = useState(-1)
  const [awayFromEnd, setAwayFromEnd] = useState(false)
  const atEnd = useRef(true)
  // Rows that turn out taller than thought move the end away too: only the user leaves it.
  const userMovedAtMs = useRef(Number.NEGATIVE_INFINITY)
  const last = useRef({ top: 0, height: 0 })

  const onScroll = useCallback(() => {
    const box = scroller.current
    if (box === null) return
    const below = box.scrollHeight - box.scrollTop - box.clientHeight
    const backwards =
      box.scrollTop < last.current.top - 1 && box.scrollHeight === last.current.height
    last.current = { top: box.scrollTop, height: box.scrollHeight }
    const byUser = backwards || performance.now() - userMovedAtMs.current < USER_MOVE_MS
    if (below <= AT_END_PX) atEnd.current = !hasNewer
    else if (byUser || hasNewer) atEnd.current = false
    setAwayFromEnd(!atEnd.current && (below > box.clientHeight / 2 || hasNewer))
    if (box.scrollTop < LOAD_AHEAD_PX) void loadOlder(conversationId)
    if (below < LOAD_AHEAD_PX) void loadNewer(conversationId)
    onMoved()
  }, [conversationId, hasNewer, scroller, onMoved])

  // Not the list's own way to an index: that one repeats itself until all is measured, and would take the
  // user back who has scrolled on meanwhile.
  const scrollToEnd = useCallback(() => {
    const box = scroller.current
    if (box !== null) box.scrollTop = box.scrollHeight
  }, [scroller])

  const goToTarget = useEffectEvent(() => {
    userMovedAtMs.current = Number.NEGATIVE_INFINITY
    if (target.seq === 'end') {
      atEnd.current = true
      return scrollToEnd()
    }
    const index = messages.findIndex(({ seq }) => seq === target.seq)
    if (index === -1) return
    atEnd.current = false
    const offset = target.align === 'start' ? -CONTEXT_PX : 0
    list.current?.scrollToIndex(index, { align: target.align, offset })
  })

  const look = useEffectEvent(() => {
    setPlacedGeneration(generation)
    onScroll()
  })

  useLayoutEffect(() => {
    goToTarget()
    const frame = requestAnimationFrame(() => look())
    return () => cancelAnimationFrame(frame)
  }, [generation, target.turn])

  // New messages at the end keep the end in view, where it was in view.
  const lastSeq = messages.at(-1)?.seq
  useLayoutEffect(() => {
    if (atEnd.current) scrollToEnd()
    const frame = requestAnimationFrame(() => onScroll())
    return () => cancelAnimationFrame(frame)
  }, [lastSeq, onScroll, messages.length, scrollToEnd])

  // Rows are measured as they appear, and the composer grows: before each picture, the end is where it was.
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      if (atEnd.current) scrollToEnd()
    })
    for (const { current } of [scroller, content]) if (current !== null) observer.observe(current)
    return () => observer.disconnect()
  }, [scroller, content, scrollToEnd])

  const onUserMove = useCallback(() => {
    userMovedAtMs.current = performance.now()
  }, [])

  return {
    placed: placedGeneration === generation,
    atEnd,
    awayFromEnd,
    onScroll,
    onUserMove,
  }
}
