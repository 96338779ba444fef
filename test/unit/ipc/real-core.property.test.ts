import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Client } from '#core/client.ts'
import type { Contact, EnvelopeTrace, StoredPrekey, StoredSession } from '#core/model.ts'
import type { ProfileSecrets, Store } from '#core/ports.ts'
import { DEFAULT_SETTINGS } from '#shared/default-settings.ts'
import { systemClock } from '#core/system-clock.ts'
import { CALLS, COMMON_ERRORS, type CallName } from '#ipc/contract.ts'
import { encodeBase64Url, encodeHex } from '#shared/bytes.ts'
import { failure, type ErrorCode } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'
import { fileProfileStorage } from '#store/store.ts'
import { Scenario, type Person } from '#test/helpers/scenario.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import type { Answer } from '../../../src/main/ipc/answer-call.ts'
import { eventPublisher } from '../../../src/main/ipc/publish-event.ts'
import type { AccountWish } from '../../../src/main/profile-files.ts'
import { ProfilePhase } from '../../../src/main/profile-phase.ts'
import { RelayProbe } from '../../../src/main/relay-probe.ts'
import { arbitraryOf } from './arbitrary-of-schema.ts'
import { ALL_CALLS, MemoryLog } from './fixtures.ts'
import { LocalRelayFile } from '../../../src/main/local-relay/local-relay-file.ts'
import { LocalRelay } from '../../../src/main/local-relay/local-relay.ts'

vi.mock('electron', () => ({ ipcMain: { handle: vi.fn() }, protocol: {} }))
const { allHandlers } = await import('../../../src/main/ipc/all-handlers.ts')
const { guardCalls } = await import('../../../src/main/ipc/electron-ipc.ts')

const OUR_PAGE = { senderFrame: { origin: 'app://sotto', parent: null }, sender: { id: 1 } }

let scenario: Scenario
let ada: Person
let ben: Person
let guard: (event: typeof OUR_PAGE, name: unknown, input: unknown) => Promise<Answer>
const log = new MemoryLog()
/** Everything that has crossed, as text. */
const crossed: string[] = []

beforeAll(async () => {
  scenario = await Scenario.start()
  ;[ada, ben] = await scenario.friends()
  ada.write(ben, 'Hello Ben')
  await ben.sees(ada, 'Hello Ben')
  ben.write(ada, 'Hello Ada')
  await ada.sees(ben, 'Hello Ada')
  guard = await guardFor(ada.client)
})
afterAll(() => scenario.close())

async function guardFor(client: Client) {
  const unreachable = async () => err(failure('RELAY_UNREACHABLE' as const))
  const nowhere = { info: unreachable, nameFree: unreachable, setProxy() {}, close: async () => {} }
  const phase = new ProfilePhase<Client, AccountWish, ErrorCode>(
    {
      kind: async () => ok('keychain'),
      probeKeychain: async () => 'available',
      open: async () => ok(client),
      create: async () => err(failure('PROFILE_EXISTS')),
      account: () => client.account(),
    },
    { clock: systemClock, log, inviteLink: () => null, onChange: () => undefined },
  )
  await phase.open()
  const publish = eventPublisher(() => [{ send: (...values) => crossed.push(textOf(values)) }], log)
  client.events.on('messages.added', (messages) => publish('messages.added', messages))
  client.events.on('conversations.changed', (rows) => publish('conversations.changed', rows))
  client.events.on('connection.changed', (state) => publish('connection.changed', state))
  return guardCalls({
    log,
    isOurWindow: () => true,
    handlers: allHandlers({
      phase,
      probe: new RelayProbe({
        makeRelay: () => nowhere as never,
        nowMs: () => 0,
      }),
      localRelay: new LocalRelay({
        dataFolder: ada.folder,
        file: new LocalRelayFile(join(ada.folder, 'local-relay.json')),
        fork: () => ({
          stdout: new PassThrough(),
          ended: Promise.resolve(),
          kill: () => undefined,
        }),
        log,
        onChange: () => undefined,
      }),
      closedSettings: () => DEFAULT_SETTINGS,
      deleteAccount: async () => err(failure('UNAUTHORIZED')),
      openOutside: () => false,
      writeClipboard: async () => undefined,
      about: () => ({
        version: '1',
        electron: '1',
        chromium: '1',
        node: '1',
        platform: 'test',
        profile: 'test',
        dataFolder: ada.folder,
        launchesAtLogin: true,
        licences: [],
      }),
      diagnostics: () => 'none',
      conversationShown: () => undefined,
      pageReady: () => undefined,
    }),
  })
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    item instanceof Uint8Array ? encodeHex(item) : item,
  )
}

