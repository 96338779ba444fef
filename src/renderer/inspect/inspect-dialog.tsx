import { Eye, EyeOff } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { InspectView } from '#ipc/views.ts'
import { formatBytes, formatMoment, formatNumber } from '../i18n/format.ts'
import { call } from '../ipc/bridge.ts'
import { useContactTitle } from '../state/threads.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Spinner } from '../ui/spinner.tsx'
import { EnvelopeMap } from './envelope-map.tsx'
import styles from './inspect-dialog.module.css'
import { useNamedTexts } from './named-texts.ts'
import { Tamper } from './tamper.tsx'

/**
 * What the relay had of one message, what it could make of it, and what happens when it is changed. For
 * another message it wants another `key`.
 */
export function InspectDialog({
  seq,
  onClose,
}: {
  readonly seq: number
  readonly onClose: () => void
}) {
  const { t } = useTranslation(['inspect', 'common'])
  const inspected = useInspect(seq)
  const title = useContactTitle(seq)
  return (
    <Dialog open onClose={onClose} title={t('title')} size="large">
      {inspected === 'loading' && (
        <div className={styles.loading}>
          <Spinner size="large" label={t('common:loading')} />
        </div>
      )}
      {inspected === 'missing' && <p className={styles.lead}>{t('notFound')}</p>}
      {typeof inspected === 'object' && <Inspected view={inspected} seq={seq} title={title} />}
    </Dialog>
  )
}

function useInspect(seq: number): InspectView | 'loading' | 'missing' {
  const [view, setView] = useState<InspectView | 'loading' | 'missing'>('loading')
  useEffect(() => {
    let current = true
    void call('messages.inspect', { seq }).then((outcome) => {
      if (current) setView(outcome.ok ? outcome.value : 'missing')
    })
    return () => {
      current = false
    }
  }, [seq])
  return view
}

function Inspected({
  view,
  seq,
  title,
}: {
  readonly view: InspectView
  readonly seq: number
  readonly title: string
}) {
  const { t, i18n } = useTranslation('inspect')
  const names = useNamedTexts()
  const { direction, envelopeHex, facts, labelHex, relayedAtMs, sizeBytes } = view
  const size = t('bytes', { count: sizeBytes, formatted: formatNumber(i18n.language, sizeBytes) })
  return (
    <div className={styles.sections}>
      <p className={styles.lead}>{t(`intro.${direction}`)}</p>
      {envelopeHex === null ? (
        <p className={styles.note}>{t('envelopePruned')}</p>
      ) : (
        <EnvelopeMap view={view} hex={envelopeHex} />
      )}
      <div className={styles.columns}>
        <Learned icon={<Eye />} title={t('learned')}>
          <li>{t(`learnedItems.recipient.${direction}`, { title })}</li>
          <li>{t('learnedItems.size', { size: formatBytes(i18n.language, sizeBytes) })}</li>
          <li>
            {relayedAtMs === null
              ? t('learnedItems.timeUnknown')
              : t('learnedItems.time', { time: formatMoment(i18n.language, relayedAtMs) })}
          </li>
          {labelHex !== null && (
            <li>
              {t('learnedItems.label')} <code className={styles.label}>{labelHex}</code>
            </li>
          )}
          <li>{t('learnedItems.network')}</li>
        </Learned>
        <Learned icon={<EyeOff />} title={t('hidden')}>
          <li>{t('hiddenItems.text')}</li>
          <li>{t('hiddenItems.author')}</li>
          <li>{t('hiddenItems.state')}</li>
          <li>{t('hiddenItems.keys')}</li>
        </Learned>
      </div>
      {envelopeHex !== null && <Tamper seq={seq} view={view} />}
      <section>
        <h3 className={styles.heading}>{t('facts')}</h3>
        <dl className={styles.facts}>
          <div className={styles.fact}>
            <dt>{t('size')}</dt>
            <dd>{size}</dd>
          </div>
          {facts.map(({ key, value }) => (
            <div key={key} className={styles.fact}>
              <dt>{names.fact(key)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  )
}

function Learned({
  icon,
  title,
  children,
}: {
  readonly icon: ReactNode
  readonly title: string
  readonly children: ReactNode
}) {
  return (
    <section className={styles.learned}>
      <h3 className={styles.heading}>
        {icon}
        {title}
      </h3>
      <ul className={styles.list}>{children}</ul>
    </section>
  )
}
