import {
  Archive,
  ArchiveRestore,
  Ban,
  Copy,
  Eraser,
  Pencil,
  Search,
  ShieldAlert,
  ShieldCheck,
  UserMinus,
  X,
} from 'lucide-react'
import { type ReactNode, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useTranslation } from 'react-i18next'
import type { ConversationView } from '#ipc/views.ts'
import {
  clearConversation,
  mute,
  removeContact,
  setArchived,
  updateConversation,
} from '../conversations/actions.ts'
import { formatDate, formatMoment } from '../i18n/format.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { useNow } from '../i18n/use-now.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { setDetailsOpen } from '../state/layout.ts'
import { openOverlay } from '../state/overlays.ts'
import { focusSearch } from '../state/search.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { confirm } from '../ui/confirm.tsx'
import { copyText } from '../ui/copy-text.ts'
import { IconButton } from '../ui/icon-button.tsx'
import { Switch } from '../ui/switch.tsx'
import { showToast } from '../ui/toast.tsx'
import styles from './details-pane.module.css'
import { RenameForm } from './rename-form.tsx'

/** The third pane: who this is, and how this conversation is to be. */
export function DetailsPane({ conversation }: { readonly conversation: ConversationView }) {
  const { t } = useTranslation('details')
  return (
    <div className={styles.pane}>
      <header className={styles.header}>
        <h2>{t('title')}</h2>
        <IconButton label={t('close')} icon={<X />} onClick={() => setDetailsOpen(false)} />
      </header>
      <div className={styles.body}>
        <Person conversation={conversation} />
        <Verification conversation={conversation} />
        <Preferences conversation={conversation} />
        <Facts conversation={conversation} />
        <Actions conversation={conversation} />
      </div>
    </div>
  )
}

interface DetailsProps {
  readonly conversation: ConversationView
}

function Person({ conversation: { contact } }: DetailsProps) {
  const { t } = useTranslation('details')
  const [renaming, setRenaming] = useState(false)
  const renameButton = useRef<HTMLButtonElement>(null)
  const onRenamed = () => {
    flushSync(() => setRenaming(false))
    renameButton.current?.focus()
  }
  const copyAddress = async () => {
    if (await copyText(contact.address)) showToast({ text: t('addressCopied') })
  }
  return (
    <section className={styles.person}>
      <Avatar fingerprint={contact.fingerprint} title={contact.title} size={5.5} />
      {renaming ? (
        <RenameForm contact={contact} onDone={onRenamed} />
      ) : (
        <div className={styles.nameLine}>
          <h3 className={styles.name} dir="auto">
            {contact.title}
          </h3>
          <IconButton
            ref={renameButton}
            size="small"
            label={t('rename')}
            icon={<Pencil />}
            onClick={() => setRenaming(true)}
          />
        </div>
      )}
      {contact.petname !== '' && contact.displayName !== '' && (
        <p className={styles.quiet}>
          {t('theirName')}: <bdi>{contact.displayName}</bdi>
        </p>
      )}
      <div className={styles.addressLine}>
        <span className={styles.address}>{contact.address}</span>
        <IconButton
          size="small"
          label={t('copyAddress')}
          icon={<Copy />}
          onClick={() => void copyAddress()}
        />
      </div>
      {contact.relation !== 'accepted' && (
        <Badge tone={contact.relation === 'blocked' ? 'danger' : 'quiet'}>
          {t(`relation.${contact.relation}`)}
        </Badge>
      )}
    </section>
  )
}

function Verification({ conversation: { contact } }: DetailsProps) {
  const { t, i18n } = useTranslation('details')
  const verified = contact.verifiedAtMs !== null && !contact.identityChanged
  return (
    <section className={styles.card} data-verified={verified || undefined}>
      <p className={styles.cardTitle}>
        {verified ? <ShieldCheck /> : <ShieldAlert />}
        {verified && contact.verifiedAtMs !== null
          ? t('verified', { date: formatDate(i18n.language, contact.verifiedAtMs) })
          : t('notVerified')}
      </p>
      {!verified && <p className={styles.quiet}>{t('verifyHint')}</p>}
      <Button size="small" onClick={() => openOverlay({ kind: 'verify', contactId: contact.id })}>
        {t('verify')}
      </Button>
    </section>
  )
}

