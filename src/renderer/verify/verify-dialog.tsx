import { BadgeCheck, ShieldAlert, ShieldQuestion } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactView, SafetyNumberView } from '#ipc/views.ts'
import { formatDate } from '../i18n/format.ts'
import { closeOverlay } from '../state/overlays.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { confirm } from '../ui/confirm.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { FormError } from '../ui/form-error.tsx'
import { QrCode } from '../ui/qr-code.tsx'
import { Spinner } from '../ui/spinner.tsx'
import { showToast } from '../ui/toast.tsx'
import { CompareForm } from './compare-form.tsx'
import { Digits } from './digits.tsx'
import { useVerification, type Verification } from './use-verification.ts'
import styles from './verify.module.css'

/** Compares the safety number with a contact and marks them as verified; also after their keys have changed. */
export function VerifyDialog({ contactId }: { readonly contactId: number }) {
  const { t } = useTranslation(['verify', 'errors'])
  const verification = useVerification(contactId)
  const { contact, safetyNumber, errorCode } = verification

  const gone = contact === null
  useEffect(() => {
    if (gone) closeOverlay('verify')
  }, [gone])
  if (contact === null) return null

  const name = contact.title

  return (
    <Dialog
      open
      size="large"
      onClose={() => closeOverlay('verify')}
      title={t('title', { name })}
      footer={safetyNumber !== null && <Actions contact={contact} verification={verification} />}
    >
      <div className={styles.frame}>
        <div className={styles.content}>
          {contact.identityChanged ? (
            <Banner tone="warning" icon={<ShieldAlert />} title={t('changed.title', { name })}>
              {t('changed.text', { name })} {t('changed.compareFirst')}
            </Banner>
          ) : (
            <p className={styles.quiet}>{t('intro', { name })}</p>
          )}
          {safetyNumber === null ? (
            <div className={styles.loading}>
              {errorCode === null && <Spinner label={t('number')} />}
            </div>
          ) : (
            <>
              <SafetyNumber name={name} safetyNumber={safetyNumber} />
              <CompareForm name={name} onCompare={verification.compare} />
            </>
          )}
          {errorCode !== null && <FormError>{t(`errors:${errorCode}`)}</FormError>}
        </div>
      </div>
    </Dialog>
  )
}

interface SafetyNumberProps {
  readonly name: string
  readonly safetyNumber: SafetyNumberView
}

function SafetyNumber({ name, safetyNumber }: SafetyNumberProps) {
  const { t, i18n } = useTranslation('verify')
  const { groups, qr, verifiedAtMs } = safetyNumber
  const steps = ['meet', 'open', 'compare'] as const
  return (
    <div className={styles.sides}>
      <div className={styles.number}>
        <Digits groups={groups} label={t('number')} />
        <p className={styles.status} data-verified={verifiedAtMs !== null || undefined}>
          {verifiedAtMs === null ? <ShieldQuestion /> : <BadgeCheck />}
          {verifiedAtMs === null
            ? t('status.unverified')
            : t('status.verified', { date: formatDate(i18n.language, verifiedAtMs) })}
        </p>
        <h3>{t('how')}</h3>
        <ol className={styles.steps}>
          {steps.map((step) => (
            <li key={step}>{t(`step.${step}`, { name })}</li>
          ))}
        </ol>
      </div>
      <div className={styles.code}>
        <QrCode text={qr} label={t('qr', { name })} />
        <CopyButton
          variant="quiet"
          size="small"
          text={groups.join(' ')}
          label={t('copyNumber')}
          copiedLabel={t('copied')}
        />
        <CopyButton
          variant="quiet"
          size="small"
          text={qr}
          label={t('copyCode')}
          copiedLabel={t('copied')}
        />
      </div>
    </div>
  )
}

interface ActionsProps {
  readonly contact: ContactView
  readonly verification: Verification
}

function Actions({ contact, verification }: ActionsProps) {
  const { t } = useTranslation('verify')
  const { pending } = verification
  const name = contact.title

  async function mark(): Promise<void> {
    if (await verification.confirm()) done(t('verifiedToast', { name }))
  }

  async function unmark(): Promise<void> {
    if (await verification.withdraw()) done(t('unverifiedToast', { name }))
  }

  async function acceptUnseen(): Promise<void> {
    const sure = await confirm({
      title: t('changed.acceptTitle'),
      body: t('changed.acceptText', { name }),
      action: t('changed.accept'),
    })
    if (sure && (await verification.acceptKeys())) done(t('acceptedToast', { name }))
  }

  function done(text: string): void {
    closeOverlay('verify')
    showToast({ text })
  }

  if (contact.identityChanged) {
    return (
      <>
        <Button disabled={pending} onClick={() => void acceptUnseen()}>
          {t('changed.accept')}
        </Button>
        <Button variant="primary" busy={pending} onClick={() => void mark()}>
          {t('changed.verifyAndAccept')}
        </Button>
      </>
    )
  }
  return contact.verifiedAtMs === null ? (
    <>
      <Button onClick={() => closeOverlay('verify')}>{t('close')}</Button>
      <Button variant="primary" busy={pending} onClick={() => void mark()}>
        {t('mark')}
      </Button>
    </>
  ) : (
    <>
      <Button disabled={pending} onClick={() => void unmark()}>
        {t('unmark')}
      </Button>
      <Button variant="primary" onClick={() => closeOverlay('verify')}>
        {t('close')}
      </Button>
    </>
  )
}
