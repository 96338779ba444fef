import { PenLine, SendHorizontal } from 'lucide-react'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConversationView } from '#ipc/views.ts'
import { MAX_DRAFT_CHARS } from '#shared/text-limits.ts'
import { useSetting } from '../state/app.ts'
import { cancelReply, useComposer } from '../state/composer.ts'
import { classNames } from '../ui/class-names.ts'
import { IconButton } from '../ui/icon-button.tsx'
import styles from './composer.module.css'
import { setDraft, useDraft } from './drafts.ts'
import { EmojiButton } from './emoji-button.tsx'
import { ReplyPreview } from './reply-preview.tsx'
import { sendDraft } from './send.ts'
import { ShortcodeList, suggestionId } from './shortcode-list.tsx'
import { roomLeft } from './text-limit.ts'
import { useShortcodes } from './use-shortcodes.ts'

/** Where one writes. */
export function Composer({ conversation }: { readonly conversation: ConversationView }) {
  const { t } = useTranslation('composer')
  const { id, contact, signedMessages } = conversation
  const field = useRef<HTMLTextAreaElement>(null)
  const text = useDraft(conversation)
  const sendKey = useSetting((settings) => settings.sendKey)
  const reply = useComposer(({ replies }) => replies.get(id))
  const focusTurn = useComposer((state) => state.focusTurn)
  const shortcodes = useShortcodes(field)
  const left = roomLeft(text)
  const sendable = text.trim() !== '' && (left === null || left >= 0)

  useEffect(() => field.current?.focus(), [focusTurn])

  const send = () => {
    if (!sendable) return
    shortcodes.close()
    void sendDraft(id)
    field.current?.focus()
  }

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing || shortcodes.onKeyDown(event)) return
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      const withMod = event.ctrlKey || event.metaKey
      if (!withMod && sendKey === 'ctrl-enter') return
      event.preventDefault()
      send()
    }
    if (event.key === 'Escape' && reply !== undefined) {
      event.preventDefault()
      event.stopPropagation()
      cancelReply(id)
    }
    if (event.key === 'ArrowUp' && text === '') {
      const pane = event.currentTarget.closest('section')
      pane?.querySelector<HTMLElement>('[data-seq][tabindex="0"]')?.focus()
    }
  }

  return (
    <div className={styles.composer}>
      {reply !== undefined && <ReplyPreview message={reply} title={contact.title} />}
      <div className={styles.row}>
        <EmojiButton field={field} />
        <div className={styles.fieldBox}>
          <textarea
            ref={field}
            className={styles.field}
            // Empty, it shows a text of the interface.
            dir={text === '' ? undefined : 'auto'}
            rows={1}
            value={text}
            placeholder={t('placeholder')}
            aria-label={t('label', { title: contact.title })}
            aria-autocomplete="list"
            aria-controls={shortcodes.open ? 'shortcodes' : undefined}
            aria-activedescendant={
              shortcodes.open ? suggestionId(shortcodes.highlighted) : undefined
            }
            onChange={(event) => {
              setDraft(id, event.target.value)
              shortcodes.look()
            }}
            onSelect={shortcodes.look}
            onBlur={shortcodes.close}
            onKeyDown={onKeyDown}
          />
          {shortcodes.open && (
            <ShortcodeList
              suggestions={shortcodes.suggestions}
              highlighted={shortcodes.highlighted}
              onPick={shortcodes.pick}
            />
          )}
        </div>
        {signedMessages && (
          <span className={styles.signed} title={t('signed')}>
            <PenLine aria-label={t('signed')} role="img" />
          </span>
        )}
        <IconButton
          className={classNames(styles.send, sendable && styles.ready)}
          label={t('send')}
          icon={<SendHorizontal />}
          keys={sendKey === 'enter' ? 'Enter' : 'Mod+Enter'}
          tooltipSide="top"
          disabled={!sendable}
          onClick={send}
        />
      </div>
      <div
        className={styles.left}
        data-over={(left !== null && left < 0) || undefined}
        role="status"
      >
        {left !== null && (left >= 0 ? t('left', { count: left }) : t('tooLong', { count: -left }))}
        {text.length > MAX_DRAFT_CHARS && ` ${t('notKept')}`}
      </div>
    </div>
  )
}
