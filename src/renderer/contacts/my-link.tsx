import { useTranslation } from 'react-i18next'
import { formatDate } from '../i18n/format.ts'
import { useAccount } from '../state/app.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { QrCode } from '../ui/qr-code.tsx'
import { Spinner } from '../ui/spinner.tsx'
import { useInvite } from './use-invite.ts'
import styles from './my-link.module.css'

/** One's own invite link as text and QR code. */
export function MyLink() {
  const { t, i18n } = useTranslation(['contacts', 'errors'])
  const account = useAccount()
  const { invite, pending, error, make } = useInvite()

  if (error !== null) {
    return (
      <div className={styles.failed}>
        <FormError>{t(`errors:${error}`)}</FormError>
        <Button onClick={() => void make()}>{t('mine.retry')}</Button>
      </div>
    )
  }
  if (invite === null) {
    return (
      <div className={styles.making}>
        <Spinner label={t('mine.making')} />
      </div>
    )
  }
  return (
    <div className={styles.link}>
      <p className={styles.text}>{t('mine.text')}</p>
      <div className={styles.code}>
        <QrCode text={invite.link} label={t('mine.qr')} />
      </div>
      <div className={styles.box}>
        <input
          className={styles.value}
          readOnly
          value={invite.link}
          aria-label={t('mine.link')}
          dir="ltr"
          onFocus={(event) => event.target.select()}
        />
        <CopyButton
          variant="primary"
          size="small"
          text={invite.link}
          label={t('mine.copy')}
          copiedLabel={t('mine.copied')}
        />
      </div>
      <p className={styles.note}>
        {t('mine.once', { date: formatDate(i18n.language, invite.expiresAtMs) })}
      </p>
      <Button variant="quiet" size="small" busy={pending} onClick={() => void make()}>
        {t('mine.another')}
      </Button>
      {account !== null && (
        <p className={styles.note}>
          {t('mine.address')}: <bdi className={styles.address}>{account.address}</bdi>
        </p>
      )}
    </div>
  )
}
