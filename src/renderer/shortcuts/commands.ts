import { parseKeys, type KeyCombination } from './keys.ts'

/** The sections of the shortcut sheet, in order. */
export const COMMAND_GROUPS = ['general', 'conversations', 'messages'] as const
export type CommandGroup = (typeof COMMAND_GROUPS)[number]

interface CommandDeclaration {
  readonly group: CommandGroup
  readonly keys?: string
  /** Also works while a dialog is open, because it opens another one. */
  readonly overDialogs?: true
  /** Not in the palette: it would close the palette, or only makes sense as a key. */
  readonly hidden?: true
  /** Its own field or dialog listens for the key; listed for the shortcut sheet only. */
  readonly local?: true
}

/**
 * Everything a key, the menu or the palette can ask for, declared once: the key handler, the shortcut sheet,
 * the palette and the key hints all read this table. Texts are `shortcuts:command.<id>`.
 */
const DECLARATIONS = {
  palette: { group: 'general', keys: 'Mod+K', overDialogs: true, hidden: true },
  'new-conversation': { group: 'general', keys: 'Mod+N', overDialogs: true },
  search: { group: 'general', keys: 'Mod+F' },
  settings: { group: 'general', keys: 'Mod+,', overDialogs: true },
  shortcuts: { group: 'general', keys: 'Mod+/', overDialogs: true },
  'copy-invite-link': { group: 'general' },
  requests: { group: 'general' },
  reconnect: { group: 'general' },
  'toggle-theme': { group: 'general' },
  about: { group: 'general', overDialogs: true },
  close: { group: 'general', keys: 'Esc', local: true },

  'previous-conversation': { group: 'conversations', keys: 'Alt+ArrowUp' },
  'next-conversation': { group: 'conversations', keys: 'Alt+ArrowDown' },
  'previous-unread': { group: 'conversations', keys: 'Alt+Shift+ArrowUp' },
  'next-unread': { group: 'conversations', keys: 'Alt+Shift+ArrowDown' },
  'conversation-1': { group: 'conversations', keys: 'Mod+1', hidden: true },
  'conversation-2': { group: 'conversations', keys: 'Mod+2', hidden: true },
  'conversation-3': { group: 'conversations', keys: 'Mod+3', hidden: true },
  'conversation-4': { group: 'conversations', keys: 'Mod+4', hidden: true },
  'conversation-5': { group: 'conversations', keys: 'Mod+5', hidden: true },
  'conversation-6': { group: 'conversations', keys: 'Mod+6', hidden: true },
  'conversation-7': { group: 'conversations', keys: 'Mod+7', hidden: true },
  'conversation-8': { group: 'conversations', keys: 'Mod+8', hidden: true },
  'conversation-9': { group: 'conversations', keys: 'Mod+9', hidden: true },
  archive: { group: 'conversations', keys: 'Mod+Shift+A' },
  pin: { group: 'conversations' },
  'mark-unread': { group: 'conversations' },
  mute: { group: 'conversations' },
  'mute-hour': { group: 'conversations' },
  'mute-day': { group: 'conversations' },
  verify: { group: 'conversations' },
  'toggle-details': { group: 'conversations', keys: 'Mod+Shift+D' },

  'search-in-conversation': { group: 'messages', keys: 'Mod+Shift+F' },
  reply: { group: 'messages', keys: 'Mod+Shift+R' },
} as const satisfies Record<string, CommandDeclaration>

export type CommandId = keyof typeof DECLARATIONS

/** The commands with a text of their own; conversation 2 to 9 share that of conversation 1. */
export type NamedCommandId = Exclude<CommandId, `conversation-${2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`>

export function isNamed(id: CommandId): id is NamedCommandId {
  return !/^conversation-[2-9]$/.test(id)
}

export interface Command {
  readonly id: CommandId
  readonly group: CommandGroup
  /** As `KeyHint` and `IconButton` take them. */
  readonly keys: string | null
  readonly combination: KeyCombination | null
  readonly overDialogs: boolean
  readonly hidden: boolean
  readonly local: boolean
}

function isCommandId(id: string): id is CommandId {
  return Object.hasOwn(DECLARATIONS, id)
}

function toCommand(id: CommandId): Command {
  const declaration: CommandDeclaration = DECLARATIONS[id]
  return {
    id,
    group: declaration.group,
    keys: declaration.keys ?? null,
    combination: declaration.keys === undefined ? null : parseKeys(declaration.keys),
    overDialogs: declaration.overDialogs ?? false,
    hidden: declaration.hidden ?? false,
    local: declaration.local ?? false,
  }
}

/** All commands in the order of the shortcut sheet. */
export const COMMANDS: readonly Command[] = Object.keys(DECLARATIONS)
  .filter(isCommandId)
  .map(toCommand)

/** The keys of a command, for a hint beside what does the same. Throws a RangeError where it has none. */
export function keysOf(id: CommandId): string {
  const declaration: CommandDeclaration = DECLARATIONS[id]
  if (declaration.keys === undefined) throw new RangeError(`${id} has no keys`)
  return declaration.keys
}
