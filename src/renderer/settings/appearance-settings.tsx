import { Contrast, Minus, Monitor, Moon, Plus, Sun } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { SettingsView } from '#ipc/views.ts'
import { useSetting } from '../state/app.ts'
import { IconButton } from '../ui/icon-button.tsx'
import { Segmented } from '../ui/segmented.tsx'
import { Select } from '../ui/select.tsx'
import { Group } from './group.tsx'
import { useUpdateSettings } from './use-update-settings.ts'
import styles from './appearance-settings.module.css'

const THEMES = [
  { value: 'system', icon: <Monitor /> },
  { value: 'light', icon: <Sun /> },
  { value: 'dark', icon: <Moon /> },
  { value: 'high-contrast', icon: <Contrast /> },
] as const

const FONT_SIZES: readonly number[] = [80, 90, 100, 110, 125, 150, 175, 200]

/** Languages call themselves by their own names, whatever the language of the page. */
const LANGUAGE_NAMES = { en: 'English', de: 'Deutsch', es: 'Español', fr: 'Français' } as const

/** What Sotto looks like. */
export function AppearanceSettings() {
  const { t } = useTranslation('settings')
  const settings = useSetting((all) => all)
  const update = useUpdateSettings()
  const languages: readonly { value: SettingsView['language']; label: string }[] = [
    { value: 'system', label: t('appearance.languageSystem') },
    { value: 'en', label: LANGUAGE_NAMES.en },
    { value: 'de', label: LANGUAGE_NAMES.de },
    { value: 'es', label: LANGUAGE_NAMES.es },
    { value: 'fr', label: LANGUAGE_NAMES.fr },
  ]
  return (
    <>
      <Group>
        <Segmented
          label={t('appearance.theme')}
          value={settings.theme}
          segments={THEMES.map(({ value, icon }) => ({
            value,
            icon,
            label: t(`appearance.themeOption.${value}`),
          }))}
          onChange={(theme) => void update({ theme })}
        />
        <Segmented
          label={t('appearance.density')}
          description={t('appearance.densityHint')}
          value={settings.density}
          segments={[
            { value: 'comfortable', label: t('appearance.densityOption.comfortable') },
            { value: 'compact', label: t('appearance.densityOption.compact') },
          ]}
          onChange={(density) => void update({ density })}
        />
        <FontSize percent={settings.fontSize} onChange={(fontSize) => void update({ fontSize })} />
      </Group>
      <Group>
        <Select
          label={t('appearance.language')}
          value={settings.language}
          options={languages}
          onChange={(language) => void update({ language })}
        />
      </Group>
    </>
  )
}

interface FontSizeProps {
  readonly percent: number
  readonly onChange: (percent: number) => void
}

function FontSize({ percent, onChange }: FontSizeProps) {
  const { t } = useTranslation('settings')
  const smaller = FONT_SIZES.findLast((size) => size < percent)
  const larger = FONT_SIZES.find((size) => size > percent)
  return (
    <div className={styles.fontSize} role="group" aria-label={t('appearance.fontSize')}>
      <span className={styles.label}>{t('appearance.fontSize')}</span>
      <IconButton
        label={t('appearance.smaller')}
        icon={<Minus />}
        aria-disabled={smaller === undefined}
        onClick={() => smaller !== undefined && onChange(smaller)}
      />
      <output className={styles.percent} aria-live="polite">
        {t('appearance.fontSizeValue', { percent })}
      </output>
      <IconButton
        label={t('appearance.larger')}
        icon={<Plus />}
        aria-disabled={larger === undefined}
        onClick={() => larger !== undefined && onChange(larger)}
      />
    </div>
  )
}
