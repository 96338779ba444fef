import { create } from 'zustand'

/** Which part of the settings to show. */
export const SETTINGS_SECTIONS = [
  'account',
  'general',
  'privacy',
  'notifications',
  'appearance',
  'network',
  'keys',
  'about',
] as const
export type SettingsSection = (typeof SETTINGS_SECTIONS)[number]

export type Overlay =
  | { readonly kind: 'settings'; readonly section?: SettingsSection }
  | { readonly kind: 'palette' }
  /** `mine` shows the user's own link first. */
  | { readonly kind: 'add-contact'; readonly link?: string; readonly side?: 'mine' }
  | { readonly kind: 'verify'; readonly contactId: number }
  | { readonly kind: 'inspect'; readonly seq: number }
  | { readonly kind: 'message-details'; readonly seq: number }
  | { readonly kind: 'shortcuts' }

/** What lies over the main window, topmost last. */
export const useOverlays = create<{ readonly stack: readonly Overlay[] }>(() => ({ stack: [] }))

/** Puts an overlay on top; one of the same kind that is open already makes way. */
export function openOverlay(overlay: Overlay): void {
  useOverlays.setState(({ stack }) => ({
    stack: [...stack.filter((open) => open.kind !== overlay.kind), overlay],
  }))
}

/** Closes the overlay of one kind, or the topmost one. */
export function closeOverlay(kind?: Overlay['kind']): void {
  useOverlays.setState(({ stack }) => ({
    stack: kind === undefined ? stack.slice(0, -1) : stack.filter((open) => open.kind !== kind),
  }))
}

/** Closes everything that lies over the main window. */
export function closeAllOverlays(): void {
  useOverlays.setState({ stack: [] })
}
