import { Lock, PenLine, ShieldX } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { MessageView } from '#ipc/views.ts'
import { formatClock, formatMoment } from '../i18n/format.ts'
import { jumpToMessage } from '../state/threads.ts'
import { Button } from '../ui/button.tsx'
import { VisuallyHidden } from '../ui/visually-hidden.tsx'
import { emojiCount } from './emoji-only.ts'
import { useExpanded } from './expanded.ts'
import { MarkdownView } from './markdown-view.tsx'
import styles from './message-body.module.css'
import { shorten } from './shorten.ts'
import { StateIcon } from './state-icon.tsx'
import { unreadableCause } from './unreadable-cause.ts'
import { plainText } from './markdown.ts'

interface BodyProps {
  readonly message: MessageView
  readonly title: string
  readonly showMeta: boolean
}

/** A message of text: what it answers, what it says, when, and how far it has come. */
export function TextBody({ message, title, showMeta }: BodyProps) {
  const { t } = useTranslation('thread')
  const [expanded, toggle] = useExpanded(message.seq)
  const emoji = message.replyTo === null ? emojiCount(message.text) : 0
  const short = shorten(message.text)
  const meta = (showMeta || message.signature !== 'none') && (
    <Meta message={message} title={title} />
  )
  return (
    <div
      className={styles.bubble}
      data-emoji={emoji === 0 ? undefined : emoji > 3 ? 'many' : 'few'}
    >
      {message.replyTo !== null && <Reply message={message} title={title} />}
      <div className={styles.text} dir="auto">
        <MarkdownView text={short === null || expanded ? message.text : `${short}…`} />
        {short === null && meta}
      </div>
      {short !== null && (
        <Button variant="quiet" size="small" className={styles.more} onClick={toggle}>
          {expanded ? t('showLess') : t('showMore')}
        </Button>
      )}
      {short !== null && meta}
    </div>
  )
}

function Reply({ message, title }: { readonly message: MessageView; readonly title: string }) {
  const { t } = useTranslation('thread')
  const { replyTo, conversationId } = message
  if (replyTo === null) return null
  const { seq } = replyTo
  const author = replyTo.author === 'me' ? t('you') : title
  return (
    <button
      type="button"
      className={styles.reply}
      title={seq === null ? t('replyGone') : undefined}
      aria-disabled={seq === null}
      onClick={() => seq !== null && void jumpToMessage(conversationId, seq)}
    >
      <span className={styles.replyAuthor} dir="auto">
        {author}
      </span>
      <span className={styles.replyText} dir="auto">
        {plainText(replyTo.excerpt)}
      </span>
    </button>
  )
}

function Meta({ message, title }: { readonly message: MessageView; readonly title: string }) {
  const { t, i18n } = useTranslation('thread')
  const { author, sentAtMs, state, signature } = message
  const signer = author === 'me' ? t('you') : title
  return (
    <span className={styles.meta} title={formatMoment(i18n.language, sentAtMs)}>
      {signature === 'valid' && (
        <span className={styles.signature} title={t('signature.valid', { author: signer })}>
          <PenLine />
          <VisuallyHidden>{t('signature.valid', { author: signer })}</VisuallyHidden>
        </span>
      )}
      {signature === 'invalid' && (
        <span className={styles.signatureBad}>
          <ShieldX />
          {t('signature.invalid')}
        </span>
      )}
      <time dir="auto" dateTime={new Date(sentAtMs).toISOString()}>
        {formatClock(i18n.language, sentAtMs)}
      </time>
      <StateIcon state={state} />
    </span>
  )
}

/** In the place of a message that could not be opened: why, and what is being done. */
export function UnreadableBody({ message, title }: Omit<BodyProps, 'showMeta'>) {
  const { t } = useTranslation('thread')
  return (
    <div className={styles.bubble} data-unreadable>
      <p className={styles.unreadableTitle}>
        <Lock />
        {t('unreadable.title')}
      </p>
      <p className={styles.unreadableText}>
        {t(`unreadable.because.${unreadableCause(message.errorCode)}`, { title })}
      </p>
      <Meta message={message} title={title} />
    </div>
  )
}
