import { ArrowLeft, Info, Search, ShieldCheck } from 'lucide-react'
import { type KeyboardEvent, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConversationView } from '#ipc/views.ts'
import { Composer } from '../composer/composer.tsx'
import { updateConversation } from '../conversations/actions.ts'
import { IdentityBanner } from '../notices/identity-banner.tsx'
import { BlockedBanner, RequestBanner, RequestOutNote } from '../notices/relation-banners.tsx'
import { keysOf } from '../shortcuts/commands.ts'
import { focusComposer } from '../state/composer.ts'
import { toggleDetails, useLayout } from '../state/layout.ts'
import { closeConversation } from '../state/navigation.ts'
import { focusSearch } from '../state/search.ts'
import { useThread } from '../state/threads.ts'
import { Avatar } from '../ui/avatar.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { VisuallyHidden } from '../ui/visually-hidden.tsx'
import { MessageList } from './message-list.tsx'
import styles from './thread-pane.module.css'

/** The second pane: one conversation. */
export function ThreadPane({ conversation }: { readonly conversation: ConversationView }) {
  const { t } = useTranslation(['thread', 'common'])
  const { id, contact, markedUnread } = conversation
  const thread = useThread(id)
  const canWrite =
    !contact.identityChanged &&
    (contact.relation === 'accepted' || contact.relation === 'request-out')

  useEffect(() => {
    if (markedUnread) void updateConversation(id, { markedUnread: false })
    // oxlint-disable-next-line react/exhaustive-deps -- only opening it takes the mark away
  }, [id])

  // Typing anywhere in the pane goes to the composer.
  const onKeyDown = (event: KeyboardEvent) => {
    const { target, key } = event
    if (event.ctrlKey || event.metaKey || event.altKey || key.length !== 1 || key === ' ') return
    if (target instanceof Element && target.closest('input, textarea, [role="menu"]') === null) {
      focusComposer()
    }
  }

  return (
    <section className={styles.pane} aria-label={contact.title} onKeyDown={onKeyDown}>
      <Header conversation={conversation} />
      {thread !== null && thread.messages.length === 0 && (
        <EmptyState
          icon={<Avatar fingerprint={contact.fingerprint} title={contact.title} size={3.5} />}
          title={t('emptyTitle', { title: contact.title })}
        >
          {t('emptyHint')}
        </EmptyState>
      )}
      {thread !== null && thread.messages.length > 0 && (
        <MessageList conversation={conversation} thread={thread} canReply={canWrite} />
      )}
      {thread === null && <div />}
      <footer className={styles.foot}>
        {contact.relation === 'request-in' && <RequestBanner contact={contact} />}
        {contact.relation === 'blocked' && <BlockedBanner contact={contact} />}
        {contact.identityChanged && contact.relation !== 'blocked' && (
          <IdentityBanner contact={contact} />
        )}
        {canWrite && contact.relation === 'request-out' && <RequestOutNote contact={contact} />}
        {canWrite && <Composer conversation={conversation} />}
      </footer>
    </section>
  )
}

function Header({ conversation: { id, contact } }: { readonly conversation: ConversationView }) {
  const { t } = useTranslation(['thread', 'common'])
  const detailsOpen = useLayout((state) => state.detailsOpen)
  const verified = contact.verifiedAtMs !== null && !contact.identityChanged
  return (
    <header className={styles.header}>
      <IconButton
        className={styles.back}
        label={t('back')}
        icon={<ArrowLeft className={styles.arrow} />}
        onClick={closeConversation}
      />
      <button type="button" className={styles.who} onClick={toggleDetails}>
        <Avatar fingerprint={contact.fingerprint} title={contact.title} size={2.25} />
        <span className={styles.names}>
          <span className={styles.title}>
            <bdi className={styles.name}>{contact.title}</bdi>
            {verified && (
              <span className={styles.verified} title={t('common:verified')}>
                <ShieldCheck />
                <VisuallyHidden>{t('common:verified')}</VisuallyHidden>
              </span>
            )}
          </span>
          <span className={styles.address}>{contact.address}</span>
        </span>
      </button>
      <IconButton
        label={t('searchHere')}
        icon={<Search />}
        keys={keysOf('search-in-conversation')}
        onClick={() => focusSearch(id)}
      />
      <IconButton
        label={t('details')}
        icon={<Info />}
        keys={keysOf('toggle-details')}
        active={detailsOpen}
        aria-expanded={detailsOpen}
        onClick={toggleDetails}
      />
    </header>
  )
}
