import { useTranslation } from 'react-i18next'
import type { ConversationView } from '#ipc/views.ts'
import { formatListTime, formatMoment } from '../i18n/format.ts'
import { useNow } from '../i18n/use-now.ts'
import { useConversations } from '../state/conversations.ts'
import { openConversation } from '../state/navigation.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Button } from '../ui/button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { useRequestActions } from './use-requests.ts'
import styles from './requests.module.css'

/** Who asks, what they wrote, and the three answers. */
export function RequestCard({ request }: { readonly request: ConversationView }) {
  const { t, i18n } = useTranslation(['contacts', 'errors'])
  const now = useNow()
  const open = useConversations(({ openId }) => openId === request.id)
  const { accept, block, remove, pending, errorCode } = useRequestActions(request)
  const { contact, lastMessage } = request
  const atMs = lastMessage?.storedAtMs ?? contact.createdAtMs
  const text = lastMessage?.kind === 'text' ? lastMessage.text : t('requests.noMessage')

  return (
    <li className={styles.card} data-open={open || undefined}>
      <button type="button" className={styles.preview} onClick={() => openConversation(request.id)}>
        <Avatar fingerprint={contact.fingerprint} title={contact.title} size={2.5} />
        <span className={styles.texts}>
          <span className={styles.line}>
            <bdi className={styles.name}>{contact.title}</bdi>
            <time
              className={styles.time}
              dateTime={new Date(atMs).toISOString()}
              title={formatMoment(i18n.language, atMs)}
            >
              {formatListTime(i18n.language, atMs, now)}
            </time>
          </span>
          <bdi className={styles.address}>{contact.address}</bdi>
          <span className={styles.message} dir="auto">
            {text}
          </span>
        </span>
      </button>
      {errorCode !== null && <FormError>{t(`errors:${errorCode}`)}</FormError>}
      <div className={styles.actions}>
        <Button size="small" variant="primary" disabled={pending} onClick={() => void accept()}>
          {t('requests.accept')}
        </Button>
        <Button size="small" disabled={pending} onClick={() => void remove()}>
          {t('requests.delete')}
        </Button>
        <Button size="small" disabled={pending} onClick={() => void block()}>
          {t('requests.block')}
        </Button>
      </div>
    </li>
  )
}
