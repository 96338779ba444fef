import type { EmojiData } from 'frimousse'
import type { Language } from '../i18n/languages.ts'

/** Newer ones are still missing from the fonts of many systems. */
const NEWEST_VERSION = 15.1
/** Skin tones and hair on their own. */
const COMPONENT_GROUP = 2

/** One entry of emojibase's data, as far as it is used. */
interface Entry {
  readonly emoji: string
  readonly label: string
  readonly tags?: readonly string[]
  readonly group?: number
  readonly version: number
  readonly hexcode: string
  readonly skins?: readonly { readonly emoji: string; readonly tone?: number | readonly number[] }[]
}

interface Messages {
  readonly groups: readonly { readonly order: number; readonly message: string }[]
  readonly skinTones: readonly { readonly key: string; readonly message: string }[]
}

type Loaded = readonly [{ default: readonly Entry[] }, { default: Messages }]

// The data is bundled, one chunk a language, and read when the picker first opens.
const LOADERS: Readonly<Record<Language, () => Promise<Loaded>>> = {
  en: () =>
    Promise.all([import('emojibase-data/en/data.json'), import('emojibase-data/en/messages.json')]),
  de: () =>
    Promise.all([import('emojibase-data/de/data.json'), import('emojibase-data/de/messages.json')]),
  es: () =>
    Promise.all([import('emojibase-data/es/data.json'), import('emojibase-data/es/messages.json')]),
  fr: () =>
    Promise.all([import('emojibase-data/fr/data.json'), import('emojibase-data/fr/messages.json')]),
}

const TONES = ['light', 'medium-light', 'medium', 'medium-dark', 'dark'] as const

/** What the emoji picker shows in one language. */
export async function loadEmojiData(language: Language): Promise<EmojiData> {
  const [{ default: entries }, { default: messages }] = await LOADERS[language]()
  const toneName = (key: string) =>
    messages.skinTones.find((tone) => tone.key === key)?.message ?? key
  return {
    locale: language,
    categories: messages.groups
      .filter(({ order }) => order !== COMPONENT_GROUP)
      .map(({ order, message }) => ({ index: order, label: capitalise(message, language) })),
    skinTones: {
      light: toneName('light'),
      'medium-light': toneName('medium-light'),
      medium: toneName('medium'),
      'medium-dark': toneName('medium-dark'),
      dark: toneName('dark'),
    },
    emojis: entries.filter(isShown).map((entry) => ({
      emoji: entry.emoji,
      label: capitalise(entry.label, language),
      category: entry.group ?? 0,
      version: entry.version,
      tags: [...(entry.tags ?? [])],
      skins: skinsOf(entry),
    })),
  }
}

function isShown({ group, version }: Entry): boolean {
  return group !== undefined && group !== COMPONENT_GROUP && version <= NEWEST_VERSION
}

function skinsOf({ skins }: Entry): Record<(typeof TONES)[number], string> | undefined {
  const [light, mediumLight, medium, mediumDark, dark] = TONES.map(
    (_, index) => skins?.find(({ tone }) => tone === index + 1)?.emoji,
  )
  if (!light || !mediumLight || !medium || !mediumDark || !dark) return undefined
  return { light, 'medium-light': mediumLight, medium, 'medium-dark': mediumDark, dark }
}

function capitalise(text: string, language: string): string {
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1)
}

export interface Shortcode {
  readonly code: string
  readonly emoji: string
}

let shortcodes: Promise<readonly Shortcode[]> | undefined

/** All `:shortcodes:`, as on GitHub and in most chats. Read once, when the first colon is typed. */
export function loadShortcodes(): Promise<readonly Shortcode[]> {
  shortcodes ??= readShortcodes()
  return shortcodes
}

async function readShortcodes(): Promise<readonly Shortcode[]> {
  const { default: codes } = await import('emojibase-data/en/shortcodes/github.json')
  return Object.entries(codes).flatMap(([hexcode, names]) =>
    [names].flat().map((code) => ({ code, emoji: fromHexcode(hexcode) })),
  )
}

/** The emoji of a hexcode, asked to look like one where its character can also be plain text. */
function fromHexcode(hexcode: string): string {
  const emoji = String.fromCodePoint(...hexcode.split('-').map((hex) => Number.parseInt(hex, 16)))
  return /^\p{Emoji}$/u.test(emoji) && !/\p{Emoji_Presentation}/u.test(emoji)
    ? `${emoji}\u{FE0F}`
    : emoji
}
