import { KeyRound } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { ContactView } from '#ipc/views.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { openOverlay } from '../state/overlays.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { confirm } from '../ui/confirm.tsx'
import { showToast } from '../ui/toast.tsx'

/** Takes the composer's place when a contact's keys have changed, until the user has decided. */
export function IdentityBanner({ contact }: { readonly contact: ContactView }) {
  const { t } = useTranslation('thread')
  const errorText = useErrorText()
  const read = useIpcCall('contacts.safetyNumber')
  const accept = useIpcCall('contacts.acceptIdentity')
  const { id, title } = contact

  const onAccept = async () => {
    // The keys that are asked about, should they change again while the question is open.
    const asked = await read.run({ contactId: id })
    if (!asked.ok) return
    const yes = await confirm({
      title: t('identity.confirmTitle'),
      body: t('identity.confirmBody', { title }),
      action: t('identity.confirmAction'),
    })
    if (!yes) return
    const { fingerprint } = asked.value
    const outcome = await accept.run({ contactId: id, fingerprint })
    if (!outcome.ok) showToast({ tone: 'danger', text: errorText(outcome.error.code) })
  }

  return (
    <div role="alert">
      <Banner
        tone="warning"
        icon={<KeyRound />}
        title={t('identity.title', { title })}
        actions={
          <>
            <Button
              variant="primary"
              onClick={() => openOverlay({ kind: 'verify', contactId: id })}
            >
              {t('identity.compare')}
            </Button>
            <Button busy={read.pending || accept.pending} onClick={onAccept}>
              {t('identity.accept')}
            </Button>
          </>
        }
      >
        {t('identity.body', { title })}
      </Banner>
    </div>
  )
}
