import { MessageSquareText } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { ListPane } from '../conversations/list-pane.tsx'
import { DetailsAside } from '../details/details-aside.tsx'
import { call } from '../ipc/bridge.ts'
import { RelayBanners } from '../notices/relay-banners.tsx'
import { useAppCommands } from '../shortcuts/use-app-commands.ts'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import { useConversation, useConversations } from '../state/conversations.ts'
import { useLayout } from '../state/layout.ts'
import { useSearch } from '../state/search.ts'
import { ThreadPane } from '../thread/thread-pane.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { VisuallyHidden } from '../ui/visually-hidden.tsx'
import styles from './main-window.module.css'
import { Overlays } from './overlays.tsx'

/** Three panes: conversations, thread, details. A narrow window shows one at a time. */
export function MainWindow() {
  const { t } = useTranslation(['thread', 'conversations'])
  useShortcuts()
  useAppCommands()
  // The last effect: everything listens now.
  useEffect(() => void call('window.reportReady', undefined), [])
  const openId = useConversations((state) => state.openId)
  const open = useConversation(openId)
  const detailsOpen = useLayout((state) => state.detailsOpen) && open !== null
  const searching = useSearch((state) => state.active)
  const pane = detailsOpen ? 'details' : open === null ? 'list' : 'thread'
  return (
    <div className={styles.frame}>
      <RelayBanners />
      <div className={styles.window} data-pane={pane} data-searching={searching || undefined}>
        <section className={styles.list} aria-label={t('conversations:title')}>
          <VisuallyHidden>
            <h1>Sotto</h1>
          </VisuallyHidden>
          <ListPane />
        </section>
        <main className={styles.thread}>
          {open === null ? (
            <EmptyState icon={<MessageSquareText />} title={t('noneOpen')}>
              {t('noneOpenHint')}
            </EmptyState>
          ) : (
            <ThreadPane key={open.id} conversation={open} />
          )}
        </main>
        {detailsOpen && <DetailsAside conversation={open} className={styles.details} />}
      </div>
      <Overlays />
    </div>
  )
}
