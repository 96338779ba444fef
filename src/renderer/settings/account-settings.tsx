import { QrCode as QrIcon } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AccountView } from '#ipc/views.ts'
import { copyInviteLink } from '../contacts/copy-invite-link.ts'
import { formatDate } from '../i18n/format.ts'
import { useAccount } from '../state/app.ts'
import { openOverlay } from '../state/overlays.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { DeleteAccountDialog } from './delete-account-dialog.tsx'
import { DisplayNameField } from './display-name-field.tsx'
import { Group } from './group.tsx'
import styles from './account-settings.module.css'

/** Who the user is to others. */
export function AccountSettings() {
  const account = useAccount()
  return account === null ? null : <Account account={account} />
}

function Account({ account }: { readonly account: AccountView }) {
  const { t, i18n } = useTranslation(['settings', 'contacts', 'errors'])
  const [deleting, setDeleting] = useState(false)
  const [copying, setCopying] = useState(false)

  async function copyLink(): Promise<void> {
    setCopying(true)
    await copyInviteLink(i18n.getFixedT(i18n.language, ['contacts', 'errors']), i18n.language)
    setCopying(false)
  }

  return (
    <>
      <Group>
        <div className={styles.identity}>
          <Avatar
            fingerprint={account.fingerprint}
            title={account.displayName || account.address}
            size={4}
          />
          <DisplayNameField account={account} />
        </div>
        <p className={styles.since}>
          {t('account.since', { date: formatDate(i18n.language, account.createdAtMs) })}
        </p>
        {!account.registered && <Banner tone="warning">{t('account.unregistered')}</Banner>}
      </Group>
      <Group title={t('account.address')} hint={t('account.addressHint')}>
        <div className={styles.line}>
          <bdi className={styles.address}>{account.address}</bdi>
          <CopyButton
            size="small"
            text={account.address}
            label={t('copy')}
            copiedLabel={t('copied')}
          />
        </div>
      </Group>
      <Group title={t('account.invite')} hint={t('account.inviteHint')}>
        <div className={styles.buttons}>
          <Button busy={copying} onClick={() => void copyLink()}>
            {t('account.inviteCopy')}
          </Button>
          <Button
            icon={<QrIcon />}
            onClick={() => openOverlay({ kind: 'add-contact', side: 'mine' })}
          >
            {t('account.inviteShow')}
          </Button>
        </div>
      </Group>
      <Group title={t('account.delete')} hint={t('account.deleteHint')}>
        <div className={styles.buttons}>
          <Button variant="danger" onClick={() => setDeleting(true)}>
            {t('account.deleteOpen')}
          </Button>
        </div>
      </Group>
      {deleting && (
        <DeleteAccountDialog address={account.address} onClose={() => setDeleting(false)} />
      )}
    </>
  )
}
