import { create } from 'zustand'
import type {
  AccountView,
  AppStateView,
  ConnectionView,
  RelayTrustView,
  SettingsView,
} from '#ipc/views.ts'
import { DEFAULT_SETTINGS } from '#shared/default-settings.ts'

interface AppStore {
  readonly app: AppStateView
  readonly connection: ConnectionView | null
  readonly settings: SettingsView
  readonly distrustedRelays: readonly RelayTrustView[]
  readonly screenLocked: boolean
}

/** What the main process last told about the application as a whole. */
export const useApp = create<AppStore>(() => ({
  app: { phase: 'starting' },
  connection: null,
  settings: DEFAULT_SETTINGS,
  distrustedRelays: [],
  screenLocked: false,
}))

/** Whether somebody may be looking: the window has the focus, and not behind a locked screen. */
export function hasAttention(): boolean {
  return document.hasFocus() && !useApp.getState().screenLocked
}

/** The account, once the profile is open. */
export function useAccount(): AccountView | null {
  return useApp(({ app }) => (app.phase === 'ready' ? app.account : null))
}

/** One setting, or what a selector makes of them. */
export function useSetting<T>(select: (settings: SettingsView) => T): T {
  return useApp(({ settings }) => select(settings))
}
