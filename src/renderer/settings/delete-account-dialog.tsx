import { useState, type FormEvent } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { closeAllOverlays } from '../state/overlays.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { FormError } from '../ui/form-error.tsx'
import { TextField } from '../ui/text-field.tsx'
import styles from './delete-account-dialog.module.css'

interface DeleteAccountDialogProps {
  readonly address: string
  readonly onClose: () => void
}

/** Deletes the account once its address has been typed. */
export function DeleteAccountDialog({ address, onClose }: DeleteAccountDialogProps) {
  const { t } = useTranslation(['settings', 'errors'])
  const [typed, setTyped] = useState('')
  const { run, pending, error } = useIpcCall('account.delete')
  const confirmed = typed.trim().toLowerCase() === address

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    if (!confirmed || pending) return
    const outcome = await run({ address })
    if (outcome.ok) closeAllOverlays()
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={t('account.deleteTitle')}
      description={t('account.deleteText')}
    >
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <p className={styles.ask}>
          <Trans
            t={t}
            i18nKey="account.deleteConfirm"
            values={{ address }}
            components={{ 1: <bdi className={styles.address} /> }}
          />
        </p>
        <TextField
          label={t('account.address')}
          labelHidden
          value={typed}
          onChange={setTyped}
          dir="ltr"
          spellCheck={false}
          autoComplete="off"
          autoFocus
        />
        {error !== null && <FormError>{t(`errors:${error}`)}</FormError>}
        <div className={styles.buttons}>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" variant="danger" disabled={!confirmed} busy={pending}>
            {pending ? t('account.deleting') : t('account.deleteSubmit')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
