import { QrCode } from 'lucide-react'
import { useId, useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Scanner } from '../scan/scanner.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { TextField } from '../ui/text-field.tsx'
import styles from './verify.module.css'

interface CompareFormProps {
  readonly name: string
  readonly onCompare: (qr: string) => Promise<boolean | null>
}

/** Compares the other side's code: scanned, or its text for two who cannot meet. */
export function CompareForm({ name, onCompare }: CompareFormProps) {
  const { t } = useTranslation(['verify', 'scan'])
  const headingId = useId()
  const [qr, setQr] = useState('')
  const [match, setMatch] = useState<boolean | null>(null)
  const [pending, setPending] = useState(false)
  const [scanning, setScanning] = useState(false)

  async function compare(text: string): Promise<void> {
    if (text.trim() === '' || pending) return
    setPending(true)
    setMatch(await onCompare(text))
    setPending(false)
  }

  function submit(event: FormEvent): void {
    event.preventDefault()
    void compare(qr)
  }

  return (
    <section className={styles.compare} aria-labelledby={headingId}>
      <h3 id={headingId}>{t('paste.title')}</h3>
      <p className={styles.quiet}>{t('paste.text', { name })}</p>
      <form className={styles.compareForm} onSubmit={submit}>
        <TextField
          className={styles.compareField}
          label={t('paste.label')}
          labelHidden
          placeholder={t('paste.label')}
          value={qr}
          onChange={(text) => {
            setQr(text)
            setMatch(null)
          }}
          maxLength={2_000}
          dir="ltr"
          spellCheck={false}
          autoComplete="off"
        />
        <Button type="submit" busy={pending}>
          {t('paste.compare')}
        </Button>
      </form>
      {scanning ? (
        <Scanner
          onText={(scanned) => {
            setScanning(false)
            void compare(scanned)
          }}
          onCancel={() => setScanning(false)}
        />
      ) : (
        <div>
          <Button
            icon={<QrCode />}
            onClick={() => {
              setMatch(null)
              setScanning(true)
            }}
          >
            {t('scan:scan')}
          </Button>
        </div>
      )}
      {match === true && (
        <div role="status">
          <Banner>{t('paste.match', { name })}</Banner>
        </div>
      )}
      {match === false && <FormError>{t('paste.mismatch', { name })}</FormError>}
    </section>
  )
}
