import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConversationView } from '#ipc/views.ts'
import { copyInviteLink } from '../contacts/copy-invite-link.ts'
import { mute, setArchived, setUnread, updateConversation } from '../conversations/actions.ts'
import { call } from '../ipc/bridge.ts'
import { useApp } from '../state/app.ts'
import { useConversation, useConversations } from '../state/conversations.ts'
import { showList, toggleDetails } from '../state/layout.ts'
import {
  isUnread,
  openConversationAt,
  replyToLatest,
  stepConversation,
} from '../state/navigation.ts'
import { openOverlay } from '../state/overlays.ts'
import { focusSearch } from '../state/search.ts'
import type { CommandId } from './commands.ts'
import { answerCommand, useCommand } from './registry.ts'

const NUMBERED = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const

/** Answers every command of the main window. Mounted once, in it. */
export function useAppCommands(): void {
  useGeneralCommands()
  useConversationCommands()
  useOpenConversationCommands()
}

function useGeneralCommands(): void {
  const { t, i18n } = useTranslation(['contacts', 'errors'])
  useCommand('palette', () => openOverlay({ kind: 'palette' }))
  useCommand('new-conversation', () => openOverlay({ kind: 'add-contact' }))
  useCommand('search', () => focusSearch())
  useCommand('settings', () => openOverlay({ kind: 'settings' }))
  useCommand('about', () => openOverlay({ kind: 'settings', section: 'about' }))
  useCommand('shortcuts', () => openOverlay({ kind: 'shortcuts' }))
  useCommand('copy-invite-link', () => void copyInviteLink(t, i18n.language))
  useCommand('requests', () => showList('requests'))
  useCommand('reconnect', () => void call('network.reconnect', undefined))
  useCommand('toggle-theme', toggleTheme)
}

function toggleTheme(): void {
  const { theme } = useApp.getState().settings
  const systemDark = matchMedia('(prefers-color-scheme: dark)').matches
  const dark = theme === 'system' ? systemDark : theme !== 'light'
  void call('settings.update', { theme: dark ? 'light' : 'dark' })
}

function useConversationCommands(): void {
  useCommand('previous-conversation', () => stepConversation(-1))
  useCommand('next-conversation', () => stepConversation(1))
  useCommand('previous-unread', () => stepConversation(-1, { unreadOnly: true }))
  useCommand('next-unread', () => stepConversation(1, { unreadOnly: true }))
  useEffect(() => {
    const stops = NUMBERED.map((number) =>
      answerCommand(`conversation-${number}`, () => openConversationAt(number - 1)),
    )
    return () => stops.forEach((stop) => stop())
  }, [])
}

function useOpenConversationCommands(): void {
  useCommandOnOpen('archive', (row) => void setArchived(row, !row.archived))
  useCommandOnOpen('pin', ({ id, pinned }) => void updateConversation(id, { pinned: !pinned }))
  useCommandOnOpen('mark-unread', (row) => void setUnread(row, !isUnread(row)))
  useCommandOnOpen('mute', (row) => void mute(row, row.mutedUntilMs > Date.now() ? 0 : null))
  useCommandOnOpen('mute-hour', (row) => void mute(row, 1))
  useCommandOnOpen('mute-day', (row) => void mute(row, 24))
  useCommandOnOpen('toggle-details', toggleDetails)
  useCommandOnOpen('search-in-conversation', ({ id }) => focusSearch(id))
  useCommandOnOpen('reply', replyToLatest)
  useCommandOnOpen('verify', ({ contact }) =>
    openOverlay({ kind: 'verify', contactId: contact.id }),
  )
}

/** Answers a command where a conversation is open, and for that one. */
function useCommandOnOpen(id: CommandId, handler: (open: ConversationView) => void): void {
  const open = useConversation(useConversations(({ openId }) => openId))
  useCommand(
    id,
    () => {
      if (open !== null) handler(open)
    },
    open !== null,
  )
}
