import SQLite from 'better-sqlite3'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '#core/client.ts'
import type { ContactId, ConversationId } from '#core/model.ts'
import type { Clock, Keychain, Log, Relay } from '#core/ports.ts'
import { createProfile, openProfile, type ProfileParts } from '#core/profile.ts'
import { systemClock } from '#core/system-clock.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { RelayClient } from '#relay-client/client.ts'
import { relayConfig, type RelayOptions } from '#relay/config.ts'
import { startRelay, type RunningRelay } from '#relay/relay.ts'
import type { ContactView, ConversationView, MessageView } from '#shared/views.ts'
import { fileProfileStorage } from '#store/store.ts'
import { eventually } from './eventually.ts'
import { memoryKeychain } from './memory-keychain.ts'
import { unlimitedRates } from './unlimited-rates.ts'
import { codeOf, valueOf } from './value-of.ts'

const silent: Log = { info() {}, warn() {}, error() {} }

/** Prints what goes wrong behind, for a test that is being looked into. */
const loud: Log = {
  info() {},
  warn: (event, data) => process.stderr.write(`${event} ${JSON.stringify(data ?? {})}\n`),
  error: (event, cause) => process.stderr.write(`${event} ${String(cause)}\n`),
}

export interface PersonOptions {
  /** Stands between the client and its relay: a hostile or failing network. */
  readonly wrapRelay?: (relay: Relay) => Relay
  readonly clock?: Clock
  /** Another relay than the scenario's first. */
  readonly host?: string
}

/** One person with a profile folder, a keychain and, while open, a client. */
export class Person {
  readonly name: string
  readonly folder: string
  readonly keychain: Keychain = memoryKeychain()
  readonly options: PersonOptions
  readonly #host: string
  #client: Client | null = null

  constructor(name: string, folder: string, host: string, options: PersonOptions) {
    this.name = name
    this.folder = folder
    this.options = options
    this.#host = options.host ?? host
  }

  get client(): Client {
    if (this.#client === null) throw new Error(`${this.name} is not open`)
    return this.#client
  }

  get address(): string {
    return `${this.name}@${this.#host}`
  }

  parts(): ProfileParts {
    const clock = this.options.clock ?? systemClock
    const relay = new RelayClient({ clock, random: randomBytes })
    return {
      keychain: this.keychain,
      storage: fileProfileStorage(join(this.folder, 'sotto.db')),
      relay: this.options.wrapRelay?.(relay) ?? relay,
      clock,
      log: process.env['SOTTO_TEST_LOG'] ? loud : silent,
      cryptoLibrary: 'test',
    }
  }

  async create(): Promise<void> {
    const { name } = this
    const created = await createProfile(this.parts(), {
      relay: this.#host,
      name,
      displayName: name[0]?.toUpperCase() + name.slice(1),
      inviteCode: null,
    })
    this.#client = valueOf(created)
    this.#client.start()
  }

  async open(): Promise<void> {
    this.#client = valueOf(await openProfile(this.parts()))
    this.#client.start()
  }

  async close(): Promise<void> {
    await this.#client?.close()
    this.#client = null
  }

  async online(): Promise<void> {
    await eventually(`${this.name} is online`, () => this.client.connection().state === 'online')
  }

  conversationWith(other: Person): ConversationView {
    const found = this.client
      .listConversations()
      .find(({ contact }) => contact.address === other.address)
    if (found === undefined) throw new Error(`${this.name} has no conversation with ${other.name}`)
    return found
  }

  contact(other: Person): ContactView {
    return this.conversationWith(other).contact
  }

  contactId(other: Person): ContactId {
    return this.contact(other).id as ContactId
  }

  conversationId(other: Person): ConversationId {
    return this.conversationWith(other).id as ConversationId
  }

  knows(other: Person): boolean {
    return this.client.listContacts().some(({ address }) => address === other.address)
  }

  /** Takes the changed keys of a person after a look at them. */
  acceptKeys(other: Person): ContactView {
    const id = this.contactId(other)
    const { fingerprint } = valueOf(this.client.safetyNumber(id))
    return valueOf(this.client.acceptIdentity(id, fingerprint))
  }

  write(other: Person, text: string): MessageView {
    return valueOf(this.client.sendMessage(this.conversationId(other), text, null))
  }

  writeRefused(other: Person, text: string): string {
    return codeOf(this.client.sendMessage(this.conversationId(other), text, null))
  }

  /** Newest page with a person, oldest first. */
  messages(other: Person): MessageView[] {
    const id = this.conversationId(other)
    return valueOf(this.client.pageOfMessages(id, { kind: 'newest' }, 200)).messages
  }

  /** Texts in the conversation as they are shown. */
  texts(other: Person): string[] {
    return this.messages(other)
      .filter(({ kind }) => kind === 'text')
      .map(({ author, text }) => `${author}: ${text}`)
  }

  async sees(other: Person, text: string): Promise<MessageView> {
    return eventually(`${this.name} sees "${text}"`, () =>
      this.knows(other)
        ? (this.messages(other).find((m) => m.author === 'them' && m.text === text) ?? null)
        : null,
    )
  }

  async showsState(other: Person, text: string, state: MessageView['state']): Promise<void> {
    await eventually(`${this.name} shows "${text}" as ${state}`, () =>
      this.messages(other).some((m) => m.author === 'me' && m.text === text && m.state === state),
    )
  }
}

/** A relay and people, in one process, on temporary folders. */
export class Scenario {
  readonly folder = mkdtempSync(join(tmpdir(), 'sotto-scenario-'))
  readonly #people: Person[] = []
  readonly #relays: RunningRelay[] = []

