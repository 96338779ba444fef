import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConversationView } from '#ipc/views.ts'
import { COMMANDS, isNamed } from '../shortcuts/commands.ts'
import { runCommand, useAnsweredCommands } from '../shortcuts/registry.ts'
import { compareConversations, useConversations } from '../state/conversations.ts'
import { openConversation } from '../state/navigation.ts'
import { openOverlay, SETTINGS_SECTIONS } from '../state/overlays.ts'
import { matchFuzzy, type FuzzyMatch } from './fuzzy.ts'

/** Something the palette can go to or do. */
export interface PaletteEntry {
  readonly id: string
  readonly kind: 'conversation' | 'action' | 'settings'
  readonly title: string
  /** Beside the title, also searched: an address. */
  readonly detail: string | null
  readonly keys: string | null
  readonly conversation: ConversationView | null
  readonly choose: () => void
}

export interface PaletteResult {
  readonly entry: PaletteEntry
  readonly match: FuzzyMatch
}

const MOST_RESULTS = 50
const RECENT_CONVERSATIONS = 6

/** Everything the palette knows: conversations, the latest first, then what can be done now, then settings. */
export function usePaletteEntries(): readonly PaletteEntry[] {
  const { t } = useTranslation(['palette', 'shortcuts', 'settings'])
  const byId = useConversations((state) => state.byId)
  const answered = useAnsweredCommands()

  const conversations = useMemo(
    () => [...byId.values()].sort(compareConversations).map(conversationEntry),
    [byId],
  )
  return useMemo(() => {
    const actions = COMMANDS.flatMap(({ id, keys, hidden, local }): PaletteEntry[] => {
      if (hidden || local || !answered.has(id) || !isNamed(id)) return []
      const title = t(`shortcuts:command.${id}`)
      return [plainEntry(`action-${id}`, 'action', title, keys, () => void runCommand(id))]
    })
    const settings = SETTINGS_SECTIONS.map((section) => {
      const title = t('palette:settingsEntry', { section: t(`settings:section.${section}`) })
      const choose = (): void => openOverlay({ kind: 'settings', section })
      return plainEntry(`settings-${section}`, 'settings', title, null, choose)
    })
    return [...conversations, ...actions, ...settings]
  }, [conversations, answered, t])
}

function conversationEntry(conversation: ConversationView): PaletteEntry {
  const { id, contact } = conversation
  return {
    id: `conversation-${id}`,
    kind: 'conversation',
    title: contact.title,
    detail: contact.address,
    keys: null,
    conversation,
    choose: () => openConversation(id),
  }
}

function plainEntry(
  id: string,
  kind: 'action' | 'settings',
  title: string,
  keys: string | null,
  choose: () => void,
): PaletteEntry {
  return { id, kind, title, detail: null, keys, conversation: null, choose }
}

/** What fits a query, the best first; without a query the latest conversations and all actions. */
export function findEntries(
  entries: readonly PaletteEntry[],
  query: string,
): readonly PaletteResult[] {
  if (query.trim() === '') {
    const recent = entries.filter(({ kind }) => kind === 'conversation')
    const actions = entries.filter(({ kind }) => kind === 'action')
    return [...recent.slice(0, RECENT_CONVERSATIONS), ...actions].map((entry) => ({
      entry,
      match: { score: 0, ranges: [] },
    }))
  }
  return entries
    .flatMap((entry): PaletteResult[] => {
      const match = matchEntry(query, entry)
      return match === null ? [] : [{ entry, match }]
    })
    .sort((a, b) => b.match.score - a.match.score)
    .slice(0, MOST_RESULTS)
}

/** The title counts most; what only the address has is found as well, without a highlight. */
function matchEntry(query: string, { title, detail }: PaletteEntry): FuzzyMatch | null {
  const inTitle = matchFuzzy(query, title)
  if (inTitle !== null || detail === null) return inTitle
  const inBoth = matchFuzzy(query, `${title} ${detail}`)
  return inBoth === null ? null : { score: inBoth.score / 2, ranges: [] }
}
