import {
  Archive,
  ArchiveRestore,
  Bell,
  BellOff,
  Eraser,
  Mail,
  MailOpen,
  Pin,
  PinOff,
  UserMinus,
} from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { ConversationView } from '#ipc/views.ts'
import { useNow } from '../i18n/use-now.ts'
import { keysOf } from '../shortcuts/commands.ts'
import { isUnread } from '../state/navigation.ts'
import { ContextMenu, type MenuAnchor, type MenuEntry } from '../ui/menu.tsx'
import {
  clearConversation,
  mute,
  removeContact,
  setArchived,
  setUnread,
  updateConversation,
} from './actions.ts'

/** What can be done with one conversation of the list. */
export function RowMenu({
  conversation,
  anchor,
  onClose,
}: {
  readonly conversation: ConversationView | null
  readonly anchor: MenuAnchor | null
  readonly onClose: () => void
}) {
  const entries = useRowMenu(conversation)
  return <ContextMenu anchor={anchor} entries={entries} onClose={onClose} />
}

function useRowMenu(row: ConversationView | null): readonly MenuEntry[] {
  const { t } = useTranslation('conversations')
  const now = useNow()
  if (row === null) return []
  return [
    row.pinned
      ? {
          label: t('menu.unpin'),
          icon: <PinOff />,
          onSelect: () => void updateConversation(row.id, { pinned: false }),
        }
      : {
          label: t('menu.pin'),
          icon: <Pin />,
          onSelect: () => void updateConversation(row.id, { pinned: true }),
        },
    row.mutedUntilMs > now
      ? { label: t('menu.unmute'), icon: <Bell />, onSelect: () => void mute(row, 0) }
      : {
          label: t('menu.mute'),
          icon: <BellOff />,
          entries: [
            { label: t('menu.muteHour'), onSelect: () => void mute(row, 1) },
            { label: t('menu.muteDay'), onSelect: () => void mute(row, 24) },
            { label: t('menu.muteAlways'), onSelect: () => void mute(row, null) },
          ],
        },
    isUnread(row)
      ? {
          label: t('menu.markRead'),
          icon: <MailOpen />,
          onSelect: () => void setUnread(row, false),
        }
      : { label: t('menu.markUnread'), icon: <Mail />, onSelect: () => void setUnread(row, true) },
    row.archived
      ? {
          label: t('menu.unarchive'),
          icon: <ArchiveRestore />,
          onSelect: () => void setArchived(row, false),
        }
      : {
          label: t('menu.archive'),
          icon: <Archive />,
          keys: keysOf('archive'),
          onSelect: () => void setArchived(row, true),
        },
    'separator',
    {
      label: t('menu.clear'),
      icon: <Eraser />,
      danger: true,
      disabled: row.lastMessage === null,
      onSelect: () => void clearConversation(row),
    },
    {
      label: t('menu.remove'),
      icon: <UserMinus />,
      danger: true,
      onSelect: () => void removeContact(row),
    },
  ]
}
