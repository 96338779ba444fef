import { Archive, ArrowLeft, ChevronRight, Inbox, Settings, SquarePen } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { ConnectionLine } from '../notices/connection-line.tsx'
import { Requests } from '../requests/requests.tsx'
import { keysOf } from '../shortcuts/commands.ts'
import { useAccount } from '../state/app.ts'
import {
  compareConversations,
  listedConversations,
  useConversations,
} from '../state/conversations.ts'
import { showList, useLayout } from '../state/layout.ts'
import { openOverlay } from '../state/overlays.ts'
import { useSearch } from '../state/search.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Badge } from '../ui/badge.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { ConversationList } from './conversation-list.tsx'
import styles from './list-pane.module.css'
import { NoConversations } from './no-conversations.tsx'
import { SearchField } from './search-field.tsx'
import { SearchResults } from './search-results.tsx'

/** The first pane: the account, the search field, and the list or what was found. */
export function ListPane() {
  const { text, conversationId } = useSearch()
  const searching = text.trim() !== ''
  return (
    <div className={styles.pane} data-list-pane>
      <Header />
      <SearchField />
      {searching ? <SearchResults text={text} conversationId={conversationId} /> : <Lists />}
      <ConnectionLine />
    </div>
  )
}

function Header() {
  const { t } = useTranslation('conversations')
  const account = useAccount()
  if (account === null) return null
  const name = account.displayName || account.address
  return (
    <header className={styles.header}>
      <button
        type="button"
        className={styles.account}
        onClick={() => openOverlay({ kind: 'settings', section: 'account' })}
      >
        <Avatar fingerprint={account.fingerprint} title={name} size={2} />
        <span className={styles.name} dir="auto">
          {name}
        </span>
      </button>
      <IconButton
        label={t('settings')}
        icon={<Settings />}
        keys={keysOf('settings')}
        onClick={() => openOverlay({ kind: 'settings' })}
      />
      <IconButton
        label={t('new')}
        icon={<SquarePen />}
        keys={keysOf('new-conversation')}
        onClick={() => openOverlay({ kind: 'add-contact' })}
      />
    </header>
  )
}

function Lists() {
  const { t } = useTranslation('conversations')
  const byId = useConversations((state) => state.byId)
  const list = useLayout((state) => state.list)
  const { listed, archived, requests } = useMemo(() => {
    const rows = [...byId.values()].toSorted(compareConversations)
    return {
      listed: listedConversations(byId),
      archived: rows.filter((row) => row.archived && row.contact.relation !== 'request-in'),
      requests: rows.filter((row) => row.contact.relation === 'request-in'),
    }
  }, [byId])

  if (list === 'archived') {
    return (
      <>
        <SubHeader title={t('archived')} />
        {archived.length === 0 ? (
          <EmptyState icon={<Archive />} title={t('archivedEmpty')}>
            {t('archivedEmptyHint')}
          </EmptyState>
        ) : (
          <ConversationList conversations={archived} label={t('archived')} />
        )}
      </>
    )
  }
  if (list === 'requests') {
    return (
      <>
        <SubHeader title={t('requests')} />
        <Requests />
      </>
    )
  }
  return (
    <>
      {requests.length > 0 && (
        <Doorway icon={<Inbox />} text={t('requests')} onClick={() => showList('requests')}>
          <Badge>{requests.length}</Badge>
        </Doorway>
      )}
      {listed.length === 0 ? (
        <NoConversations />
      ) : (
        <ConversationList conversations={listed} label={t('title')} />
      )}
      {archived.length > 0 && (
        <Doorway icon={<Archive />} text={t('archived')} onClick={() => showList('archived')}>
          <span className={styles.count}>{archived.length}</span>
        </Doorway>
      )}
    </>
  )
}

/** A line that leads to another list. */
function Doorway({
  icon,
  text,
  children,
  onClick,
}: {
  readonly icon: ReactNode
  readonly text: string
  readonly children: ReactNode
  readonly onClick: () => void
}) {
  return (
    <button type="button" className={styles.doorway} onClick={onClick}>
      {icon}
      <span className={styles.doorwayText}>{text}</span>
      {children}
      <ChevronRight className={styles.chevron} />
    </button>
  )
}

function SubHeader({ title }: { readonly title: string }) {
  const { t } = useTranslation('conversations')
  return (
    <div className={styles.subHeader}>
      <IconButton
        size="small"
        label={t('backToList')}
        icon={<ArrowLeft className={styles.chevron} />}
        onClick={() => showList('conversations')}
      />
      <h2>{title}</h2>
    </div>
  )
}
