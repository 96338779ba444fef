import { useTranslation } from 'react-i18next'
import type { SettingsView } from '#ipc/views.ts'
import { useSetting } from '../state/app.ts'
import { Logo } from '../ui/logo.tsx'
import { Select } from '../ui/select.tsx'
import { Switch } from '../ui/switch.tsx'
import { Group } from './group.tsx'
import { useUpdateSettings } from './use-update-settings.ts'
import styles from './notification-settings.module.css'

type Content = SettingsView['notifications']
const CONTENTS: readonly Content[] = ['name-and-text', 'name-only', 'hidden', 'off']

/** What notifications show and whether they are heard. */
export function NotificationSettings() {
  const { t } = useTranslation('settings')
  const settings = useSetting((all) => all)
  const update = useUpdateSettings()
  return (
    <>
      <Group>
        <Select
          label={t('notifications.content')}
          description={t('notifications.contentHint')}
          value={settings.notifications}
          options={CONTENTS.map((value) => ({ value, label: t(`notifications.option.${value}`) }))}
          onChange={(notifications) => void update({ notifications })}
        />
        <Preview content={settings.notifications} />
      </Group>
      <Group>
        <Switch
          label={t('notifications.sound')}
          description={t('notifications.soundHint')}
          checked={settings.notificationSound}
          disabled={settings.notifications === 'off'}
          onChange={(notificationSound) => void update({ notificationSound })}
        />
      </Group>
    </>
  )
}

/** What a notification looks like with this setting. */
function Preview({ content }: { readonly content: Content }) {
  const { t } = useTranslation('settings')
  return (
    <figure className={styles.preview} aria-label={t('notifications.preview')}>
      {content === 'off' ? (
        <p className={styles.off}>{t('notifications.previewOff')}</p>
      ) : (
        <div className={styles.notification}>
          <Logo size={32} />
          <p className={styles.texts}>
            <strong>{content === 'hidden' ? 'Sotto' : t('notifications.previewName')}</strong>
            <span>
              {content === 'name-and-text'
                ? t('notifications.previewText')
                : t('notifications.previewNewMessage')}
            </span>
          </p>
        </div>
      )}
    </figure>
  )
}
