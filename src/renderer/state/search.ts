import { create } from 'zustand'

/** The search field above the conversation list. */
export const useSearch = create<{
  readonly text: string
  /** Searches only in one conversation. */
  readonly conversationId: number | null
  /** Grows when the field should take focus. */
  readonly focusTurn: number
}>(() => ({ text: '', conversationId: null, focusTurn: 0 }))

/** Brings up the search field, for everything or for one conversation. */
export function focusSearch(conversationId: number | null = null): void {
  useSearch.setState((search) => ({
    conversationId,
    text: search.conversationId === conversationId ? search.text : '',
    focusTurn: search.focusTurn + 1,
  }))
}

export function setSearchText(text: string): void {
  useSearch.setState({ text })
}

/** Ends searching. */
export function clearSearch(): void {
  useSearch.setState({ text: '', conversationId: null })
}
