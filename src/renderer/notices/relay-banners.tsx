import { ShieldAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { RelayTrustView } from '#ipc/views.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { useApp } from '../state/app.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { confirm } from '../ui/confirm.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { showToast } from '../ui/toast.tsx'

/** Above everything, as long as a relay has shown things that do not fit together and the user has not decided. */
export function RelayBanners() {
  const relays = useApp((state) => state.distrustedRelays)
  return relays.map((relay) => <RelayBanner key={relay.host} relay={relay} />)
}

function RelayBanner({ relay }: { readonly relay: RelayTrustView }) {
  const { t } = useTranslation('common')
  const errorText = useErrorText()
  const trust = useIpcCall('relays.trustAgain')
  const { host, isOwn, reason, evidence } = relay

  const onTrust = async () => {
    const yes = await confirm({
      title: t('relayTrust.confirmTitle', { host }),
      body: t('relayTrust.confirmBody'),
      action: t('relayTrust.again'),
      danger: true,
    })
    if (!yes) return
    const outcome = await trust.run({ host })
    if (!outcome.ok) showToast({ tone: 'danger', text: errorText(outcome.error.code) })
  }

  return (
    <div role="alert" data-relay-banner={host}>
      <Banner
        tone="danger"
        icon={<ShieldAlert />}
        title={t(isOwn ? 'relayTrust.titleOwn' : 'relayTrust.title', { host })}
        actions={
          <>
            <CopyButton
              label={t('relayTrust.copy')}
              copiedLabel={t('relayTrust.copied')}
              text={evidence}
            />
            <Button busy={trust.pending} onClick={() => void onTrust()}>
              {t('relayTrust.again')}
            </Button>
          </>
        }
      >
        {t(`relayTrust.${reason}`)} {t('relayTrust.stopped')}
      </Banner>
    </div>
  )
}
