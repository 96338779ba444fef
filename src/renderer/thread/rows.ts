import type { MessageView } from '#ipc/views.ts'
import { dayNumber } from '../i18n/format.ts'

/** Messages of one author closer together than this stand as one group. */
const GROUP_GAP_MS = 5 * 60_000

/** One message with what its neighbours make of it. */
export interface Row {
  readonly message: MessageView
  /** A day begins here. */
  readonly newDay: boolean
  /** The unread divider stands above. */
  readonly unread: boolean
  readonly groupStart: boolean
  readonly groupEnd: boolean
  /** Time and state are shown: the last of its group, or one whose state differs from the next. */
  readonly showMeta: boolean
}

/** What the thread shows for a stretch of messages. */
export function toRows(
  messages: readonly MessageView[],
  firstUnreadSeq: number | null,
): readonly Row[] {
  return messages.map((message, index) => {
    const before = messages[index - 1]
    const after = messages[index + 1]
    const unread = message.seq === firstUnreadSeq
    const groupStart = unread || before === undefined || !together(before, message)
    const groupEnd =
      after === undefined || after.seq === firstUnreadSeq || !together(message, after)
    return {
      message,
      newDay: before === undefined || dayNumber(before.sentAtMs) !== dayNumber(message.sentAtMs),
      unread,
      groupStart,
      groupEnd,
      showMeta: groupEnd || after.state !== message.state,
    }
  })
}

function together(a: MessageView, b: MessageView): boolean {
  return (
    a.author === b.author &&
    a.kind !== 'notice' &&
    b.kind !== 'notice' &&
    b.sentAtMs - a.sentAtMs < GROUP_GAP_MS &&
    dayNumber(a.sentAtMs) === dayNumber(b.sentAtMs)
  )
}
