import {
  CircleAlert,
  EllipsisVertical,
  Handshake,
  KeyRound,
  PenLine,
  RefreshCw,
  Reply,
  ScanSearch,
  ShieldAlert,
  ShieldCheck,
  ShieldOff,
  UserPlus,
} from 'lucide-react'
import { memo, type MouseEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { MessageView } from '#ipc/views.ts'
import { formatClock, formatDay } from '../i18n/format.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { startReply } from '../state/composer.ts'
import { openOverlay } from '../state/overlays.ts'
import { Button } from '../ui/button.tsx'
import { classNames } from '../ui/class-names.ts'
import { IconButton } from '../ui/icon-button.tsx'
import { retryMessage } from './actions.ts'
import { TextBody, UnreadableBody } from './message-body.tsx'
import styles from './message-row.module.css'
import { plainText } from './markdown.ts'
import type { Row } from './rows.ts'

interface MessageRowProps extends Row {
  readonly title: string
  /** Whether one may write here at all. */
  readonly canReply: boolean
  readonly tabbable: boolean
  readonly flash: boolean
  /** The start of today: day names depend on it. */
  readonly todayMs: number
  readonly onMenu: (event: MouseEvent, message: MessageView) => void
}

/** One message of the thread, with the day or the unread divider above it. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, newDay, unread, todayMs } = props
  const { t, i18n } = useTranslation('thread')
  return (
    <>
      {newDay && (
        <div className={styles.day}>
          <time dir="auto">{formatDay(i18n.language, message.sentAtMs, todayMs)}</time>
        </div>
      )}
      {unread && (
        <div className={styles.unread} role="separator" aria-label={t('newMessages')}>
          <span aria-hidden="true">{t('newMessages')}</span>
        </div>
      )}
      {message.kind === 'notice' ? <Notice {...props} /> : <Message {...props} />}
    </>
  )
})

function Message(props: MessageRowProps) {
  const { message, title, groupStart, groupEnd, showMeta, tabbable, flash, onMenu } = props
  const [near, setNear] = useState(false)
  const errorText = useErrorText()
  const { t } = useTranslation('thread')
  const failed = message.state === 'failed'
  return (
    <article
      className={classNames(styles.message, groupStart && styles.start, groupEnd && styles.end)}
      data-author={message.author}
      data-seq={message.seq}
      data-flash={flash || undefined}
      aria-label={useSpoken(message, title)}
      tabIndex={tabbable ? 0 : -1}
      onPointerEnter={() => setNear(true)}
      onPointerLeave={() => setNear(false)}
      onFocus={() => setNear(true)}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setNear(false)}
      onContextMenu={(event) => onMenu(event, message)}
    >
      <div className={styles.line}>
        {message.kind === 'unreadable' ? (
          <UnreadableBody message={message} title={title} />
        ) : (
          <TextBody message={message} title={title} showMeta={showMeta || failed} />
        )}
        {near && <Toolbar {...props} />}
      </div>
      {failed && (
        <div className={styles.failed}>
          <CircleAlert />
          <span>
            {t('notSent', {
              reason: message.errorCode === null ? '' : errorText(message.errorCode),
            })}
          </span>
          <Button variant="quiet" size="small" onClick={() => void retryMessage(message)}>
            {t('retry')}
          </Button>
        </div>
      )}
    </article>
  )
}

function Toolbar({ message, canReply, onMenu }: MessageRowProps) {
  const { t } = useTranslation('thread')
  return (
    <div className={styles.toolbar} role="toolbar" aria-label={t('actions.label')}>
      {canReply && message.kind === 'text' && (
        <IconButton
          size="small"
          tooltipSide="top"
          label={t('actions.reply')}
          icon={<Reply />}
          onClick={() => startReply(message)}
        />
      )}
      <IconButton
        size="small"
        tooltipSide="top"
        label={t('actions.inspect')}
        icon={<ScanSearch />}
        onClick={() => openOverlay({ kind: 'inspect', seq: message.seq })}
      />
      <IconButton
        size="small"
        tooltipSide="top"
        label={t('actions.more')}
        icon={<EllipsisVertical />}
        aria-haspopup="menu"
        onClick={(event) => onMenu(event, message)}
      />
    </div>
  )
}

const NOTICE_ICONS = {
  'contact-added': UserPlus,
  'request-received': UserPlus,
  'request-accepted': Handshake,
  'identity-changed': KeyRound,
  'identity-accepted': KeyRound,
  verified: ShieldCheck,
  unverified: ShieldOff,
  'relay-key-differs': ShieldAlert,
  'session-repaired': RefreshCw,
  'signed-messages-on': PenLine,
  'signed-messages-off': PenLine,
} as const

function Notice({ message, title, tabbable, onMenu }: MessageRowProps) {
  const { t, i18n } = useTranslation('thread')
  if (message.notice === null) return null
  const Icon = NOTICE_ICONS[message.notice]
  return (
    <article
      className={styles.notice}
      data-seq={message.seq}
      data-notice={message.notice}
      tabIndex={tabbable ? 0 : -1}
      onContextMenu={(event) => onMenu(event, message)}
    >
      <Icon aria-hidden="true" />
      <span>
        {t(`notice.${message.notice}`, { title })}{' '}
        <time dir="auto" className={styles.noticeTime}>
          {formatClock(i18n.language, message.sentAtMs)}
        </time>
      </span>
    </article>
  )
}

/** What a screen reader says for a message: author, text, time, a signature that does not fit, state. */
function useSpoken(message: MessageView, title: string): string {
  const { t, i18n } = useTranslation('thread')
  const errorText = useErrorText()
  const { state, errorCode } = message
  const author = message.author === 'me' ? t('you') : title
  const notSent = state === 'failed' && errorCode !== null
  const parts = [
    author,
    ...(message.replyTo === null ? [] : [t('rowReply', { excerpt: message.replyTo.excerpt })]),
    message.kind === 'unreadable' ? t('unreadable.title') : plainText(message.text.slice(0, 1_000)),
    formatClock(i18n.language, message.sentAtMs),
    ...(message.signature === 'invalid' ? [t('signature.invalid')] : []),
    ...(message.author === 'me' && !notSent ? [t(`state.${state}`)] : []),
    ...(notSent ? [t('notSent', { reason: errorText(errorCode) })] : []),
  ]
  return parts.join(', ')
}
