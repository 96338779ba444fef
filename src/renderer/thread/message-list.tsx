import { ArrowDown } from 'lucide-react'
import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useTranslation } from 'react-i18next'
import { Virtualizer, type VirtualizerHandle } from 'virtua'
import type { ConversationView, MessageView } from '#ipc/views.ts'
import { useNow } from '../i18n/use-now.ts'
import { focusComposer } from '../state/composer.ts'
import { jumpToLatest, type Thread } from '../state/threads.ts'
import { Badge } from '../ui/badge.tsx'
import { anchorOf, type MenuAnchor } from '../ui/menu.tsx'
import { Spinner } from '../ui/spinner.tsx'
import { Tooltip } from '../ui/tooltip.tsx'
import styles from './message-list.module.css'
import { MessageMenu } from './message-menu.tsx'
import { MessageRow } from './message-row.tsx'
import { toRows } from './rows.ts'
import { useReadMarker } from './use-read-marker.ts'
import { useScrollPlace } from './use-scroll-place.ts'
import { useUnreadDivider } from './use-unread-divider.ts'

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
  const { messages, firstUnreadSeq, generation, hasOlder, target } = thread
  const rows = useMemo(() => toRows(messages, firstUnreadSeq), [messages, firstUnreadSeq])
  const todayMs = new Date(useNow()).setHours(0, 0, 0, 0)

  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const list = useRef<VirtualizerHandle>(null)
  const [flashSeq, setFlashSeq] = useFlash()
  const [focusedSeq, setFocusedSeq] = useState<number | null>(null)
  const [menu, setMenu] = useState<{
    readonly message: MessageView
    /** The link the menu was asked for on. */
    readonly link: string | null
    readonly anchor: MenuAnchor
  } | null>(null)

  const shift = useGrewAtStart(messages)
  const readMarker = useReadMarker(conversation, messages, list, scroller)
  const place = useScrollPlace({
    conversationId: id,
    thread,
    scroller,
    content,
    list,
    onMoved: readMarker,
  })
  useUnreadDivider(conversation, thread, place.atEnd)

  useEffect(() => {
    if (target.flash && target.seq !== 'end') setFlashSeq(target.seq)
  }, [target, setFlashSeq])

  // Asked before the menu is: on macOS a right click selects the word below it in between.
  const pressedOn = useRef<ReturnType<typeof selectionAt>>('nothing')
  const onPointerDown = (event: PointerEvent) => {
    place.onUserMove()
    pressedOn.current = selectionAt(event)
  }

  const onMenu = useCallback((event: MouseEvent, message: MessageView) => {
    if (event.type === 'contextmenu' && (event.button === 2 || event.ctrlKey)) {
      // A right click on selected text is for the text, not for the message: the shell has a menu for it.
      if (pressedOn.current === 'selected') return
      if (pressedOn.current === 'nothing') getSelection()?.removeAllRanges()
    }
    event.preventDefault()
    const element = event.type === 'click' ? event.currentTarget : rowOf(event.target)
    setMenu({ message, link: linkOf(event.target), anchor: anchorOf(event, element) })
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
      setMenu({ message, link: null, anchor: { getBoundingClientRect: () => rect } })
    }
  }

  const lastSeq = messages.at(-1)?.seq
  const tabbableSeq = rows.some(({ message }) => message.seq === focusedSeq) ? focusedSeq : lastSeq
  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroller}
        data-placed={place.placed || undefined}
        role="region"
        aria-label={t('label', { title: contact.title })}
        onKeyDown={onKeyDown}
        onKeyDownCapture={place.onUserMove}
        onWheel={place.onUserMove}
        onTouchMove={place.onUserMove}
        onPointerDown={onPointerDown}
      >
        <div className={styles.filler} />
        {hasOlder && (
          <div className={styles.loading}>
            <Spinner label={t('common:loading')} />
          </div>
        )}
        <div ref={content} className={styles.rows}>
          <Virtualizer
            key={generation}
            ref={list}
            scrollRef={scroller}
            data={rows}
            shift={shift}
            bufferSize={600}
            startMargin={hasOlder ? 48 : 0}
            onScroll={place.onScroll}
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
      {place.awayFromEnd && (
        <JumpButton count={unreadCount} onClick={() => void jumpToLatest(conversation.id)} />
      )}
      <MessageMenu
        message={menu?.message ?? null}
        link={menu?.link ?? null}
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

/** The message to draw attention to for a moment. */
function useFlash(): [number | null, (seq: number) => void] {
  const [seq, setSeq] = useState<number | null>(null)
  useEffect(() => {
    if (seq === null) return
    const timer = setTimeout(() => setSeq(null), FLASH_MS)
    return () => clearTimeout(timer)
  }, [seq])
  return [seq, setSeq]
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

/** Whether the pointer is on selected text, text elsewhere is selected, or nothing. */
function selectionAt({ clientX, clientY }: PointerEvent): 'selected' | 'elsewhere' | 'nothing' {
  const selection = getSelection()
  if (selection === null || selection.isCollapsed) return 'nothing'
  const here = [...selection.getRangeAt(0).getClientRects()].some(
    ({ left, right, top, bottom }) =>
      left <= clientX && clientX <= right && top <= clientY && clientY <= bottom,
  )
  return here ? 'selected' : 'elsewhere'
}

function linkOf(target: EventTarget): string | null {
  return target instanceof Element ? (target.closest('a')?.getAttribute('href') ?? null) : null
}

function rowOf(target: EventTarget): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('[data-seq]') : null
}
