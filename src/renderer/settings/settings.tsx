import { Tabs } from '@base-ui/react/tabs'
import {
  Bell,
  Globe,
  Info,
  KeyRound,
  Palette,
  ShieldCheck,
  SlidersHorizontal,
  UserRound,
} from 'lucide-react'
import { useEffect, useRef, type ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { About } from '../about/about.tsx'
import {
  closeOverlay,
  openOverlay,
  SETTINGS_SECTIONS,
  type SettingsSection,
} from '../state/overlays.ts'
import { Dialog } from '../ui/dialog.tsx'
import { AccountSettings } from './account-settings.tsx'
import { AppearanceSettings } from './appearance-settings.tsx'
import { GeneralSettings } from './general-settings.tsx'
import { KeyHealth } from './key-health.tsx'
import { NetworkSettings } from './network-settings.tsx'
import { NotificationSettings } from './notification-settings.tsx'
import { PrivacySettings } from './privacy-settings.tsx'
import styles from './settings.module.css'

interface Page {
  readonly Icon: ComponentType
  readonly Content: ComponentType
}

const PAGES: Readonly<Record<SettingsSection, Page>> = {
  account: { Icon: UserRound, Content: AccountSettings },
  general: { Icon: SlidersHorizontal, Content: GeneralSettings },
  privacy: { Icon: ShieldCheck, Content: PrivacySettings },
  notifications: { Icon: Bell, Content: NotificationSettings },
  appearance: { Icon: Palette, Content: AppearanceSettings },
  network: { Icon: Globe, Content: NetworkSettings },
  keys: { Icon: KeyRound, Content: KeyHealth },
  about: { Icon: Info, Content: About },
}

/** All settings, a page for each section. Every one acts at once. */
export function Settings({ section }: { readonly section?: SettingsSection | undefined }) {
  const { t } = useTranslation('settings')
  const page = section ?? 'account'

  // Where the sections lie side by side, in a narrow window.
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const tab = list.current?.querySelector('[aria-selected="true"]')
    tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [page])

  return (
    <Dialog open size="large" onClose={() => closeOverlay('settings')} title={t('title')}>
      <div className={styles.frame}>
        <Tabs.Root
          className={styles.settings}
          orientation="vertical"
          value={page}
          onValueChange={(next: SettingsSection) =>
            openOverlay({ kind: 'settings', section: next })
          }
        >
          <Tabs.List
            ref={list}
            className={styles.sections}
            aria-label={t('sections')}
            activateOnFocus
          >
            {SETTINGS_SECTIONS.map((name) => {
              const { Icon } = PAGES[name]
              return (
                <Tabs.Tab key={name} value={name} className={styles.section}>
                  <Icon />
                  <span>{t(`section.${name}`)}</span>
                </Tabs.Tab>
              )
            })}
          </Tabs.List>
          {SETTINGS_SECTIONS.map((name) => {
            const { Content } = PAGES[name]
            return (
              <Tabs.Panel key={name} value={name} className={styles.page}>
                <h3 className={styles.pageTitle}>{t(`section.${name}`)}</h3>
                <Content />
              </Tabs.Panel>
            )
          })}
        </Tabs.Root>
      </div>
    </Dialog>
  )
}
