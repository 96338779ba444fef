import { Search, X } from 'lucide-react'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useConversation } from '../state/conversations.ts'
import { endSearch } from '../state/navigation.ts'
import { clearSearch, setSearchText, useSearch } from '../state/search.ts'
import { IconButton } from '../ui/icon-button.tsx'
import styles from './search-field.module.css'

// Of the list or of what was found; not of what an earlier text found.
const FIRST_ROW = 'li button:not([tabindex="-1"], [aria-busy="true"] *)'

/** The field above the list. Escape ends searching; the arrow down goes to the first result. */
export function SearchField() {
  const { t } = useTranslation('conversations')
  const { text, conversationId, active, focusTurn } = useSearch()
  const only = useConversation(conversationId)
  const input = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (focusTurn === 0) return
    input.current?.focus()
    input.current?.select()
  }, [focusTurn])

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Escape' && active) {
      event.preventDefault()
      event.stopPropagation()
      endSearch()
    }
    if (event.key === 'ArrowDown' || event.key === 'Enter') {
      const pane = event.currentTarget.closest('[data-list-pane]')
      const first = pane?.querySelector<HTMLElement>(FIRST_ROW)
      if (first === null || first === undefined) return
      event.preventDefault()
      if (event.key === 'Enter' && text !== '') first.click()
      else first.focus()
    }
  }

  return (
    <div className={styles.search} role="search">
      <label className={styles.box}>
        <Search className={styles.icon} />
        <input
          ref={input}
          type="search"
          // Empty, it shows a text of the interface.
          dir={text === '' ? undefined : 'auto'}
          className={styles.input}
          value={text}
          placeholder={
            only === null
              ? t('search.placeholder')
              : t('search.inConversation', { title: only.contact.title })
          }
          aria-label={
            only === null
              ? t('search.label')
              : t('search.inConversation', { title: only.contact.title })
          }
          maxLength={500}
          spellCheck={false}
          onChange={(event) => setSearchText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {(text !== '' || only !== null) && (
          <IconButton size="small" label={t('search.clear')} icon={<X />} onClick={clearSearch} />
        )}
      </label>
    </div>
  )
}
