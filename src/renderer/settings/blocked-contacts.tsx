import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactView } from '#ipc/views.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { useConversations } from '../state/conversations.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Button } from '../ui/button.tsx'
import { showToast } from '../ui/toast.tsx'
import styles from './blocked-contacts.module.css'

/** Whom the user has blocked, with the way back. */
export function BlockedContacts() {
  const { t, i18n } = useTranslation('settings')
  const byId = useConversations((state) => state.byId)
  const blocked = useMemo(
    () =>
      [...byId.values()]
        .flatMap(({ contact }) => (contact.relation === 'blocked' ? [contact] : []))
        .sort((a, b) => a.title.localeCompare(b.title, i18n.language)),
    [byId, i18n.language],
  )
  if (blocked.length === 0) return <p className={styles.none}>{t('privacy.blockedNone')}</p>
  return (
    <ul className={styles.list}>
      {blocked.map((contact) => (
        <BlockedContact key={contact.id} contact={contact} />
      ))}
    </ul>
  )
}

function BlockedContact({ contact }: { readonly contact: ContactView }) {
  const { t } = useTranslation('settings')
  const errorText = useErrorText()
  const { run, pending } = useIpcCall('contacts.unblock')
  const name = contact.title

  async function unblock(): Promise<void> {
    const outcome = await run({ contactId: contact.id })
    if (outcome.ok) showToast({ text: t('privacy.unblocked', { name }) })
    else showToast({ text: errorText(outcome.error.code), tone: 'danger' })
  }

  return (
    <li className={styles.contact}>
      <Avatar fingerprint={contact.fingerprint} title={name} size={2} />
      <span className={styles.texts}>
        <bdi className={styles.name}>{name}</bdi>
        <bdi className={styles.address}>{contact.address}</bdi>
      </span>
      <Button
        size="small"
        busy={pending}
        aria-label={t('privacy.unblockName', { name })}
        onClick={() => void unblock()}
      >
        {t('privacy.unblock')}
      </Button>
    </li>
  )
}
