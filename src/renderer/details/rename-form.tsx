import { type FormEvent, type KeyboardEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactView } from '#ipc/views.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/text-field.tsx'
import styles from './details-pane.module.css'

/** Gives a contact a name of one's own; an empty one goes back to theirs. */
export function RenameForm({
  contact,
  onDone,
}: {
  readonly contact: ContactView
  readonly onDone: () => void
}) {
  const { t } = useTranslation(['details', 'common'])
  const errorText = useErrorText()
  const rename = useIpcCall('contacts.rename')
  const [name, setName] = useState(contact.petname || contact.displayName)

  const onSubmit = async (event: FormEvent) => {
    event.preventDefault()
    const outcome = await rename.run({ contactId: contact.id, petname: name.trim() })
    if (outcome.ok) onDone()
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.nativeEvent.isComposing) return
    event.preventDefault()
    onDone()
  }

  return (
    <form className={styles.rename} onSubmit={onSubmit} onKeyDown={onKeyDown}>
      <TextField
        label={t('name')}
        hint={t('nameHint')}
        error={rename.error === null ? undefined : errorText(rename.error)}
        value={name}
        maxLength={64}
        autoFocus
        onChange={setName}
      />
      <div className={styles.renameButtons}>
        <Button size="small" onClick={onDone}>
          {t('common:cancel')}
        </Button>
        <Button size="small" variant="primary" type="submit" busy={rename.pending}>
          {t('common:save')}
        </Button>
      </div>
    </form>
  )
}
