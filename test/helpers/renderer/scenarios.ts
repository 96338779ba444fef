import { DEFAULT_SETTINGS } from '#shared/default-settings.ts'
import type {
  AppStateView,
  ConnectionView,
  ConversationView,
  LocalRelayView,
  MessageView,
  RelayTrustView,
  SettingsView,
} from '#shared/views.ts'
import {
  contact,
  conversation,
  DAY_MS,
  fingerprintOf,
  HOUR_MS,
  type Line,
  MINUTE_MS,
  NOW_MS,
  script,
} from './people.ts'
import { endlessLine, EVERYDAY, RIGHT_TO_LEFT, VERY_LONG } from './scripts.ts'

/** What a scripted main process starts with. */
export interface Scenario {
  app: AppStateView
  connection: ConnectionView
  localRelay: LocalRelayView
  settings: SettingsView
  conversations: ConversationView[]
  messages: Map<number, MessageView[]>
  openConversationId: number | null
  distrustedRelays: RelayTrustView[]
}

const READY: AppStateView = {
  phase: 'ready',
  account: {
    address: 'mira@relay.example.org',
    displayName: 'Mira Lindqvist',
    fingerprint: fingerprintOf(4_711),
    createdAtMs: NOW_MS - 60 * DAY_MS,
    registered: true,
  },
}

const ONLINE: ConnectionView = {
  state: 'online',
  sinceMs: NOW_MS - HOUR_MS,
  code: null,
  retryAtMs: null,
  secure: true,
  transport: 'stream',
  waitingCount: 0,
}

const SETTINGS: SettingsView = { ...DEFAULT_SETTINGS, language: 'en' }

function scenario(change: Partial<Scenario> = {}): Scenario {
  return {
    app: READY,
    connection: ONLINE,
    localRelay: { state: 'off', network: 'this-computer', host: null },
    settings: SETTINGS,
    conversations: [],
    messages: new Map(),
    openConversationId: null,
    distrustedRelays: [],
    ...change,
  }
}

/** Gives each conversation its messages and, from them, its last one. */
function filled(
  rows: readonly (readonly [ConversationView, readonly Line[], endsAgoMs: number])[],
): Pick<Scenario, 'conversations' | 'messages'> {
  const messages = new Map<number, MessageView[]>()
  let seq = 1
  const conversations = rows.map(([row, lines, endsAgoMs]) => {
    const written = script(row.id, seq, endsAgoMs, lines)
    seq += lines.length
    messages.set(row.id, written)
    return { ...row, lastMessage: written.at(-1) ?? null }
  })
  return { conversations, messages }
}

function some(): Scenario {
  const jonas = contact(1, 'Jonas Weber', { verifiedAtMs: NOW_MS - DAY_MS })
  const changed = contact(7, 'Priya Raman', { identityChanged: true })
  const long = contact(
    8,
    'Wilhelmina Alexandra Konstantinopoulou-Featherstonehaugh of the Northern Reach',
  )
  const endless = Array.from({ length: 400 }, (_, n) => endlessLine(n))
  return scenario({
    openConversationId: 1,
    ...filled([
      [conversation(jonas, { pinned: true }), EVERYDAY, 2 * MINUTE_MS],
      [
        conversation(contact(2, 'Amélie Rousseau'), { unreadCount: 3 }),
        [
          ['me', 'How was the concert?', 0],
          ['them', 'Loud, and very good.', 2 * HOUR_MS],
          ['them', 'They played the old songs too.', MINUTE_MS],
          ['them', 'Next time you come along.', MINUTE_MS],
        ],
        12 * MINUTE_MS,
      ],
      [conversation(contact(3, 'سلمى الحداد')), RIGHT_TO_LEFT, 5 * HOUR_MS],
      [
        conversation(contact(4, 'Teodor'), { draft: 'I wanted to ask whether' }),
        [['them', 'The keys are under the pot.', 0]],
        DAY_MS,
      ],
      [
        conversation(contact(5, 'Book club 📚'), {
          mutedUntilMs: Number.MAX_SAFE_INTEGER,
          unreadCount: 12,
        }),
        Array.from({ length: 30 }, (_, n) => endlessLine(n)),
        2 * DAY_MS,
      ],
      [
        conversation(contact(6, 'Noor'), { signedMessages: true }),
        [
          ['them', 'Can you sign off the plan?', 0, { signature: 'valid' }],
          ['me', 'Signed.', HOUR_MS, { signature: 'valid' }],
          [
            'me',
            'And sent to the office as well.',
            MINUTE_MS,
            { state: 'failed', errorCode: 'MAILBOX_FULL', signature: 'valid' },
          ],
        ],
        3 * DAY_MS,
      ],
      [
        conversation(changed),
        [
          ['them', 'See you at the station.', 0],
          ['them', '', DAY_MS, { kind: 'notice', notice: 'identity-changed' }],
        ],
        3 * DAY_MS + HOUR_MS,
      ],
      [
        conversation(long),
        [
          ['them', VERY_LONG, 0],
          ['me', 'That is a lot to read.', HOUR_MS],
        ],
        4 * DAY_MS,
      ],
      [conversation(contact(9, 'Ines')), endless, 6 * DAY_MS],
      [conversation(contact(10, 'Olek', { relation: 'request-out' })), [], 0],
      [
        conversation(contact(11, 'Grete Hansen', { relation: 'request-in' }), { unreadCount: 1 }),
        [
          ['them', '', 0, { kind: 'notice', notice: 'request-received' }],
          ['them', 'Hello Mira, this is Grete from the choir. Jonas gave me your address.', 0],
        ],
        40 * MINUTE_MS,
      ],
      [
        conversation(contact(12, 'Old flat'), { archived: true }),
        [['them', 'The deposit is back.', 0]],
        90 * DAY_MS,
      ],
      [
        conversation(contact(13, 'Spam', { relation: 'blocked' })),
        [['them', 'Win big', 0]],
        9 * DAY_MS,
      ],
    ]),
  })
}

