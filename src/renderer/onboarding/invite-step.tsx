import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkPreviewView } from '#ipc/views.ts'
import { PreviewCard } from '../contacts/preview-card.tsx'
import { looksLikeLink, useLinkPreview } from '../contacts/use-link-preview.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/text-field.tsx'
import { StepFrame } from './step-frame.tsx'
import styles from './onboarding.module.css'

interface InviteStepProps {
  readonly initialLink: string
  readonly onBack: () => void
  readonly onInvite: (link: string, preview: LinkPreviewView) => void
  readonly onWithout: () => void
}

/** Takes an invite link and shows whom it is from. */
export function InviteStep({ initialLink, onBack, onInvite, onWithout }: InviteStepProps) {
  const { t } = useTranslation(['onboarding', 'errors'])
  const [link, setLink] = useState(initialLink)
  const preview = useLinkPreview(link)
  const notALink = link.trim() !== '' && !looksLikeLink(link)
  const errorCode = preview?.ok === false ? preview.error.code : notALink ? 'LINK_INVALID' : null

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (preview?.ok) onInvite(link.trim(), preview.value)
  }

  return (
    <StepFrame title={t('invite.title')} text={t('invite.text')} onBack={onBack}>
      <form className={styles.form} onSubmit={submit}>
        <TextField
          label={t('invite.label')}
          placeholder={t('invite.placeholder')}
          value={link}
          onChange={setLink}
          error={errorCode === null ? undefined : t(`errors:${errorCode}`)}
          dir="ltr"
          spellCheck={false}
          autoFocus
        />
        {preview?.ok && (
          <PreviewCard
            fingerprint={preview.value.fingerprint}
            address={preview.value.address}
            caption={t('invite.from')}
          />
        )}
        <Button type="submit" variant="primary" size="large" wide disabled={!preview?.ok}>
          {t('invite.continue')}
        </Button>
        <Button variant="quiet" wide onClick={onWithout}>
          {t('invite.without')}
        </Button>
      </form>
    </StepFrame>
  )
}