  static async start(options: RelayOptions = {}): Promise<Scenario> {
    const scenario = new Scenario()
    await scenario.addRelay(options)
    return scenario
  }

  get host(): string {
    const [first] = this.#relays
    if (first === undefined) throw new Error('the scenario has no relay')
    return new URL(first.url).host
  }

  /** @returns The new relay's host. */
  async addRelay(options: RelayOptions = {}): Promise<string> {
    const dataDir = join(this.folder, `relay-${this.#relays.length}`)
    const config = relayConfig({ port: 0, powBits: 0, dataDir, ...generousRates, ...options })
    const relay = await startRelay(valueOf(config))
    this.#relays.push(relay)
    return new URL(relay.url).host
  }

  /** The first relay's database file. */
  get relayDatabase(): string {
    return join(this.folder, 'relay-0', 'relay.db')
  }

  /**
   * A second relay that begins with all that the first one holds, the key of its log included.
   * @returns its host.
   */
  async forkRelay(): Promise<string> {
    const database = new SQLite(this.relayDatabase, { readonly: true })
    const dataDir = join(this.folder, `relay-${this.#relays.length}`)
    mkdirSync(dataDir)
    await database.backup(join(dataDir, 'relay.db'))
    database.close()
    return this.addRelay()
  }

  /** Stops the first relay; `restartRelay` brings it back on the same port with the same data. */
  async stopRelay(): Promise<{ dataDir: string; restart: () => Promise<void> }> {
    const [relay] = this.#relays
    if (relay === undefined) throw new Error('the scenario has no relay')
    const port = Number(new URL(relay.url).port)
    await relay.close()
    const dataDir = join(this.folder, 'relay-0')
    return {
      dataDir,
      restart: async () => {
        const config = relayConfig({ port, powBits: 0, dataDir, ...generousRates })
        this.#relays[0] = await startRelay(valueOf(config))
      },
    }
  }

  async person(name: string, options: PersonOptions = {}): Promise<Person> {
    const folder = join(this.folder, `profile-${this.#people.length}-${name}`)
    mkdirSync(folder)
    const person = new Person(name, folder, this.host, options)
    this.#people.push(person)
    await person.create()
    await person.online()
    return person
  }

  /** Two people who are each other's contacts, by link. */
  async friends(
    first = 'ada',
    second = 'ben',
    options: readonly [PersonOptions?, PersonOptions?] = [],
  ): Promise<[Person, Person]> {
    const ada = await this.person(first, options[0])
    const ben = await this.person(second, options[1])
    const { link } = valueOf(await ada.client.createInvite())
    valueOf(await ben.client.addContact(link))
    await eventually(`${first} knows ${second}`, () => ada.knows(ben))
    return [ada, ben]
  }

  async close(): Promise<void> {
    await Promise.all(this.#people.map((person) => person.close()))
    await Promise.all(this.#relays.map((relay) => relay.close()))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Limits are tested at the relay; here they would only slow things down. */
const generousRates = {
  // A busy machine must not fail a scenario.
  limits: { eventLoopDelayMs: 0 },
  rates: unlimitedRates(),
} satisfies RelayOptions
