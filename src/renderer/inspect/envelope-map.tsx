import { memo, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { InspectView } from '#ipc/views.ts'
import { formatBytes, formatNumber } from '../i18n/format.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import styles from './envelope-map.module.css'
import { useNamedTexts } from './named-texts.ts'

const COLOURS = 8

/** The bytes of an envelope, coloured by part. */
export function EnvelopeMap({ view, hex }: { readonly view: InspectView; readonly hex: string }) {
  const { t, i18n } = useTranslation('inspect')
  const names = useNamedTexts()
  const [active, setActive] = useState<number | null>(null)
  const bytes = (count: number) =>
    t('bytes', { count, formatted: formatNumber(i18n.language, count) })
  return (
    <section>
      <div className={styles.head}>
        <h3>{t('envelope')}</h3>
        <CopyButton text={hex} size="small" label={t('copyHex')} copiedLabel={t('hexCopied')} />
      </div>
      <p className={styles.summary}>
        {t('envelopeSummary', { size: formatBytes(i18n.language, view.sizeBytes) })}
      </p>
      <ul className={styles.parts} onPointerLeave={() => setActive(null)}>
        {view.parts.map(({ name, offset, length }, index) => (
          <li key={offset}>
            <button
              type="button"
              className={styles.part}
              data-colour={index % COLOURS}
              aria-pressed={active === index}
              onPointerEnter={() => setActive(index)}
              onFocus={() => setActive(index)}
              onBlur={() => setActive(null)}
            >
              <span className={styles.swatch} />
              {names.part(name)}
              <span className={styles.length}>{bytes(length)}</span>
            </button>
          </li>
        ))}
      </ul>
      <div
        className={styles.bytes}
        data-dimmed={active !== null || undefined}
        role="group"
        tabIndex={0}
        aria-label={t('bytesLabel', { size: bytes(view.sizeBytes) })}
        dir="ltr"
      >
        <Bytes parts={view.parts} hex={hex} active={active} />
      </div>
    </section>
  )
}

const Bytes = memo(function Bytes({
  parts,
  hex,
  active,
}: {
  readonly parts: InspectView['parts']
  readonly hex: string
  readonly active: number | null
}) {
  const pieces = useMemo(
    () => parts.map(({ offset, length }) => spaced(hex.slice(offset * 2, (offset + length) * 2))),
    [parts, hex],
  )
  if (parts.length === 0) return spaced(hex)
  return pieces.map((piece, index) => (
    <span key={index} data-colour={index % COLOURS} data-active={active === index || undefined}>
      {piece}{' '}
    </span>
  ))
})

function spaced(hex: string): string {
  return hex.replaceAll(/..(?=.)/g, '$& ')
}
