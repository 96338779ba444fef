import { BellOff, CircleAlert, KeyRound, Pin, ShieldCheck } from 'lucide-react'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConversationView } from '#ipc/views.ts'
import { formatListTime, formatMoment } from '../i18n/format.ts'
import { lastActivityMs } from '../state/conversations.ts'
import { isUnread } from '../state/navigation.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Badge } from '../ui/badge.tsx'
import { classNames } from '../ui/class-names.ts'
import { VisuallyHidden } from '../ui/visually-hidden.tsx'
import styles from './conversation-row.module.css'
import { lastLine } from './preview.ts'

interface RowProps {
  readonly conversation: ConversationView
  readonly open: boolean
  /** Reached by the Tab key; the other rows are reached by the arrow keys from there. */
  readonly tabbable: boolean
  readonly menuOpen: boolean
  readonly nowMs: number
  readonly onOpen: (id: number) => void
}

/** One conversation of the list. */
export const ConversationRow = memo(function ConversationRow({
  conversation,
  open,
  tabbable,
  menuOpen,
  nowMs,
  onOpen,
}: RowProps) {
  const { t, i18n } = useTranslation(['conversations', 'thread'])
  const { contact, lastMessage, draft, unreadCount, pinned, mutedUntilMs } = conversation
  const failed = lastMessage?.author === 'me' && lastMessage.state === 'failed'
  const unread = isUnread(conversation)
  const when = lastActivityMs(conversation)
  return (
    <button
      type="button"
      className={classNames(styles.row, open && styles.open, menuOpen && styles.menuOpen)}
      data-row={conversation.id}
      data-unread={unread || undefined}
      aria-current={open || undefined}
      tabIndex={tabbable ? 0 : -1}
      onClick={() => onOpen(conversation.id)}
    >
      <Avatar fingerprint={contact.fingerprint} title={contact.title} />
      <span className={styles.first}>
        <span className={styles.title} dir="auto">
          {contact.title}
        </span>
        {contact.verifiedAtMs !== null && !contact.identityChanged && (
          <Mark icon={<ShieldCheck />} text={t('marks.verified')} tone="accent" />
        )}
        {mutedUntilMs > nowMs && <Mark icon={<BellOff />} text={t('marks.muted')} />}
        <time
          className={styles.time}
          dateTime={new Date(when).toISOString()}
          title={formatMoment(i18n.language, when)}
        >
          <bdi>{formatListTime(i18n.language, when, nowMs)}</bdi>
        </time>
      </span>
      <span className={styles.second}>
        <span className={styles.line} dir="auto">
          {contact.identityChanged || draft === '' || open ? (
            lastLine(conversation, t)
          ) : (
            <>
              <span className={styles.draft}>{t('draft')}</span> {draft.slice(0, 200)}
            </>
          )}
        </span>
        {contact.identityChanged && <Mark icon={<KeyRound />} text="" tone="warning" />}
        {failed && <Mark icon={<CircleAlert />} text={t('marks.failed')} tone="danger" />}
        {pinned && <Mark icon={<Pin />} text={t('marks.pinned')} />}
        {unread && (
          <Badge tone={mutedUntilMs > nowMs ? 'quiet' : 'accent'}>
            {unreadCount > 0 && (
              <span aria-hidden="true">{unreadCount > 999 ? '999+' : unreadCount}</span>
            )}
            <VisuallyHidden>
              {unreadCount > 0
                ? t('marks.unread', { count: unreadCount })
                : t('marks.markedUnread')}
            </VisuallyHidden>
          </Badge>
        )}
      </span>
    </button>
  )
})

function Mark({
  icon,
  text,
  tone,
}: {
  readonly icon: React.ReactNode
  readonly text: string
  readonly tone?: 'accent' | 'danger' | 'warning'
}) {
  return (
    <span className={styles.mark} data-tone={tone} title={text === '' ? undefined : text}>
      {icon}
      {text !== '' && <VisuallyHidden>{text}</VisuallyHidden>}
    </span>
  )
}
