import type { CallInput, CallOutput } from '#ipc/contract.ts'
import type { MessageView } from '#shared/views.ts'
import type { Answers, FakeMain } from './fake-main.ts'
import { contact, conversation, fingerprintOf, NOW_MS } from './people.ts'
import { Refusal } from './refusal.ts'

const INVITE = 'sotto://add?a=mira%40relay.example.org&f=3kPq7ZxW&t=Jc0wV2mN8sQ'
const ENVELOPE_PARTS = [
  ['version', 1],
  ['type', 1],
  ['headerNonce', 12],
  ['sealedHeader', 89],
  ['commitment', 32],
  ['nonce', 12],
  ['sealedText', 272],
] as const

/** How the scripted main process answers each call. */
export const ANSWERS: Answers = {
  'app.getState': (main) => main.state.app,
  'app.retry': (main) => main.state.app,
  'app.unlockVault': () => refuse('PASSPHRASE_WRONG'),
  'onboarding.checkRelay': (_, { relay }) =>
    relay.includes('.') || relay.includes('localhost')
      ? { version: '0.1.0', registration: 'open', secure: !relay.startsWith('localhost') }
      : refuse('RELAY_UNREACHABLE'),
  'onboarding.checkName': (_, { name }) => ({ free: name !== 'taken' }),
  'onboarding.createAccount': (main, { relay, name, displayName }) => {
    const account = {
      address: `${name}@${relay}`,
      displayName,
      fingerprint: fingerprintOf(4_711),
      createdAtMs: Date.now(),
      registered: true,
    }
    main.state.app = { phase: 'ready', account }
    setTimeout(() => main.emit('app.stateChanged', main.state.app))
    return account
  },
  'localRelay.get': (main) => main.state.localRelay,
  'localRelay.start': (main, { network }) => {
    const address = network === 'local-network' ? '192.168.1.20' : '127.0.0.1'
    main.state.localRelay = { state: 'running', network, host: `${address}:43210` }
    main.emit('localRelay.changed', main.state.localRelay)
    return main.state.localRelay
  },
  'localRelay.stop': (main) => {
    main.state.localRelay = { ...main.state.localRelay, state: 'off', host: null }
    main.emit('localRelay.changed', main.state.localRelay)
    return main.state.localRelay
  },
  'account.get': account,
  'account.updateProfile': (main, { displayName }) => {
    const changed = { ...account(main), displayName }
    main.state.app = { phase: 'ready', account: changed }
    main.emit('account.changed', changed)
    return changed
  },
  'account.createInvite': () => ({ link: INVITE, expiresAtMs: NOW_MS + 7 * 86_400_000 }),
  'account.delete': () => undefined,
  'links.preview': (_, { link }) =>
    link.startsWith('sotto://add')
      ? {
          address: 'lena@relay.example.org',
          relay: 'relay.example.org',
          fingerprint: fingerprintOf(99),
        }
      : refuse('LINK_INVALID'),
  'links.openOutside': () => undefined,
  'clipboard.writeText': () => undefined,
  'contacts.add': (main, { linkOrAddress }) => {
    const id = Math.max(0, ...main.state.conversations.map((row) => row.id)) + 1
    const byLink = linkOrAddress.startsWith('sotto:')
    const added = contact(id, byLink ? 'Lena' : (linkOrAddress.split('@')[0] ?? ''), {
      relation: byLink ? 'accepted' : 'request-out',
      verifiedAtMs: byLink ? Date.now() : null,
    })
    main.state.conversations.push(conversation(added))
    main.emit('conversations.changed', [main.conversation(id)])
    return added
  },
  'contacts.get': (main, { contactId }) => main.contact(contactId),
  'contacts.rename': (main, { contactId, petname }) => {
    const { displayName } = main.contact(contactId)
    return main.changeContact(contactId, { petname, title: petname || displayName })
  },
  'contacts.accept': (main, { contactId }) =>
    main.changeContact(contactId, { relation: 'accepted' }),
  'contacts.block': (main, { contactId }) => main.changeContact(contactId, { relation: 'blocked' }),
  'contacts.unblock': (main, { contactId }) =>
    main.changeContact(contactId, { relation: 'accepted' }),
  'contacts.remove': (main, { contactId }) => {
    main.removeConversation(main.contact(contactId).conversationId)
  },
  'contacts.safetyNumber': (main, { contactId }) => ({
    groups: Array.from({ length: 12 }, (_, n) =>
      String(((contactId + n) * 48_271) % 100_000).padStart(5, '0'),
    ),
    qr: `sotto-safety:${fingerprintOf(contactId)}`,
    fingerprint: fingerprintOf(contactId),
    verifiedAtMs: main.contact(contactId).verifiedAtMs,
  }),
  'contacts.setVerified': (main, { contactId, verified }) =>
    main.changeContact(contactId, { verifiedAtMs: verified ? Date.now() : null }),
  'contacts.compareQr': (main, { contactId, qr }) => {
    const match = qr === `sotto-safety:${fingerprintOf(contactId)}`
    if (match) main.changeContact(contactId, { verifiedAtMs: Date.now() })
    return { match }
  },
  'contacts.acceptIdentity': (main, { contactId }) =>
    main.changeContact(contactId, { identityChanged: false, verifiedAtMs: null }),

  'conversations.list': (main) => main.state.conversations,
  'conversations.get': (main, { conversationId }) => main.conversation(conversationId),
  'conversations.update': (main, { conversationId, change }) =>
    main.changeConversation(conversationId, definedOnly(change)),
  'conversations.markRead': (main, { conversationId, seq }) => {
    const unread = (main.state.messages.get(conversationId) ?? []).filter(
      (message) => message.seq > seq && message.author === 'them' && message.kind !== 'notice',
    )
    const before = main.conversation(conversationId).unreadCount
    main.changeConversation(conversationId, { unreadCount: Math.min(before, unread.length) })
  },
  'conversations.clear': (main, { conversationId }) => {
    main.state.messages.set(conversationId, [])
    main.emit('messages.removed', [{ conversationId, seq: null }])
    main.changeConversation(conversationId, { lastMessage: null, unreadCount: 0 })
  },

  'messages.page': page,
  'messages.send': (main, { conversationId, text, replyToSeq }) => {
    const original = replyToSeq === null ? null : main.message(replyToSeq)
    const message = main.addMessage(conversationId, {
      author: 'me',
      text,
      replyTo:
        original === null
          ? null
          : { seq: original.seq, author: original.author, excerpt: original.text.slice(0, 400) },
      signature: main.conversation(conversationId).signedMessages ? 'valid' : 'none',
    })
    return message
  },
  'messages.retry': (main, { seq }) =>
    main.changeMessage(seq, { state: 'waiting', errorCode: null }),
  'messages.remove': (main, { seq }) => {
    const { conversationId } = main.message(seq)
    const list = main.state.messages.get(conversationId) ?? []
    const left = list.filter((message) => message.seq !== seq)
    main.state.messages.set(conversationId, left)
    main.emit('messages.removed', [{ conversationId, seq }])
    main.changeConversation(conversationId, { lastMessage: left.at(-1) ?? null })
  },
  'messages.search': search,
  'messages.inspect': (main, { seq }) => {
    const { author } = main.message(seq)
    let offset = 0
    const parts = ENVELOPE_PARTS.map(([name, length]) => {
      offset += length
      return { name, offset: offset - length, length }
    })
    const random = Array.from({ length: 7 }, (_, n) => fingerprintOf(seq * 7 + n)).join('')
    return {
      direction: author === 'me' ? 'out' : 'in',
      envelopeHex: `0101${random.repeat(2)}`.slice(0, offset * 2),
      envelopeId: random.slice(0, 32),
      labelHex: random.slice(32, 64),
      sizeBytes: offset,
      relayedAtMs: NOW_MS - 60_000,
      parts,
      facts: [
        { key: 'agreement', value: 'ECDH P-256 + ML-KEM-768' },
        { key: 'derivation', value: 'HKDF-SHA-256, HMAC-SHA-512' },
        { key: 'cipher', value: 'AES-256-GCM' },
        { key: 'version', value: '1' },
        { key: 'type', value: 'message' },
        { key: 'turn', value: '14' },
        { key: 'number', value: '3' },
      ],
    }
  },
  'messages.tamper': (_, { bit }) => ({
    originalOpens: true,
    alteredOpens: false,
    alteredBit: bit,
    code: 'MESSAGE_UNREADABLE',
  }),

  'settings.get': (main) => main.state.settings,
  'settings.update': (main, change) => {
    main.state.settings = { ...main.state.settings, ...definedOnly(change) }
    main.emit('settings.changed', main.state.settings)
    return main.state.settings
  },
  'network.getState': (main) => main.state.connection,
  'network.reconnect': () => undefined,
  'network.testProxy': () => ({ latencyMs: 42 }),
  'relays.listDistrusted': (main) => main.state.distrustedRelays,
  'relays.trustAgain': (main, { host }) => {
    main.state.distrustedRelays = main.state.distrustedRelays.filter((each) => each.host !== host)
    main.emit('relays.changed', main.state.distrustedRelays)
  },
  'keys.getHealth': () => ({
    protection: 'keychain',
    backend: 'Secret Service',
    selfTestPassed: true,
    cryptoLibrary: 'BoringSSL',
    nativeMlKem: false,
    databaseCipher: 'aegis',
    signedPrekeyCreatedAtMs: NOW_MS - 3 * 86_400_000,
    nextRotationAtMs: NOW_MS + 4 * 86_400_000,
    oneTimePrekeysLeft: 87,
    fingerprint: fingerprintOf(4_711),
  }),
  'about.get': () => ({
    version: '0.1.0',
    electron: '45.4.1',
    chromium: '146.0',
    node: '24.21.0',
    platform: 'Linux',
    profile: 'default',
    dataFolder: '/home/mira/.config/Sotto',
    launchesAtLogin: true,
    licences: [
      { name: 'react', version: '19.3.1', licence: 'MIT' },
      { name: 'virtua', version: '0.54.2', licence: 'MIT' },
    ],
  }),
  'about.getDiagnostics': () => 'Sotto 0.1.0\nLinux\n',
  'window.setOpenConversation': (main, { conversationId }) => {
    main.state.openConversationId = conversationId
  },
  'window.getOpenConversation': (main) => ({ conversationId: main.state.openConversationId }),
  'window.reportReady': () => undefined,
}

