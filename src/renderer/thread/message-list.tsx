import { ArrowDown } from 'lucide-react'
import {
  type KeyboardEvent,
  type MouseEvent,
  useCallback,
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useTranslation } from 'react-i18next'
import { Virtualizer, type VirtualizerHandle } from 'virtua'
import type { ConversationView, MessageView } from '#ipc/views.ts'
import { useNow } from '../i18n/use-now.ts'
import { focusComposer } from '../state/composer.ts'
import { jumpToLatest, loadNewer, loadOlder, type Thread } from '../state/threads.ts'
import { Badge } from '../ui/badge.tsx'
import { anchorOf, type MenuAnchor } from '../ui/menu.tsx'
import { Spinner } from '../ui/spinner.tsx'
import { Tooltip } from '../ui/tooltip.tsx'
import styles from './message-list.module.css'
import { MessageMenu } from './message-menu.tsx'
import { MessageRow } from './message-row.tsx'
import { toRows } from './rows.ts'
import { useReadMarker } from './use-read-marker.ts'
import { useUnreadDivider } from './use-unread-divider.ts'

const LOAD_AHEAD_PX = 1_200
const AT_END_PX = 48
const CONTEXT_PX = 56
const FLASH_MS = 1_700

/** The messages of one conversation. */
export function MessageList({
  conversation,
  thread,
  canReply,
}: {
  readonly conversation: ConversationView
  readonly thread: Thread
  readonly canReply: boolean
}) {
  const { t } = useTranslation(['thread', 'common'])
  const { id, contact, unreadCount } = conversation
  const { messages, firstUnreadSeq, generation, hasNewer, hasOlder, target } = thread
  const rows = useMemo(() => toRows(messages, firstUnreadSeq), [messages, firstUnreadSeq])
  const todayMs = new Date(useNow()).setHours(0, 0, 0, 0)

  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<VirtualizerHandle>(null)
  const atEnd = useRef(true)
  const [awayFromEnd, setAwayFromEnd] = useState(false)
  const [placed, setPlaced] = useState(-1)
  const [flashSeq, setFlashSeq] = useState<number | null>(null)
  const [focusedSeq, setFocusedSeq] = useState<number | null>(null)
  const [menu, setMenu] = useState<{
    readonly message: MessageView
    readonly anchor: MenuAnchor
  } | null>(null)

  const shift = useGrewAtStart(messages)
  const readMarker = useReadMarker(conversation, messages, list)
  useUnreadDivider(conversation, thread, atEnd)

  const onScroll = useCallback(() => {
    const box = scroller.current
    if (box === null) return
    const below = box.scrollHeight - box.scrollTop - box.clientHeight
    atEnd.current = below <= AT_END_PX && !hasNewer
    setAwayFromEnd(below > box.clientHeight / 2 || (hasNewer && below > AT_END_PX))
    if (box.scrollTop < LOAD_AHEAD_PX) void loadOlder(id)
    if (below < LOAD_AHEAD_PX) void loadNewer(id)
    readMarker()
  }, [id, hasNewer, readMarker])

  const scrollToEnd = useCallback(() => {
    list.current?.scrollToIndex(rows.length - 1, { align: 'end' })
  }, [rows.length])

  // What the thread was asked to show: its place is found before the rows are seen.
  const goToTarget = useEffectEvent(() => {
    if (target.seq === 'end') {
      atEnd.current = true
      scrollToEnd()
    } else {
      const index = rows.findIndex(({ message }) => message.seq === target.seq)
      if (index === -1) return
      atEnd.current = false
      const offset = target.align === 'start' ? -CONTEXT_PX : 0
      list.current?.scrollToIndex(index, { align: target.align, offset })
      if (target.flash) setFlashSeq(target.seq)
    }
  })
  useLayoutEffect(() => {
    goToTarget()
    const frame = requestAnimationFrame(() => {
      setPlaced(generation)
      onScroll()
    })
    return () => cancelAnimationFrame(frame)
    // oxlint-disable-next-line react/exhaustive-deps -- a turn of the target is what asks for it
  }, [generation, target.turn])

  useEffect(() => {
    if (flashSeq === null) return
    const timer = setTimeout(() => setFlashSeq(null), FLASH_MS)
    return () => clearTimeout(timer)
  }, [flashSeq])

  // New messages at the end keep the end in view, where it was in view.
  const lastSeq = messages.at(-1)?.seq
  useLayoutEffect(() => {
    if (atEnd.current) scrollToEnd()
    const frame = requestAnimationFrame(onScroll)
    return () => cancelAnimationFrame(frame)
  }, [lastSeq, rows.length, scrollToEnd, onScroll])

  const onResize = useCallback(() => {
    if (atEnd.current) scrollToEnd()
  }, [scrollToEnd])

  const onMenu = useCallback((event: MouseEvent, message: MessageView) => {
    // A right click on a link or on selected text is for the text, not for the message.
    event.preventDefault()
    const element = event.type === 'click' ? event.currentTarget : rowOf(event.target)
    setMenu({ message, anchor: anchorOf(event, element) })
  }, [])

  const focusRow = (index: number) => {
    const seq = rows[index]?.message.seq
    if (seq === undefined) return
    list.current?.scrollToIndex(index, { align: 'nearest' })
    setFocusedSeq(seq)
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-seq="${seq}"]`)?.focus()
    })
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const row = rowOf(event.target)
    const at = rows.findIndex(({ message }) => String(message.seq) === row?.dataset['seq'])
    if (at === -1 || event.target !== row) return
    if (event.key === 'Escape') return focusComposer()
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      focusRow(to)
    }
    if (event.key === 'Enter') {
      const message = rows[at]?.message
      if (message === undefined) return
      event.preventDefault()
      const rect = row.getBoundingClientRect()
      setMenu({ message, anchor: { getBoundingClientRect: () => rect } })
    }
  }

  const tabbableSeq = rows.some(({ message }) => message.seq === focusedSeq) ? focusedSeq : lastSeq
  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroller}
        data-placed={placed === generation || undefined}
        role="region"
        aria-label={t('label', { title: contact.title })}
        onKeyDown={onKeyDown}
      >
        <div className={styles.filler} />
        {hasOlder && (
          <div className={styles.loading}>
            <Spinner label={t('common:loading')} />
          </div>
        )}
        <div className={styles.rows}>
          <Virtualizer
            key={generation}
            ref={list}
            scrollRef={scroller}
            data={rows}
            shift={shift}
            bufferSize={600}
            startMargin={hasOlder ? 48 : 0}
            onScroll={onScroll}
            onResize={onResize}
          >
            {(row) => (
              <MessageRow
                key={row.message.seq}
                {...row}
                title={contact.title}
                canReply={canReply}
                tabbable={row.message.seq === tabbableSeq}
                flash={row.message.seq === flashSeq}
                todayMs={todayMs}
                onMenu={onMenu}
              />
            )}
          </Virtualizer>
        </div>
      </div>
      {awayFromEnd && (
        <JumpButton count={unreadCount} onClick={() => void jumpToLatest(conversation.id)} />
      )}
      <MessageMenu
        message={menu?.message ?? null}
        anchor={menu?.anchor ?? null}
        canReply={canReply}
        onClose={() => setMenu(null)}
      />
    </div>
  )
}

function JumpButton({ count, onClick }: { readonly count: number; readonly onClick: () => void }) {
  const { t } = useTranslation('thread')
  const label = count > 0 ? t('jumpToLatestCount', { count }) : t('jumpToLatest')
  return (
    <Tooltip text={label} side="inline-start">
      <button type="button" className={styles.jump} aria-label={label} onClick={onClick}>
        <ArrowDown />
        {count > 0 && (
          <span className={styles.jumpCount} aria-hidden="true">
            <Badge>{count > 999 ? '999+' : count}</Badge>
          </span>
        )}
      </button>
    </Tooltip>
  )
}

/** Whether the last change of the rows was at their start alone: added there, or taken away. */
function useGrewAtStart(messages: readonly MessageView[]): boolean {
  const [last, setLast] = useState({ messages, atStart: false })
  if (last.messages === messages) return last.atStart
  const atStart =
    messages[0]?.seq !== last.messages[0]?.seq && messages.at(-1)?.seq === last.messages.at(-1)?.seq
  setLast({ messages, atStart })
  return atStart
}

function rowOf(target: EventTarget): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('[data-seq]') : null
}
