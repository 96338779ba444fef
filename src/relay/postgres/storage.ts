import { setTimeout as sleep } from 'node:timers/promises'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { ERA_BYTES } from '#protocol/relay-limits.ts'
import type { RelayStorage, StorageState } from '../storage.ts'
import { AccountRules } from './account-rules.ts'
import { AccountTables } from './accounts.ts'
import { AdministrationTables } from './administration.ts'
import { Batches } from './batches.ts'
import { BlobTables } from './blobs.ts'
import { describeDatabase, type DatabaseAddress } from './database-url.ts'
import { Deposits } from './deposits.ts'
import { markRestored } from './era.ts'
import { expire } from './expiry.ts'
import { GroupTables } from './groups.ts'
import { KeyLogTables } from './key-log.ts'
import { MailboxTables } from './mailboxes.ts'
import { readRestoredAtMs, SECRET_BYTES, sharedBytes } from './meta.ts'
import { NonceTable } from './nonces.ts'
import { PrekeyTables } from './prekeys.ts'
import { Primary } from './primary.ts'
import { checkVersion } from './schema.ts'
import { readStatistics } from './statistics.ts'
import { TokenTables } from './tokens.ts'
import { Transactions } from './transactions.ts'
import { DatabaseWakeUps, type WakeUpMode } from './wake-ups.ts'

/** Connections of one process for changes, and as many for reading. */
const CONNECTIONS = 10
/** Changes that are under way get so long at the end, where the database doesn't answer. */
const CLOSE_WITHIN_MS = 3_000

export interface PostgresStorageOptions {
  readonly address: DatabaseAddress
  /** The operator's word that one server without standbys is enough: what it acknowledged is lost with its disk. */
  readonly withoutStandbys: boolean
  readonly wakeUp: WakeUpMode
  /** A sentence for the operator's log. */
  readonly log: (event: string) => void
  /** Called after each commit with how many changes it had and how long it took. */
  readonly onCommit?: (changes: number, seconds: number) => void
}

interface Settings {
  readonly fsync: boolean
  readonly commit: string
  readonly replicated: boolean
}

const SETTINGS = `SELECT current_setting('fsync')::boolean AS fsync, current_setting('synchronous_commit') AS commit,
  current_setting('synchronous_standby_names') <> '' AS replicated`

/** @throws Error with one plain sentence where an acknowledged change could be lost with one server. */
async function checkDurability(
  transactions: Transactions,
  withoutStandbys: boolean,
): Promise<StorageState> {
  const [settings] = await transactions.read<Settings>(SETTINGS)
  if (settings?.fsync !== true || settings.commit !== 'on') {
    throw new Error('The database does not sync what it commits: fsync must be on.')
  }
  if (!settings.replicated && !withoutStandbys) {
    throw new Error(
      "The database has no synchronous standbys: set synchronous_standby_names, for example to 'ANY 1 (s1, s2)', " +
        'or say that one server is enough (--without-standbys).',
    )
  }
  return { copies: settings.replicated ? 'quorum' : 'one' }
}

/**
 * Opens the engine for relays that outgrow one machine: any number of processes over one replicated PostgreSQL cluster.
 * @throws Error with one plain sentence where the database cannot be used as it is.
 */