function refuse(code: Refusal['code']): never {
  throw new Refusal(code)
}

function account(main: FakeMain) {
  return main.state.app.phase === 'ready' ? main.state.app.account : refuse('PROFILE_MISSING')
}

/** Without the keys whose value is `undefined`, which a partial object may carry. */
function definedOnly<T extends object>(change: T): { [Key in keyof T]: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: NonNullable<T[Key]>
  }
}

function page(
  main: FakeMain,
  { conversationId, position, limit }: CallInput<'messages.page'>,
): CallOutput<'messages.page'> {
  const { unreadCount } = main.conversation(conversationId)
  const all = main.state.messages.get(conversationId) ?? []
  const theirs = all.filter(({ author, kind }) => author === 'them' && kind !== 'notice')
  const firstUnreadSeq = unreadCount === 0 ? null : (theirs.at(-unreadCount)?.seq ?? null)
  const indexOf = (seq: number) => all.findIndex((message) => message.seq >= seq)
  const from = (() => {
    switch (position.kind) {
      case 'newest':
        return all.length - limit
      case 'first-unread':
        return firstUnreadSeq === null
          ? all.length - limit
          : indexOf(firstUnreadSeq) - Math.floor(limit / 2)
      case 'before':
        return indexOf(position.seq) - limit
      case 'after':
        return indexOf(position.seq + 1) === -1 ? all.length : indexOf(position.seq + 1)
      case 'around':
        return indexOf(position.seq) - Math.floor(limit / 2)
    }
  })()
  const to = position.kind === 'before' ? indexOf(position.seq) : from + limit
  const start = Math.max(0, from)
  return {
    messages: all.slice(start, Math.max(start, to)),
    hasOlder: start > 0,
    hasNewer: to < all.length,
    firstUnreadSeq,
  }
}

function search(
  main: FakeMain,
  { text, conversationId, beforeSeq, limit }: CallInput<'messages.search'>,
): CallOutput<'messages.search'> {
  const wanted = text.toLowerCase()
  const found: MessageView[] = [...main.state.messages.values()]
    .flat()
    .filter((message) => conversationId === null || message.conversationId === conversationId)
    .filter((message) => beforeSeq === null || message.seq < beforeSeq)
    .filter((message) => message.text.toLowerCase().includes(wanted))
  return found
    .toSorted((a, b) => b.seq - a.seq)
    .slice(0, limit)
    .map((message) => {
      const at = message.text.toLowerCase().indexOf(wanted)
      return {
        message,
        title: main.conversation(message.conversationId).contact.title,
        ranges: [[at, at + wanted.length]],
      }
    })
}
