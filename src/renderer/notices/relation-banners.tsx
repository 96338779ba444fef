import { Ban, Hourglass, UserPlus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { ContactView } from '#ipc/views.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { confirm } from '../ui/confirm.tsx'
import { showToast } from '../ui/toast.tsx'
import styles from './relation-banners.module.css'

interface ContactProps {
  readonly contact: ContactView
}

/** Someone unknown has written: nothing is answered until the user decides. */
export function RequestBanner({ contact }: ContactProps) {
  const { t } = useTranslation('thread')
  const errorText = useErrorText()
  const accept = useIpcCall('contacts.accept')
  const block = useIpcCall('contacts.block')
  const remove = useIpcCall('contacts.remove')
  const { id: contactId, title, address } = contact

  const say = (outcome: Awaited<ReturnType<typeof accept.run | typeof remove.run>>) => {
    if (!outcome.ok) showToast({ tone: 'danger', text: errorText(outcome.error.code) })
  }
  const onRemove = async () => {
    const yes = await confirm({
      title: t('request.removeTitle'),
      body: t('request.removeBody', { title }),
      action: t('request.remove'),
      danger: true,
    })
    if (yes) say(await remove.run({ contactId }))
  }

  return (
    <Banner
      icon={<UserPlus />}
      title={t('request.title', { title })}
      actions={
        <>
          <Button
            variant="primary"
            busy={accept.pending}
            onClick={async () => say(await accept.run({ contactId }))}
          >
            {t('request.accept')}
          </Button>
          <Button busy={block.pending} onClick={async () => say(await block.run({ contactId }))}>
            {t('request.block')}
          </Button>
          <Button busy={remove.pending} onClick={onRemove}>
            {t('request.remove')}
          </Button>
        </>
      }
    >
      {t('request.body', { address })}
    </Banner>
  )
}

/** Takes the composer's place for someone who is blocked. */
export function BlockedBanner({ contact }: ContactProps) {
  const { t } = useTranslation('thread')
  const errorText = useErrorText()
  const unblock = useIpcCall('contacts.unblock')
  const onUnblock = async () => {
    const outcome = await unblock.run({ contactId: contact.id })
    if (!outcome.ok) showToast({ tone: 'danger', text: errorText(outcome.error.code) })
  }
  return (
    <Banner
      icon={<Ban />}
      actions={
        <Button busy={unblock.pending} onClick={onUnblock}>
          {t('blocked.unblock')}
        </Button>
      }
    >
      {t('blocked.body', { title: contact.title })}
    </Banner>
  )
}

/** Above the composer, while the other side has not accepted yet. */
export function RequestOutNote({ contact }: ContactProps) {
  const { t } = useTranslation('thread')
  return (
    <p className={styles.note}>
      <Hourglass />
      {t('requestOut', { title: contact.title })}
    </p>
  )
}
