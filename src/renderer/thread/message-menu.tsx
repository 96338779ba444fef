import { Copy, Info, Link, Reply, RotateCw, ScanSearch, Trash2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { MessageView } from '#ipc/views.ts'
import { startReply } from '../state/composer.ts'
import { openOverlay } from '../state/overlays.ts'
import { ContextMenu, type MenuAnchor, type MenuEntry } from '../ui/menu.tsx'
import { copyLink, copyMessage, removeMessage, retryMessage } from './actions.ts'

/** What can be done with one message. One menu serves the whole thread. */
export function MessageMenu({
  message,
  link,
  anchor,
  canReply,
  onClose,
}: {
  readonly message: MessageView | null
  /** The link in the message that the menu is also for. */
  readonly link: string | null
  readonly anchor: MenuAnchor | null
  readonly canReply: boolean
  readonly onClose: () => void
}) {
  const { t } = useTranslation('thread')
  const entries: MenuEntry[] = []
  if (link !== null) {
    entries.push(
      { label: t('actions.copyLink'), icon: <Link />, onSelect: () => void copyLink(link) },
      'separator',
    )
  }
  if (message?.kind === 'text') {
    if (message.state === 'failed') {
      entries.push({
        label: t('retry'),
        icon: <RotateCw />,
        onSelect: () => void retryMessage(message),
      })
    }
    if (canReply) {
      entries.push({
        label: t('actions.reply'),
        icon: <Reply />,
        onSelect: () => startReply(message),
      })
    }
    entries.push({
      label: t('actions.copy'),
      icon: <Copy />,
      onSelect: () => void copyMessage(message),
    })
  }
  if (message !== null && message.kind !== 'notice') {
    entries.push(
      {
        label: t('actions.inspect'),
        icon: <ScanSearch />,
        onSelect: () => openOverlay({ kind: 'inspect', seq: message.seq }),
      },
      {
        label: t('actions.details'),
        icon: <Info />,
        onSelect: () => openOverlay({ kind: 'message-details', seq: message.seq }),
      },
    )
  }
  if (message !== null) {
    if (entries.length > 0) entries.push('separator')
    entries.push({
      label: t('actions.remove'),
      icon: <Trash2 />,
      danger: true,
      onSelect: () => void removeMessage(message),
    })
  }
  return <ContextMenu anchor={anchor} entries={entries} onClose={onClose} />
}
