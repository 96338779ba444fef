import { ShieldCheck, ShieldX, Zap } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { InspectView, TamperView } from '#ipc/views.ts'
import { formatNumber } from '../i18n/format.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { Button } from '../ui/button.tsx'
import styles from './inspect-dialog.module.css'
import { useNamedTexts } from './named-texts.ts'

/** Flips one bit of a copy, wherever chance puts it, and shows what becomes of it. */
export function Tamper({ seq, view }: { readonly seq: number; readonly view: InspectView }) {
  const { t } = useTranslation('inspect')
  const errorText = useErrorText()
  const tamper = useIpcCall('messages.tamper')
  const [result, setResult] = useState<TamperView | null>(null)

  const onTamper = async () => {
    const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
    const outcome = await tamper.run({ seq, bit: random % (view.sizeBytes * 8) })
    setResult(outcome.ok ? outcome.value : null)
  }

  return (
    <section className={styles.tamper}>
      <div>
        <h3>{t('tamper.title')}</h3>
        <p className={styles.note}>{t('tamper.body')}</p>
      </div>
      <Button icon={<Zap />} busy={tamper.pending} onClick={onTamper}>
        {result === null ? t('tamper.button') : t('tamper.again')}
      </Button>
      <div role="status" className={styles.result}>
        {result !== null && <Result result={result} view={view} />}
        {tamper.error !== null && <p className={styles.note}>{errorText(tamper.error)}</p>}
      </div>
    </section>
  )
}

function Result({ result, view }: { readonly result: TamperView; readonly view: InspectView }) {
  const { t, i18n } = useTranslation('inspect')
  const names = useNamedTexts()
  const byte = Math.floor(result.alteredBit / 8)
  const part = view.parts.find(({ offset, length }) => byte >= offset && byte < offset + length)
  const place = {
    bit: formatNumber(i18n.language, (result.alteredBit % 8) + 1),
    byte: formatNumber(i18n.language, byte),
  }
  const held = result.originalOpens && !result.alteredOpens
  return (
    <div className={styles.outcome} data-held={held}>
      {held ? <ShieldCheck /> : <ShieldX />}
      <div>
        <p>
          {part === undefined
            ? t('tamper.flippedBare', place)
            : t('tamper.flipped', { ...place, part: names.part(part.name) })}
        </p>
        <p>
          <strong>{result.alteredOpens ? t('tamper.opened') : t('tamper.refused')}</strong>{' '}
          {result.originalOpens ? t('tamper.refusedDetail') : t('tamper.originalFailed')}
        </p>
      </div>
    </div>
  )
}
