import { useEffect } from 'react'
import { create } from 'zustand'
import type { ConversationView } from '#ipc/views.ts'
import { MAX_DRAFT_CHARS } from '#shared/text-limits.ts'
import { call } from '../ipc/bridge.ts'
import { useConversations } from '../state/conversations.ts'

const PAUSE_MS = 600

// What is being typed, by conversation, where it is newer than what is stored.
const useTyped = create<{ readonly texts: ReadonlyMap<number, string> }>(() => ({
  texts: new Map(),
}))

const timers = new Map<number, ReturnType<typeof setTimeout>>()

/** The unsent text of a conversation. It is stored shortly after the last keystroke, and when one leaves. */
export function useDraft({ id, draft }: ConversationView): string {
  const typed = useTyped(({ texts }) => texts.get(id))
  useEffect(() => {
    const flush = () => void flushDraft(id)
    window.addEventListener('blur', flush)
    window.addEventListener('pagehide', flush)
    return () => {
      window.removeEventListener('blur', flush)
      window.removeEventListener('pagehide', flush)
      flush()
    }
  }, [id])
  return typed ?? draft
}

/** Changes the unsent text. */
export function setDraft(id: number, text: string): void {
  useTyped.setState(({ texts }) => ({ texts: new Map(texts).set(id, text) }))
  clearTimeout(timers.get(id))
  timers.set(
    id,
    setTimeout(() => void flushDraft(id), PAUSE_MS),
  )
}

/** Forgets what was not stored, for a profile that is gone. */
export function resetDrafts(): void {
  useTyped.setState({ texts: new Map() })
}

/** The unsent text as it is now, stored or not. */
export function currentDraft(id: number): string {
  const typed = useTyped.getState().texts.get(id)
  return typed ?? useConversations.getState().byId.get(id)?.draft ?? ''
}

/** Stores the unsent text at once; one that is too long for that stays here only. */
export async function flushDraft(id: number): Promise<void> {
  clearTimeout(timers.get(id))
  timers.delete(id)
  const text = useTyped.getState().texts.get(id)
  if (text === undefined || text.length > MAX_DRAFT_CHARS) return
  const outcome = await call('conversations.update', {
    conversationId: id,
    change: { draft: text },
  })
  if (!outcome.ok) return
  // From now on what is stored is the truth, unless more was typed meanwhile.
  useTyped.setState(({ texts }) => {
    if (texts.get(id) !== text) return {}
    const next = new Map(texts)
    next.delete(id)
    return { texts: next }
  })
}
