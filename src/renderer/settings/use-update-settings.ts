import { useCallback } from 'react'
import type { SettingsView } from '#ipc/views.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { call } from '../ipc/bridge.ts'
import { useApp } from '../state/app.ts'
import { showToast } from '../ui/toast.tsx'

/** Changes settings at once on the page; where they cannot be kept, they go back and a toast says why. */
export function useUpdateSettings(): (change: Partial<SettingsView>) => Promise<void> {
  const errorText = useErrorText()
  return useCallback(
    async (change) => {
      const before = useApp.getState().settings
      useApp.setState({ settings: { ...before, ...change } })
      const outcome = await call('settings.update', change)
      useApp.setState({ settings: outcome.ok ? outcome.value : before })
      if (!outcome.ok) showToast({ text: errorText(outcome.error.code), tone: 'danger' })
    },
    [errorText],
  )
}
