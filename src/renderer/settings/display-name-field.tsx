import { Check } from 'lucide-react'
import { useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { AccountView } from '#ipc/views.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { announce } from '../ui/announcer.tsx'
import { TextField } from '../ui/text-field.tsx'
import styles from './display-name-field.module.css'

/** The name that contacts see; kept when the field is left or Enter is pressed. */
export function DisplayNameField({ account }: { readonly account: AccountView }) {
  const { t } = useTranslation(['settings', 'errors'])
  const [name, setName] = useState(account.displayName)
  const [saved, setSaved] = useState(false)
  const { run, error } = useIpcCall('account.updateProfile')

  async function save(): Promise<void> {
    const displayName = name.trim()
    if (displayName === account.displayName) return
    const outcome = await run({ displayName })
    if (!outcome.ok) return
    setSaved(true)
    announce(t('account.nameSaved'))
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) void save()
  }

  return (
    <TextField
      className={styles.field}
      label={t('account.name')}
      hint={t('account.nameHint')}
      value={name}
      onChange={(text) => {
        setName(text)
        setSaved(false)
      }}
      onBlur={() => void save()}
      onKeyDown={onKeyDown}
      error={error === null ? undefined : t(`errors:${error}`)}
      after={saved && <Check className={styles.saved} aria-hidden="true" />}
      maxLength={64}
      autoComplete="off"
    />
  )
}
