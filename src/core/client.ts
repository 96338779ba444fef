import type { ErrorCode, Failure } from '#shared/errors.ts'
import { failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type {
  AccountView,
  ConnectionView,
  ContactView,
  KeyHealthView,
  RelayTrustView,
  SettingsChange,
} from '#shared/views.ts'
import { hostOf, parseRelayHost, type RelayHost } from '#protocol/address.ts'
import { isDisplayNameSendable } from '#protocol/content.ts'
import * as contacts from './contacts.ts'
import type { Context } from './context.ts'
import * as conversations from './conversations.ts'
import type { Events } from './events.ts'
import { exportConversations, type ExportedLine } from './exporting.ts'
import { inspectMessage, tamperWithMessage } from './inspection.ts'
import { createInvite } from './invites.ts'
import { Jobs } from './jobs.ts'
import { keyHealth } from './key-health.ts'
import * as messages from './messages.ts'
import type { ContactId, ConversationId, MessageSeq } from './model.ts'
import { enqueue } from './outbox.ts'
import type { Keychain, ProfileStorage } from './ports.ts'
import { relayTrustViews, trustRelayAgain } from './relay-trust.ts'
import type { Followup } from './receiving.ts'
import { rememberDeletion } from './registration.ts'
import { readSettings, writeSettings, type Settings } from './settings.ts'
import { accountView } from './view-mapping.ts'

/** What a client needs besides its context: where the profile lies, for its deletion. */
export interface ClientParts {
  readonly context: Context
  readonly keychain: Keychain
  readonly storage: ProfileStorage
  /** Name and version of the runtime's cryptographic library. */
  readonly cryptoLibrary: string
}

/**
 * An open profile: every use case of Sotto, for whatever shell is around it. Methods return values and codes, never
 * throw for expected failures; what changes by itself is told by `events`.
 */
export class Client {
  readonly events: Events
  readonly #context: Context
  readonly #parts: ClientParts
  readonly #jobs: Jobs
  #isClosed = false

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.#context = parts.context
    this.events = parts.context.events
    this.#jobs = new Jobs(parts.context)
    this.renewConnections()
  }

  /** Connects, and begins what runs behind. */
  start(): void {
    this.#jobs.start()
  }

  /**
   * Resolves when all that waits at our relay is here, it knows all it should, and what goes to others has been tried.
   * While our relay cannot be reached it does not resolve: callers set the bound.
   */
  whenSettled(): Promise<void> {
    return this.#jobs.whenSettled()
  }

  /** Ends everything that runs behind and closes the store; nothing is lost by it. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#jobs.stop()
    await this.#context.relay.close()
    this.#context.store.close()
  }

  /** Whether it was closed, also by the deletion of its account. */
  isClosed(): boolean {
    return this.#isClosed
  }

  // ---- Account ----------------------------------------------------------------------------------------------------

  account(): AccountView {
    return accountView(this.#context.account())
  }

  /** Changes our name, and tells it to all accepted contacts. */
  updateProfile(displayName: string): Result<AccountView, Failure<'INVALID_INPUT'>> {
    if (!isDisplayNameSendable(displayName)) return err(failure('INVALID_INPUT'))
    const { store, clock } = this.#context
    this.#context.commit(() => {
      store.account.save({ ...this.#context.account(), displayName })
      for (const contact of store.contacts.list()) {
        if (contact.relation !== 'accepted' || contact.outboundToken === null) continue
        enqueue(this.#context, contact, { sentAtMs: clock.nowMs(), profile: { displayName } })
      }
    })
    this.#jobs.wakeDeposits()
    this.events.emit('account.changed', this.account())
    return ok(this.account())
  }

  createInvite() {
    return createInvite(this.#context)
  }

  /**
   * Deletes the account at its relay, the keychain's entry and the database, in this order: what fails stops the rest,
   * and can be repeated. The client is closed by it.
   */
  async deleteAccount(address: string): Promise<Result<void, Failure<ErrorCode>>> {
    const account = this.#context.account()
    if (address.trim().toLowerCase() !== account.address) return err(failure('ADDRESS_INVALID'))
    const { relay, store } = this.#context
    rememberDeletion(store.settings, true)
    const deleted = await relay.deleteAccount(hostOf(account.address), this.#context.signer())
    if (!deleted.ok && deleted.error.code !== 'ACCOUNT_UNKNOWN') {
      if (!this.#isClosed) rememberDeletion(store.settings, false)
      return deleted
    }
    await this.close()
    const removed = await this.#parts.keychain.remove()
    if (!removed.ok) return removed
    this.#parts.storage.discard()
    return ok(undefined)
  }

  // ---- Contacts ---------------------------------------------------------------------------------------------------

  async addContact(linkOrAddress: string): Promise<Result<ContactView, Failure<ErrorCode>>> {
    return this.#thenWake(await contacts.addByLinkOrAddress(this.#context, linkOrAddress))
  }

  getContact(id: ContactId) {
    return contacts.getContact(this.#context, id)
  }

  listContacts(): ContactView[] {
    const { store } = this.#context
    return store.contacts.list().map((contact) => contacts.viewOf(this.#context, contact))
  }

  renameContact(id: ContactId, petname: string) {
    return contacts.renameContact(this.#context, id, petname)
  }

  acceptContact(id: ContactId) {
    return this.#thenWake(contacts.acceptContact(this.#context, id))
  }

  blockContact(id: ContactId) {
    return this.#thenWake(contacts.blockContact(this.#context, id))
  }

  unblockContact(id: ContactId) {
    return this.#thenWake(contacts.unblockContact(this.#context, id))
  }

  removeContact(id: ContactId) {
    const removed = contacts.removeContact(this.#context, id)
    this.#jobs.wakeTidying()
    return this.#thenWake(removed)
  }

  safetyNumber(id: ContactId) {
    return contacts.contactSafetyNumber(this.#context, id)
  }

  setVerified(id: ContactId, verified: boolean) {
    return contacts.setVerified(this.#context, id, verified)
  }

  compareQr(id: ContactId, qr: string) {
    return contacts.compareQr(this.#context, id, qr)
  }

  acceptIdentity(id: ContactId, fingerprint: string) {
    const followUp = (followup: Followup): void => this.#jobs.followUp(followup)
    return this.#thenWake(contacts.acceptIdentity(this.#context, id, fingerprint, followUp))
  }

  // ---- Conversations and messages ---------------------------------------------------------------------------------

  listConversations() {
    return conversations.listConversations(this.#context)
  }

  getConversation(id: ConversationId) {
    return conversations.getConversation(this.#context, id)
  }

  updateConversation(id: ConversationId, change: conversations.ConversationChange) {
    return this.#thenWake(conversations.updateConversation(this.#context, id, change))
  }

  markRead(id: ConversationId, seq: MessageSeq) {
    return this.#thenWake(conversations.markRead(this.#context, id, seq))
  }

  clearConversation(id: ConversationId) {
    const cleared = conversations.clearConversation(this.#context, id)
    this.#jobs.wakeTidying()
    return this.#thenWake(cleared)
  }

  pageOfMessages(id: ConversationId, position: messages.PagePosition, limit: number) {
    return messages.pageOfMessages(this.#context, id, position, limit)
  }

  sendMessage(id: ConversationId, text: string, replyToSeq: MessageSeq | null) {
    return this.#thenWake(messages.sendMessage(this.#context, id, text, replyToSeq))
  }

  retryMessage(seq: MessageSeq) {
    return this.#thenWake(messages.retryMessage(this.#context, seq))
  }

  removeMessage(seq: MessageSeq) {
    return this.#thenWake(messages.removeMessage(this.#context, seq))
  }

  searchMessages(query: Parameters<typeof messages.searchMessages>[1]) {
    return messages.searchMessages(this.#context, query)
  }

  inspectMessage(seq: MessageSeq) {
    return inspectMessage(this.#context, seq)
  }

  tamperWithMessage(seq: MessageSeq, bit: number) {
    return tamperWithMessage(this.#context, seq, bit)
  }

  /** Everything that was written and received, readable, line by line. */
  export(): IterableIterator<ExportedLine> {
    return exportConversations(this.#context)
  }

  // ---- Settings, network, keys ------------------------------------------------------------------------------------

  settings(): Settings {
    return readSettings(this.#context.store.settings)
  }

  updateSettings(change: SettingsChange): Settings {
    const settings = writeSettings(this.#context.store.settings, change)
    if (change.proxy !== undefined) this.renewConnections()
    this.events.emit('settings.changed', settings)
    return settings
  }

  /** Reads a small value that the shell keeps with the profile; the shell checks its form. */
  readShellValue(name: string): unknown {
    return this.#context.store.settings.get(`shell.${name}`)
  }

  writeShellValue(name: string, value: unknown): void {
    this.#context.store.settings.set(`shell.${name}`, value)
  }

  connection(): ConnectionView {
    return this.#jobs.connection.view()
  }

  /** Does not wait for the next try, and finds out whether a connection still holds. */
  reconnectNow(): void {
    this.#jobs.connection.reconnectNow()
  }

  /** Drops what is connected for new connections: after sleep the network, and with it the proxy, may be another one. */
  renewConnections(): void {
    this.#context.relay.setProxy(this.settings().proxy)
    this.#jobs.connection.reconnectNow()
  }

  /** Relays that have shown different things: nothing is sent to contacts there. */
  distrustedRelays(): RelayTrustView[] {
    return relayTrustViews(this.#context)
  }

  /** The user has looked at what a relay did, and goes on with it. */
  trustRelayAgain(host: string): Result<void, Failure<'ADDRESS_INVALID'>> {
    const parsed = parseRelayHost(host)
    if (parsed === null) return err(failure('ADDRESS_INVALID'))
    trustRelayAgain(this.#context, parsed)
    this.#jobs.wakeForRelay()
    return ok(undefined)
  }

  /** The host of our relay. */
  relayHost(): RelayHost {
    return hostOf(this.#context.account().address)
  }

  keyHealth(): Promise<KeyHealthView> {
    const { keychain, cryptoLibrary } = this.#parts
    return keyHealth(this.#context, keychain, cryptoLibrary)
  }

  totalUnread(): number {
    return this.#context.store.conversations.totalUnread()
  }

  /** What a use case may have put on its way is deposited now; tokens it changed are brought to the relay. */
  #thenWake<T>(outcome: T): T {
    this.#jobs.wakeTokens()
    this.#jobs.wakeDeposits()
    return outcome
  }
}
