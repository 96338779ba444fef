import { useTranslation } from 'react-i18next'
import { useSetting } from '../state/app.ts'
import { Select } from '../ui/select.tsx'
import { Switch } from '../ui/switch.tsx'
import { BlockedContacts } from './blocked-contacts.tsx'
import { Group } from './group.tsx'
import { useUpdateSettings } from './use-update-settings.ts'

const captureProtectionWorks = !navigator.userAgent.includes('Linux')

/** What others may learn and do. */
export function PrivacySettings() {
  const { t } = useTranslation('settings')
  const settings = useSetting((all) => all)
  const update = useUpdateSettings()
  return (
    <>
      <Group>
        <Switch
          label={t('privacy.readReceipts')}
          description={t('privacy.readReceiptsHint')}
          checked={settings.readReceipts}
          onChange={(readReceipts) => void update({ readReceipts })}
        />
        <Select
          label={t('privacy.whoMayWrite')}
          description={t('privacy.whoMayWriteHint')}
          value={settings.whoMayWrite}
          options={[
            { value: 'anyone', label: t('privacy.whoMayWriteOption.anyone') },
            { value: 'links-only', label: t('privacy.whoMayWriteOption.links-only') },
          ]}
          onChange={(whoMayWrite) => void update({ whoMayWrite })}
        />
        <Switch
          label={t('privacy.capture')}
          description={
            captureProtectionWorks ? t('privacy.captureHint') : t('privacy.captureUnsupported')
          }
          checked={settings.screenCaptureProtection && captureProtectionWorks}
          disabled={!captureProtectionWorks}
          onChange={(screenCaptureProtection) => void update({ screenCaptureProtection })}
        />
      </Group>
      <Group title={t('privacy.blocked')} hint={t('privacy.blockedHint')}>
        <BlockedContacts />
      </Group>
    </>
  )
}