function Preferences({ conversation }: DetailsProps) {
  const { t, i18n } = useTranslation('details')
  const muted = conversation.mutedUntilMs > useNow()
  const forGood = conversation.mutedUntilMs === Number.MAX_SAFE_INTEGER
  return (
    <section>
      <Switch
        label={t('mute')}
        description={
          muted && !forGood
            ? t('mutedUntil', { date: formatMoment(i18n.language, conversation.mutedUntilMs) })
            : t('muteHint')
        }
        checked={muted}
        onChange={(on) => void mute(conversation, on ? null : 0)}
      />
      <Switch
        label={t('signed')}
        description={t('signedHint')}
        checked={conversation.signedMessages}
        onChange={(signedMessages) => void updateConversation(conversation.id, { signedMessages })}
      />
    </section>
  )
}

function Facts({ conversation: { contact } }: DetailsProps) {
  const { t, i18n } = useTranslation('details')
  return (
    <dl className={styles.facts}>
      <dt>{t('since')}</dt>
      <dd>{formatDate(i18n.language, contact.createdAtMs)}</dd>
      <dt>{t('fingerprint')}</dt>
      <dd className={styles.fingerprint}>{contact.fingerprint.match(/.{1,8}/g)?.join(' ')}</dd>
    </dl>
  )
}

function Actions({ conversation }: DetailsProps) {
  const { t } = useTranslation('details')
  const errorText = useErrorText()
  const block = useIpcCall('contacts.block')
  const unblock = useIpcCall('contacts.unblock')
  const { id, contact, archived, lastMessage } = conversation
  const { title } = contact

  const onBlock = async () => {
    const yes = await confirm({
      title: t('blockTitle', { title }),
      body: t('blockBody'),
      action: t('block'),
      danger: true,
    })
    if (!yes) return
    const outcome = await block.run({ contactId: contact.id })
    if (!outcome.ok) showToast({ tone: 'danger', text: errorText(outcome.error.code) })
  }
  const onUnblock = async () => {
    const outcome = await unblock.run({ contactId: contact.id })
    if (!outcome.ok) showToast({ tone: 'danger', text: errorText(outcome.error.code) })
  }

  return (
    <ul className={styles.actions}>
      <Action icon={<Search />} text={t('search')} onClick={() => focusSearch(id)} />
      <Action
        icon={archived ? <ArchiveRestore /> : <Archive />}
        text={archived ? t('unarchive') : t('archive')}
        onClick={() => void setArchived(conversation, !archived)}
      />
      {contact.relation === 'blocked' ? (
        <Action icon={<Ban />} text={t('unblock')} onClick={() => void onUnblock()} />
      ) : (
        <Action icon={<Ban />} text={t('block')} danger onClick={() => void onBlock()} />
      )}
      {lastMessage !== null && (
        <Action
          icon={<Eraser />}
          text={t('clear')}
          danger
          onClick={() => void clearConversation(conversation)}
        />
      )}
      <Action
        icon={<UserMinus />}
        text={t('remove')}
        danger
        onClick={() => void removeContact(conversation)}
      />
    </ul>
  )
}

function Action({
  icon,
  text,
  danger = false,
  onClick,
}: {
  readonly icon: ReactNode
  readonly text: string
  readonly danger?: boolean
  readonly onClick: () => void
}) {
  return (
    <li>
      <button
        type="button"
        className={styles.action}
        data-danger={danger || undefined}
        onClick={onClick}
      >
        {icon}
        {text}
      </button>
    </li>
  )
}