function many(): Scenario {
  const first = [
    'Ada',
    'Bruno',
    'Chiara',
    'Dmitri',
    'Elif',
    'Femi',
    'Greta',
    'Hugo',
    'Ivana',
    'Joon',
  ]
  const last = [
    'Almeida',
    'Berg',
    'Castro',
    'Dubois',
    'Eriksen',
    'Fontana',
    'Gruber',
    'Hale',
    'Ito',
    'Jansen',
  ]
  const rows = Array.from({ length: 400 }, (_, n) => {
    const name = `${first[n % 10] ?? ''} ${last[Math.floor(n / 10) % 10] ?? ''}${n < 100 ? '' : ` ${Math.floor(n / 100) + 1}`}`
    const row = conversation(contact(n + 1, name, { verifiedAtMs: n % 4 === 0 ? NOW_MS : null }), {
      unreadCount: n % 9 === 2 ? (n % 5) + 1 : 0,
      pinned: n < 3,
    })
    return [row, [endlessLine(n), endlessLine(n + 1)], n * 3 * HOUR_MS] as const
  })
  return scenario({ openConversationId: 1, ...filled(rows) })
}

function huge(): Scenario {
  const lines = Array.from({ length: 100_000 }, (_, n) => endlessLine(n))
  return scenario({
    openConversationId: 1,
    ...filled([
      [conversation(contact(1, 'Ines')), lines, 2 * MINUTE_MS],
      [conversation(contact(2, 'Jonas Weber')), EVERYDAY, HOUR_MS],
    ]),
  })
}

/** Everything the interface can be started with, by the name in the page's address. */
export const SCENARIOS = {
  some,
  many,
  huge,
  none: () => scenario(),
  offline: () => ({
    ...some(),
    connection: {
      ...ONLINE,
      state: 'offline' as const,
      sinceMs: NOW_MS - 4 * MINUTE_MS,
      code: 'RELAY_UNREACHABLE' as const,
      retryAtMs: NOW_MS + HOUR_MS,
      transport: null,
      waitingCount: 2,
    },
  }),
  distrusted: () => ({
    ...some(),
    distrustedRelays: [
      {
        host: 'relay.example.org',
        isOwn: true,
        reason: 'split-view',
        sinceMs: NOW_MS - HOUR_MS,
        evidence: '{ "relay": "relay.example.org" }',
      },
      {
        host: 'a-relay-with-quite-a-long-name.somewhere-else.example.net:8443',
        isOwn: false,
        reason: 'rolled-back',
        sinceMs: NOW_MS - HOUR_MS,
        evidence: '{}',
      },
    ],
  }),
  insecure: () => ({ ...some(), connection: { ...ONLINE, secure: false } }),
  'first-run': () =>
    scenario({ app: { phase: 'first-run', keychain: 'available', inviteLink: null } }),
  'first-run-vault': () =>
    scenario({ app: { phase: 'first-run', keychain: 'absent', inviteLink: null } }),
  'first-run-locked': () =>
    scenario({ app: { phase: 'first-run', keychain: 'locked', inviteLink: null } }),
  'keychain-locked': () => scenario({ app: { phase: 'keychain-locked' } }),
  'vault-locked': () => scenario({ app: { phase: 'vault-locked' } }),
  failed: () => scenario({ app: { phase: 'failed', code: 'STORE_DAMAGED' } }),
} as const satisfies Record<string, () => Scenario>

export type ScenarioName = keyof typeof SCENARIOS

export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(SCENARIOS, name)
}
