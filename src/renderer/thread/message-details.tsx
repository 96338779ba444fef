import { ScanSearch } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { formatMoment } from '../i18n/format.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { useAccount } from '../state/app.ts'
import { useConversation } from '../state/conversations.ts'
import { openOverlay } from '../state/overlays.ts'
import { useLoadedMessage } from '../state/threads.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import styles from './message-details.module.css'

/** When a message was written, how far it has come, and whether it is signed. */
export function MessageDetailsDialog({
  seq,
  onClose,
}: {
  readonly seq: number
  readonly onClose: () => void
}) {
  const { t, i18n } = useTranslation('thread')
  const errorText = useErrorText()
  const account = useAccount()
  const message = useLoadedMessage(seq)
  const contact = useConversation(message?.conversationId ?? null)?.contact
  if (message === null || contact === undefined) return null
  const { title } = contact
  const mine = message.author === 'me'
  const me = account?.address ?? t('you')
  const unsigned = mine
    ? t('messageDetails.signatureNone', { title })
    : t('messageDetails.signatureNoneTheirs')
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('messageDetails.title')}
      footer={
        <Button icon={<ScanSearch />} onClick={() => openOverlay({ kind: 'inspect', seq })}>
          {t('messageDetails.inspect')}
        </Button>
      }
    >
      <dl className={styles.facts}>
        <Fact name={t('messageDetails.from')}>{mine ? me : contact.address}</Fact>
        <Fact name={t('messageDetails.to')}>{mine ? contact.address : me}</Fact>
        <Fact name={t('messageDetails.sent')}>{formatMoment(i18n.language, message.sentAtMs)}</Fact>
        <Fact name={t('messageDetails.stored')}>
          {formatMoment(i18n.language, message.storedAtMs)}
        </Fact>
        <Fact name={t('messageDetails.state')}>{t(`state.${message.state}`)}</Fact>
        {message.errorCode !== null && (
          <Fact name={t('messageDetails.reason')}>{errorText(message.errorCode)}</Fact>
        )}
        {message.kind === 'text' && (
          <>
            <Fact name={t('messageDetails.size')}>
              {t('messageDetails.characters', { count: message.text.length })}
            </Fact>
            <Fact name={t('messageDetails.signature')}>
              {message.signature === 'none' && unsigned}
              {message.signature === 'valid' &&
                t('signature.valid', { author: mine ? t('you') : title })}
              {message.signature === 'invalid' && t('signature.invalid')}
            </Fact>
          </>
        )}
      </dl>
    </Dialog>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  )
}
