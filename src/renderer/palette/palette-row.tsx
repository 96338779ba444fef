import { ChevronRight, Settings } from 'lucide-react'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import { Avatar } from '../ui/avatar.tsx'
import { Badge } from '../ui/badge.tsx'
import { KeyHint } from '../ui/key-hint.tsx'
import type { PaletteEntry } from './entries.ts'
import type { FuzzyMatch } from './fuzzy.ts'
import styles from './palette.module.css'

interface PaletteRowProps {
  readonly id: string
  readonly entry: PaletteEntry
  readonly match: FuzzyMatch
  readonly heading: PaletteEntry['kind'] | null
  readonly selected: boolean
  readonly onPoint: () => void
  readonly onChoose: () => void
}

const HEADINGS = {
  conversation: 'group.conversations',
  action: 'group.actions',
  settings: 'group.settings',
} as const

/** One result: focus stays in the field, so the mouse only points and chooses. */
export function PaletteRow(props: PaletteRowProps) {
  const { t } = useTranslation('palette')
  const { entry, heading } = props
  return (
    <>
      {heading !== null && (
        <div className={styles.heading} role="presentation">
          {t(HEADINGS[heading])}
        </div>
      )}
      <div
        id={props.id}
        className={styles.row}
        role="option"
        aria-selected={props.selected}
        onPointerMove={props.selected ? undefined : props.onPoint}
        onPointerDown={(event) => event.preventDefault()}
        onClick={props.onChoose}
      >
        <RowIcon entry={entry} />
        <span className={styles.texts}>
          <bdi className={styles.rowTitle}>
            <Highlighted text={entry.title} ranges={props.match.ranges} />
          </bdi>
          {entry.detail !== null && <bdi className={styles.detail}>{entry.detail}</bdi>}
        </span>
        <RowMark entry={entry} />
        {entry.keys !== null && <KeyHint keys={entry.keys} />}
      </div>
    </>
  )
}

function RowIcon({ entry }: { readonly entry: PaletteEntry }) {
  if (entry.conversation !== null) {
    const { contact } = entry.conversation
    return <Avatar fingerprint={contact.fingerprint} title={contact.title} size={1.75} />
  }
  return (
    <span className={styles.icon}>
      {entry.kind === 'settings' ? <Settings /> : <ChevronRight className={styles.chevron} />}
    </span>
  )
}

function RowMark({ entry }: { readonly entry: PaletteEntry }) {
  const { t } = useTranslation('palette')
  if (entry.conversation === null) return null
  const { contact, archived } = entry.conversation
  if (contact.relation === 'blocked') return <Badge tone="danger">{t('blocked')}</Badge>
  if (contact.relation === 'request-in') return <Badge tone="quiet">{t('request')}</Badge>
  return archived ? <Badge tone="quiet">{t('archived')}</Badge> : null
}

interface HighlightedProps {
  readonly text: string
  readonly ranges: FuzzyMatch['ranges']
}

function Highlighted({ text, ranges }: HighlightedProps) {
  const ends = [0, ...ranges.map(([, end]) => end)]
  return (
    <>
      {ranges.map(([start, end], index) => (
        <Fragment key={start}>
          {text.slice(ends[index], start)}
          <mark className={styles.hit}>{text.slice(start, end)}</mark>
        </Fragment>
      ))}
      {text.slice(ends.at(-1))}
    </>
  )
}
