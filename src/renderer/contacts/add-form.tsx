import { AtSign, QrCode } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorCode } from '#shared/errors.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { useConversations } from '../state/conversations.ts'
import { openConversation } from '../state/navigation.ts'
import { closeOverlay } from '../state/overlays.ts'
import { Scanner } from '../scan/scanner.tsx'
import { Button } from '../ui/button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { TextField } from '../ui/text-field.tsx'
import { showToast } from '../ui/toast.tsx'
import { PreviewCard } from './preview-card.tsx'
import { looksLikeAddress, looksLikeLink, useLinkPreview } from './use-link-preview.ts'
import styles from './add-contact.module.css'

/** One field that takes a link or an address, and shows whom it is about to add. */
export function AddForm({ initialText }: { readonly initialText: string }) {
  const { t } = useTranslation(['contacts', 'scan', 'errors'])
  const [text, setText] = useState(initialText)
  const [tried, setTried] = useState(false)
  const [scanning, setScanning] = useState(false)
  const add = useIpcCall('contacts.add')
  const preview = useLinkPreview(text)

  const link = preview?.ok ? preview.value : null
  const address = looksLikeAddress(text) ? text.trim().toLowerCase() : null
  const known = useConversations(({ byId }) => {
    const wanted = link?.address ?? address
    return [...byId.values()].find(({ contact }) => contact.address === wanted)?.contact ?? null
  })
  const isKnown = known !== null && known.relation !== 'request-in'

  function fieldError(): string | undefined {
    if (preview?.ok === false) return t(`errors:${preview.error.code}`)
    if (!tried || link !== null || address !== null) return undefined
    return looksLikeLink(text) ? t('errors:LINK_INVALID') : t('errors:ADDRESS_INVALID')
  }

  function addError(code: ErrorCode): string {
    const linkDiffers = code === 'CONTACT_IDENTITY_CHANGED' && link !== null && known === null
    return linkDiffers ? t('add.linkMismatch') : t(`errors:${code}`)
  }

  function change(changed: string): void {
    setText(changed)
    setTried(false)
    add.clearError()
  }

  function open(conversationId: number): void {
    closeOverlay('add-contact')
    openConversation(conversationId)
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    setTried(true)
    if (add.pending || (link === null && address === null)) return
    if (known !== null && isKnown && link === null) {
      open(known.conversationId)
      return
    }
    const outcome = await add.run({ linkOrAddress: text.trim() })
    if (!outcome.ok) return
    const { title, conversationId, relation } = outcome.value
    open(conversationId)
    showToast({
      text: t(relation === 'request-out' ? 'add.requested' : 'add.added', { name: title }),
    })
  }

  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <TextField
        label={t('add.field')}
        placeholder={t('add.placeholder')}
        hint={t('add.hint')}
        value={text}
        onChange={change}
        error={fieldError()}
        maxLength={2_000}
        dir="ltr"
        spellCheck={false}
        autoComplete="off"
        autoFocus
      />
      {scanning ? (
        <Scanner
          onText={(scanned) => {
            setScanning(false)
            change(scanned)
          }}
          onCancel={() => setScanning(false)}
        />
      ) : (
        link === null &&
        address === null && (
          <div>
            <Button icon={<QrCode />} onClick={() => setScanning(true)}>
              {t('scan:scan')}
            </Button>
          </div>
        )
      )}
      {link !== null && (
        <PreviewCard
          fingerprint={link.fingerprint}
          address={link.address}
          caption={t('add.byLink')}
        >
          {isKnown ? t('add.knownByLink') : t('add.byLinkText')}
        </PreviewCard>
      )}
      {address !== null && (
        <PreviewCard
          fingerprint={known?.fingerprint ?? null}
          address={address}
          caption={t('add.byAddress')}
          icon={<AtSign />}
        >
          {isKnown ? t('add.known') : t('add.byAddressText')}
        </PreviewCard>
      )}
      {add.error !== null && <FormError>{addError(add.error)}</FormError>}
      <div className={styles.buttons}>
        <Button onClick={() => closeOverlay('add-contact')}>{t('add.cancel')}</Button>
        <Button type="submit" variant="primary" busy={add.pending}>
          {isKnown && link === null
            ? t('add.open')
            : address !== null
              ? t('add.submitAddress')
              : t('add.submitLink')}
        </Button>
      </div>
    </form>
  )
}
