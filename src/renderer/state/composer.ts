import { create } from 'zustand'
import type { MessageView } from '#ipc/views.ts'

/** What the composer is about, beside the text (see `composer/drafts.ts`). */
export const useComposer = create<{
  /** The message being answered, by conversation. */
  readonly replies: ReadonlyMap<number, MessageView>
  /** Grows when the composer should take focus. */
  readonly focusTurn: number
}>(() => ({ replies: new Map(), focusTurn: 0 }))

/** Starts answering a message. */
export function startReply(message: MessageView): void {
  useComposer.setState(({ replies, focusTurn }) => ({
    replies: new Map(replies).set(message.conversationId, message),
    focusTurn: focusTurn + 1,
  }))
}

/** The next message of a conversation answers nothing in particular. */
export function cancelReply(conversationId: number): void {
  useComposer.setState(({ replies }) => {
    const next = new Map(replies)
    next.delete(conversationId)
    return { replies: next }
  })
}

/** What is not there any more is not answered: one message, or (`null`) any of a conversation. */
export function dropReply(conversationId: number, seq: number | null): void {
  const reply = useComposer.getState().replies.get(conversationId)
  if (reply !== undefined && (seq === null || reply.seq === seq)) cancelReply(conversationId)
}

/** Forgets what is being answered, for a profile that was closed. */
export function resetReplies(): void {
  useComposer.setState({ replies: new Map() })
}

/** Moves focus to the composer. */
export function focusComposer(): void {
  useComposer.setState(({ focusTurn }) => ({ focusTurn: focusTurn + 1 }))
}
