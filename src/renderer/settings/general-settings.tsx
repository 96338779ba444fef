import { useTranslation } from 'react-i18next'
import { useIpcValue } from '../ipc/use-ipc-value.ts'
import { useSetting } from '../state/app.ts'
import { isMac } from '../ui/key-labels.ts'
import { Segmented } from '../ui/segmented.tsx'
import { Switch } from '../ui/switch.tsx'
import { Group } from './group.tsx'
import { useUpdateSettings } from './use-update-settings.ts'

/** How writing and the window behave. */
export function GeneralSettings() {
  const { t } = useTranslation('settings')
  const settings = useSetting((all) => all)
  const update = useUpdateSettings()
  const { value: about } = useIpcValue('about.get')
  return (
    <>
      <Group>
        <Segmented
          label={t('general.sendKey')}
          description={t('general.sendKeyHint')}
          value={settings.sendKey}
          segments={[
            { value: 'enter', label: t('general.sendKeyOption.enter') },
            {
              value: 'ctrl-enter',
              label: t(`general.sendKeyOption.${isMac() ? 'cmd-enter' : 'ctrl-enter'}`),
            },
          ]}
          onChange={(sendKey) => void update({ sendKey })}
        />
      </Group>
      <Group>
        {about?.launchesAtLogin !== false && (
          <Switch
            label={t('general.launchAtLogin')}
            checked={settings.launchAtLogin}
            onChange={(launchAtLogin) => void update({ launchAtLogin })}
          />
        )}
        <Switch
          label={t('general.closeToTray')}
          description={t('general.closeToTrayHint')}
          checked={settings.closeToTray}
          onChange={(closeToTray) => void update({ closeToTray })}
        />
      </Group>
    </>
  )
}