export async function openPostgresStorage(options: PostgresStorageOptions): Promise<RelayStorage> {
  const { address, withoutStandbys, wakeUp, log, onCommit } = options
  const primary = new Primary({ address, connections: CONNECTIONS, log })
  const transactions = new Transactions(primary, !withoutStandbys, onCommit)
  let state: StorageState
  let secret: Uint8Array
  let era: Uint8Array
  let logKey: Uint8Array
  let restoredAtMs: number | null
  try {
    const { reads } = await primary.current()
    await checkVersion(reads, address)
    state = await checkDurability(transactions, withoutStandbys)
    secret = await sharedBytes(transactions, 'secret', () => randomBytes(SECRET_BYTES))
    era = await sharedBytes(transactions, 'era', () => randomBytes(ERA_BYTES))
    logKey = await sharedBytes(transactions, 'log key', () =>
      SigningKeyPair.generate(randomBytes).exportScalar(),
    )
    restoredAtMs = await readRestoredAtMs(transactions)
  } catch (cause) {
    await primary.close()
    throw cause
  }
  log(
    state.copies === 'quorum'
      ? `changes are acknowledged when two servers have them (${describeDatabase(address)})`
      : `there are NO STANDBYS: what is acknowledged can be lost with one server (${describeDatabase(address)})`,
  )

  const accounts = new AccountTables(transactions)
  const keyLog = new KeyLogTables(transactions)
  const prekeys = new PrekeyTables(transactions)
  const tokens = new TokenTables(transactions)
  const deposits = new Deposits(transactions)
  const mailboxes = new MailboxTables(transactions)
  const nonces = new NonceTable(transactions)
  const groups = new GroupTables(transactions)
  const blobs = new BlobTables(transactions)
  const rules = new AccountRules(transactions)
  const administration = new AdministrationTables(transactions, rules)
  const wakeUpChannel = new DatabaseWakeUps({ address, primary, transactions, mode: wakeUp })
  const pings = new Batches<null, StorageState>({
    lanes: 1,
    maxJobs: Infinity,
    laneOf: () => 0,
    run: async (jobs) => {
      const now = await checkDurability(transactions, withoutStandbys)
      // An empty change that waits for the standbys like any other.
      await transactions.run(async () => undefined)
      return jobs.map(() => now)
    },
  })

  return {
    secret,
    era,
    // A restored copy is told by its operator: see `era.ts`.
    noteProgress: async () => undefined,
    wakeUpChannel,
    logKey,
    register: (account, nowMs) => accounts.register(account, nowMs),
    nameState: (name) => accounts.nameState(name),
    findAccount: (name) => accounts.find(name),
    findSigner: (name) => accounts.findSigner(name),
    deleteAccount: (id) => accounts.delete(id),
    logHead: () => keyLog.head(),
    logConsistency: (oldSize, size) => keyLog.consistency(oldSize, size),
    logChain: (name, at) => keyLog.chain(name, at),
    touchDevice: (mailbox, nowMs) => mailboxes.touch(mailbox, nowMs),
    addInviteCode: (hash, uses, expiresAtMs) => accounts.addInviteCode(hash, uses, expiresAtMs),
    publishPrekeys: (mailbox, upload, maxWaiting) => prekeys.publish(mailbox, upload, maxWaiting),
    prekeyCounts: (mailbox) => prekeys.counts(mailbox),
    takeBundles: (account, request) => prekeys.takeBundles(account, request),
    putTokens: (account, change, maxTokens, nowMs) => tokens.put(account, change, maxTokens, nowMs),
    deposit: (envelope, limits, nowMs) => deposits.deposit(envelope, limits, nowMs),
    depositBatch: (batch, limits, nowMs) => deposits.depositBatch(batch, limits, nowMs),
    knock: (knock, limits, nowMs) => deposits.knock(knock, limits, nowMs),
    waiting: (mailbox, after, limit, maxBytes) =>
      mailboxes.waiting(mailbox, after, limit, maxBytes),
    acknowledge: (mailbox, which) => mailboxes.acknowledge(mailbox, which),
    putCommit: (commit, limits, mayAdd, nowMs) => groups.put(commit, limits, mayAdd, nowMs),
    commits: (group, tokenHash, from, limit, maxBytes) =>
      groups.commits(group, tokenHash, from, limit, maxBytes),
    expireGroups: (nowMs, retentionMs, idleMs) => groups.expire(nowMs, retentionMs, idleMs),
    createBlob: (blob, quota, nowMs) => blobs.create(blob, quota, nowMs),
    findBlob: (id, nowMs) => blobs.find(id, nowMs),
    beginBlobPart: (part, nowMs) => blobs.begin(part, nowMs),
    finishBlobPart: (part, keptUntilMs) => blobs.finish(part, keptUntilMs),
    abandonBlobPart: (key) => blobs.abandon(key),
    blobParts: (id, from, to) => blobs.parts(id, from, to),
    deleteBlob: (id, account) => blobs.delete(id, account),
    expireBlobs: (nowMs) => blobs.expire(nowMs),
    blobTrash: (begunBeforeMs) => blobs.trash(begunBeforeMs),
    forgetBlobTrash: (keys) => blobs.forgetTrash(keys),
    postponeBlobTrash: (keys, nowMs) => blobs.postponeTrash(keys, nowMs),
    useNonce: (hash, expiresAtMs) => nonces.use(hash, expiresAtMs),
    expire: (nowMs, retentionMs) => expire(transactions, nowMs, retentionMs),
    listInvites: (after, limit, nowMs) => administration.invites(after, limit, nowMs),
    revokeInvite: (hash) => administration.revokeInvite(hash),
    listAccounts: (prefix, after, limit) => administration.accounts(prefix, after, limit),
    describeAccount: (name) => administration.account(name),
    setQuotas: (account, quotas) => rules.setQuotas(account, quotas),
    setBlocked: (account, atMs) => rules.setBlocked(account, atMs),
    blockedAccounts: () => rules.blocked(),
    reserveName: (name) => administration.reserve(name),
    releaseName: (name) => administration.release(name),
    isReserved: (name) => administration.isReserved(name),
    reservedNames: (after, limit) => administration.reservedNames(after, limit),
    statistics: (nowMs) => readStatistics(transactions, nowMs),
    restoredAtMs,
    markRestored: (nowMs) => transactions.run((transaction) => markRestored(transaction, nowMs)),
    ping: () => pings.add(null),
    close: async () => {
      const batches = [accounts, keyLog, deposits, mailboxes, nonces, pings, wakeUpChannel]
      await Promise.race([
        Promise.all(batches.map((each) => each.close())),
        sleep(CLOSE_WITHIN_MS, undefined, { ref: false }),
      ])
      await primary.close()
    },
  }
}