/** Makes ids that the profile may have, so that calls do something. */
function withSmallIds(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => {
    const isId = /^(contactId|conversationId|seq|replyToSeq|beforeSeq)$/.test(key)
    return [key, isId && typeof item === 'number' ? 1 + (item % 4) : withSmallIds(item)]
  })
  return Object.fromEntries(entries)
}

/** Calls that end the usefulness of the profile for those after them. */
const FINAL: readonly CallName[] = ['contacts.remove', 'contacts.block', 'conversations.clear']

const inputs = (name: CallName) =>
  fc.oneof(
    { weight: 3, arbitrary: arbitraryOf(CALLS[name].input).map(withSmallIds) },
    { weight: 1, arbitrary: fc.anything({ withBigInt: true, withTypedArray: true }) },
  )

const callsToMake = fc
  .constantFrom(...ALL_CALLS.filter((name) => !FINAL.includes(name)))
  .chain((name) => inputs(name).map((input) => ({ name, input })))

test('no call of the real core throws across, breaks its contract or says a secret', async () => {
  // Calls that touch keys succeed at least once, or the silence of the rest would mean nothing.
  const [message] = ada.messages(ben).filter(({ kind }) => kind === 'text')
  const touching: readonly (readonly [CallName, unknown])[] = [
    ['messages.inspect', { seq: message?.seq }],
    ['contacts.safetyNumber', { contactId: ada.contactId(ben) }],
    ['keys.getHealth', undefined],
  ]
  for (const [name, input] of touching) {
    const answer = await guard(OUR_PAGE, name, input)
    expect(answer.ok).toBe(true)
    crossed.push(textOf(answer))
  }
  const property = fc.asyncProperty(callsToMake, async ({ name, input }) => {
    const answer = await guard(OUR_PAGE, name, input)
    crossed.push(textOf(answer))
    if (answer.ok) return
    expect([...CALLS[name].errors, ...COMMON_ERRORS]).toContain(answer.error.code)
  })
  await fc.assert(property, { numRuns: 1_000 })
  for (const name of FINAL)
    crossed.push(textOf(await guard(OUR_PAGE, name, { conversationId: 1, contactId: 1 })))

  expect(
    log.lines.filter((line) =>
      /ipc-(call-threw|output-refused|event-refused|undeclared)/.test(line),
    ),
  ).toEqual([])

  const secrets = await secretsOf(ada)
  expect(secrets.length).toBeGreaterThan(200)
  const everything = crossed.join('\n') + log.lines.join('\n')
  for (const secret of secrets) {
    for (const form of formsOf(secret)) expect(everything.includes(form)).toBe(false)
  }
})

/** All private bytes of a profile: the keychain's, and those of its database. */
async function secretsOf(person: Person): Promise<Uint8Array[]> {
  const kept: ProfileSecrets = valueOf(await person.keychain.load())
  await person.close()
  const store: Store = valueOf(
    fileProfileStorage(join(person.folder, 'sotto.db')).open(kept.databaseKey),
  )
  const prekeys: StoredPrekey[] = [
    ...store.prekeys.list('signed'),
    ...store.prekeys.list('one-time'),
    ...store.prekeys.list('kem-last-resort'),
    ...store.prekeys.list('kem-one-time'),
  ]
  const contacts: Contact[] = store.contacts.list()
  const sessions: StoredSession[] = contacts.flatMap(({ id }) => store.sessions.list(id))
  const traces: EnvelopeTrace[] = [1, 2, 3, 4, 5, 6].flatMap(
    (seq) => store.traces.byMessage(seq as never) ?? [],
  )
  store.close()
  return [
    kept.signingKey,
    kept.agreementKey,
    kept.databaseKey,
    ...prekeys.map(({ privateKey }) => privateKey),
    ...contacts.flatMap(({ inboundToken, outboundToken }) => [inboundToken, outboundToken ?? []]),
    ...sessions.map(({ state }) => state),
    ...traces.map(({ messageKey }) => messageKey ?? []),
  ].flatMap((secret) => (secret instanceof Uint8Array ? [secret] : []))
}

function formsOf(secret: Uint8Array): string[] {
  const plain = Buffer.from(secret)
  return [
    encodeHex(secret),
    encodeBase64Url(secret),
    plain.toString('base64').replace(/=+$/, ''),
    [...secret].join(','),
  ]
}
