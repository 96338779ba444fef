import { create } from 'zustand'

/** Which list the first pane shows. */
export type ListView = 'conversations' | 'requests' | 'archived'

export const useLayout = create<{
  readonly list: ListView
  readonly detailsOpen: boolean
}>(() => ({ list: 'conversations', detailsOpen: false }))

export function showList(list: ListView): void {
  useLayout.setState({ list })
}

export function setDetailsOpen(open: boolean): void {
  useLayout.setState({ detailsOpen: open })
}

export function toggleDetails(): void {
  useLayout.setState(({ detailsOpen }) => ({ detailsOpen: !detailsOpen }))
}
