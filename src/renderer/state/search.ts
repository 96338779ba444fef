import { create } from 'zustand'

/** The search field above the conversation list. */
export const useSearch = create<{
  readonly text: string
  /** Searches only in one conversation. */
  readonly conversationId: number | null
  /** One is searching: in a narrow window, the list lies over the thread meanwhile. */
  readonly active: boolean
  /** Grows when the field should take focus. */
  readonly focusTurn: number
}>(() => ({ text: '', conversationId: null, active: false, focusTurn: 0 }))

/** Brings up the search field, for everything or for one conversation. */
export function focusSearch(conversationId: number | null = null): void {
  useSearch.setState((search) => ({
    conversationId,
    text: search.conversationId === conversationId ? search.text : '',
    active: true,
    focusTurn: search.focusTurn + 1,
  }))
}

export function setSearchText(text: string): void {
  useSearch.setState({ text, active: true })
}

/** Ends searching. */
export function clearSearch(): void {
  useSearch.setState({ text: '', conversationId: null, active: false })
}

/** Leaves what was found as it is, and goes to the thread. */
export function leaveSearch(): void {
  useSearch.setState({ active: false })
}
