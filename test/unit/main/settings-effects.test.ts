import { expect, test, vi } from 'vitest'
import { DEFAULT_SETTINGS } from '#shared/default-settings.ts'
import { settingsApplier } from '../../../src/main/settings-effects.ts'

test('each setting acts once, when it differs from what acts already', () => {
  const effects = {
    theme: vi.fn(),
    language: vi.fn(),
    screenCaptureProtection: vi.fn(),
    launchAtLogin: vi.fn(),
  }
  const apply = settingsApplier(effects, {
    theme: 'dark',
    screenCaptureProtection: false,
    launchAtLogin: false,
  })
  apply(DEFAULT_SETTINGS)
  apply(DEFAULT_SETTINGS)
  apply({ ...DEFAULT_SETTINGS, screenCaptureProtection: true })
  expect(effects.theme.mock.calls).toEqual([['system']])
  expect(effects.language.mock.calls).toEqual([['system']])
  expect(effects.screenCaptureProtection.mock.calls).toEqual([[true]])
  expect(effects.launchAtLogin).not.toHaveBeenCalled()
})
