import { Search } from 'lucide-react'
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { closeAllOverlays, closeOverlay } from '../state/overlays.ts'
import { Dialog } from '../ui/dialog.tsx'
import { KeyHint } from '../ui/key-hint.tsx'
import { findEntries, usePaletteEntries, type PaletteEntry } from './entries.ts'
import { PaletteRow } from './palette-row.tsx'
import styles from './palette.module.css'

/** One field to go to any conversation or do anything, by a few letters. */
export function Palette() {
  const { t } = useTranslation('palette')
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const entries = usePaletteEntries()
  const results = useMemo(() => findEntries(entries, query), [entries, query])
  const activeResult = results[active]

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [active, results])

  function choose(entry: PaletteEntry): void {
    closeAllOverlays()
    entry.choose()
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return
    const last = results.length - 1
    if (event.key === 'ArrowDown') setActive(active >= last ? 0 : active + 1)
    else if (event.key === 'ArrowUp') setActive(active <= 0 ? Math.max(last, 0) : active - 1)
    else if (event.key === 'Home' && query === '') setActive(0)
    else if (event.key === 'End' && query === '') setActive(Math.max(last, 0))
    else if (event.key === 'Enter' && activeResult !== undefined) choose(activeResult.entry)
    else return
    event.preventDefault()
  }

  return (
    <Dialog
      open
      onClose={() => closeOverlay('palette')}
      title={t('title')}
      titleHidden
      initialFocus={input}
    >
      <div className={styles.palette}>
        <div className={styles.field}>
          <Search aria-hidden="true" />
          <input
            ref={input}
            className={styles.input}
            value={query}
            onChange={(event) => {
              setQuery(event.target.value)
              setActive(0)
            }}
            onKeyDown={onKeyDown}
            placeholder={t('placeholder')}
            aria-label={t('title')}
            role="combobox"
            aria-expanded="true"
            aria-controls={`${id}-list`}
            aria-activedescendant={
              activeResult === undefined ? undefined : `${id}-${activeResult.entry.id}`
            }
            aria-autocomplete="list"
            autoComplete="off"
            spellCheck={false}
            dir="auto"
          />
        </div>
        <div
          ref={list}
          id={`${id}-list`}
          className={styles.list}
          role="listbox"
          aria-label={t('results')}
        >
          {results.map(({ entry, match }, index) => (
            <PaletteRow
              key={entry.id}
              id={`${id}-${entry.id}`}
              entry={entry}
              match={match}
              heading={headingBefore(entry, results[index - 1]?.entry, query)}
              selected={index === active}
              onPoint={() => setActive(index)}
              onChoose={() => choose(entry)}
            />
          ))}
        </div>
        <p role="status" className={results.length === 0 ? styles.empty : styles.announced}>
          {results.length === 0 ? t('empty', { query }) : t('count', { count: results.length })}
        </p>
        <footer className={styles.footer} aria-hidden="true">
          <span>
            <KeyHint keys="ArrowUp" /> <KeyHint keys="ArrowDown" /> {t('hint.move')}
          </span>
          <span>
            <KeyHint keys="Enter" /> {t('hint.choose')}
          </span>
          <span>
            <KeyHint keys="Esc" /> {t('hint.close')}
          </span>
        </footer>
      </div>
    </Dialog>
  )
}

/** Without a query, the first of each kind has a heading above it. */
function headingBefore(
  entry: PaletteEntry,
  previous: PaletteEntry | undefined,
  query: string,
): PaletteEntry['kind'] | null {
  return query.trim() === '' && entry.kind !== previous?.kind ? entry.kind : null
}
