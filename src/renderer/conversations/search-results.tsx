import { SearchX } from 'lucide-react'
import { type KeyboardEvent, memo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConversationView, SearchHitView } from '#ipc/views.ts'
import { formatListTime } from '../i18n/format.ts'
import { useNow } from '../i18n/use-now.ts'
import { compareConversations, useConversations } from '../state/conversations.ts'
import { endSearch, openConversation } from '../state/navigation.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import styles from './search-results.module.css'
import { snippet } from './snippet.ts'
import { useMessageSearch } from './use-message-search.ts'

const MAX_CONVERSATIONS = 6

/** What the search field found: conversations by name or address, then messages. */
export function SearchResults({
  text,
  conversationId,
}: {
  readonly text: string
  readonly conversationId: number | null
}) {
  const { t } = useTranslation(['conversations', 'common'])
  const byId = useConversations((state) => state.byId)
  const results = useRef<HTMLDivElement>(null)
  const search = useMessageSearch(text, conversationId)
  const people = conversationId === null ? matching([...byId.values()], text) : []
  const empty = !search.pending && people.length === 0 && search.hits.length === 0

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.preventDefault()
      return endSearch()
    }
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    const buttons = [...(results.current?.querySelectorAll('button') ?? [])]
    const at = buttons.findIndex((button) => button === document.activeElement)
    const to = buttons[at + (event.key === 'ArrowDown' ? 1 : -1)]
    if (to === undefined) return
    event.preventDefault()
    to.focus()
  }

  return (
    <div ref={results} className={styles.results} onKeyDown={onKeyDown}>
      <p className={styles.status} role="status">
        {search.pending
          ? t('search.searching')
          : t('search.results', { count: people.length + search.hits.length })}
      </p>
      {empty && (
        <EmptyState icon={<SearchX />} title={t('search.none')}>
          {t('search.noneHint', { text: text.trim() })}
        </EmptyState>
      )}
      {people.length > 0 && (
        <section>
          <h2 className={styles.heading}>{t('search.contacts')}</h2>
          <ul>
            {people.map((row) => (
              <li key={row.id}>
                <button
                  type="button"
                  className={styles.hit}
                  onClick={() => openConversation(row.id)}
                >
                  <Avatar
                    fingerprint={row.contact.fingerprint}
                    title={row.contact.title}
                    size={2.25}
                  />
                  <span className={styles.title} dir="auto">
                    {row.contact.title}
                  </span>
                  <span className={styles.line}>{row.contact.address}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {search.hits.length > 0 && (
        <section>
          <h2 className={styles.heading}>{t('search.messages')}</h2>
          <ul aria-busy={search.pending}>
            {search.hits.map((hit) => (
              <li key={hit.message.seq}>
                <Hit hit={hit} fingerprint={fingerprintOf(byId, hit)} />
              </li>
            ))}
          </ul>
          {search.hasMore && (
            <Button variant="quiet" wide onClick={search.more}>
              {t('search.more')}
            </Button>
          )}
        </section>
      )}
    </div>
  )
}

const Hit = memo(function Hit({
  hit: { message, title, ranges },
  fingerprint,
}: {
  readonly hit: SearchHitView
  readonly fingerprint: string
}) {
  const { i18n } = useTranslation()
  const nowMs = useNow()
  return (
    <button
      type="button"
      className={styles.hit}
      onClick={() => openConversation(message.conversationId, message.seq)}
    >
      <Avatar fingerprint={fingerprint} title={title} size={2.25} />
      <span className={styles.title} dir="auto">
        {title}
      </span>
      <time className={styles.time}>{formatListTime(i18n.language, message.sentAtMs, nowMs)}</time>
      <span className={styles.line} dir="auto">
        {snippet(message.text, ranges).map((part, index) =>
          part.hit ? <mark key={index}>{part.text}</mark> : part.text,
        )}
      </span>
    </button>
  )
})

function fingerprintOf(
  byId: ReadonlyMap<number, ConversationView>,
  { message }: SearchHitView,
): string {
  return byId.get(message.conversationId)?.contact.fingerprint ?? ''
}

function matching(rows: readonly ConversationView[], text: string): readonly ConversationView[] {
  const wanted = fold(text.trim())
  return rows
    .filter(({ contact }) =>
      [contact.title, contact.displayName, contact.address].some((name) =>
        fold(name).includes(wanted),
      ),
    )
    .toSorted(compareConversations)
    .slice(0, MAX_CONVERSATIONS)
}

/** Without case and accents: `Renée` is found by `renee`. */
function fold(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase()
}
