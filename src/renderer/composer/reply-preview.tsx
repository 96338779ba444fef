import { Reply, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { MessageView } from '#ipc/views.ts'
import { cancelReply } from '../state/composer.ts'
import { jumpToMessage } from '../state/threads.ts'
import { plainText } from '../thread/markdown.ts'
import { IconButton } from '../ui/icon-button.tsx'
import styles from './reply-preview.module.css'

/** What the message being written answers. */
export function ReplyPreview({
  message,
  title,
}: {
  readonly message: MessageView
  readonly title: string
}) {
  const { t } = useTranslation(['composer', 'common'])
  const { seq, conversationId, author, text } = message
  return (
    <div className={styles.reply}>
      <Reply className={styles.icon} />
      <button
        type="button"
        className={styles.text}
        onClick={() => void jumpToMessage(conversationId, seq)}
      >
        <span className={styles.author} dir="auto">
          {t('replyingTo', { author: author === 'me' ? t('common:you') : title })}
        </span>
        <span className={styles.excerpt} dir="auto">
          {plainText(text.slice(0, 300))}
        </span>
      </button>
      <IconButton
        size="small"
        tooltipSide="top"
        label={t('cancelReply')}
        icon={<X />}
        onClick={() => cancelReply(conversationId)}
      />
    </div>
  )
}
