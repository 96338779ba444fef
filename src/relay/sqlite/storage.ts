import SQLite from 'better-sqlite3'
import { SigningKeyPair, randomBytes } from '#crypto/primitives.ts'
import type { RelayStorage } from '../storage.ts'
import { AccountRules } from './account-rules.ts'
import { AccountTables } from './accounts.ts'
import { AdministrationTables } from './administration.ts'
import { BlobTables } from './blobs.ts'
import { Era } from './era.ts'
import { Expiry } from './expiry.ts'
import { GroupTables } from './groups.ts'
import { GroupCommit } from './group-commit.ts'
import { KeyLogTables } from './key-log.ts'
import { MailboxTables } from './mailboxes.ts'
import { ensureMeta, ensureSecret } from './meta.ts'
import { movedTo } from './moved.ts'
import { PrekeyTables } from './prekeys.ts'
import { migrate } from './schema.ts'
import { Statistics } from './statistics.ts'

/** Pages in the write-ahead log before it is copied back: 40 MB. Fewer cost a fifth to a third of the speed. */
const CHECKPOINT_PAGES = 10_000
const WAL_KEPT_BYTES = 64 * 1024 * 1024
/**
 * Room for what a full group changes, some 700 pages, lest they be written twice. Not much more: SQLite goes through all of
 * its cache at each commit, where 64 MiB cost a sixth of the speed; the file is in the memory of the system anyway.
 */
const CACHE_KIB = 4 * 1024

export interface SqliteStorageOptions {
  /** File to open or create; `:memory:` for none. */
  readonly path: string
  /** The file cannot be trusted any more (a failed sync, a damaged page): the process should end. */
  readonly onFatal: (cause: unknown) => void
  /** File beside the database by which an older copy of it is recognised; none for a second connection. */
  readonly eraFile?: string
  /** Called after each commit with how many changes it had and how long it took. */
  readonly onCommit?: (changes: number, seconds: number) => void
  /** Upper bound of the file, for tests of a full disk. */
  readonly maxPages?: number
}

/** Opens the embedded engine: one process, one file, group commits with full sync. */
export function openSqliteStorage(options: SqliteStorageOptions): RelayStorage {
  const database = new SQLite(options.path)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  database.pragma('busy_timeout = 5000')
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  database.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`)
  database.pragma(`cache_size = -${CACHE_KIB}`)
  migrate(database)
  const moved = movedTo(database)
  if (moved !== null) {
    database.close()
    throw new Error(`This relay was moved to ${moved}: start it with --database.`)
  }
  if (options.maxPages !== undefined) database.pragma(`max_page_count = ${options.maxPages}`)

  const secret = ensureSecret(database)
  const logKey = ensureMeta(database, 'log key', () =>
    SigningKeyPair.generate(randomBytes).exportScalar(),
  )
  const rules = new AccountRules(database)
  const era = new Era(database, options.eraFile ?? null)
  const log = new KeyLogTables(database)
  const accounts = new AccountTables(database, log)
  const prekeys = new PrekeyTables(database)
  const mailboxes = new MailboxTables(database, rules)
  const groups = new GroupTables(database)
  const blobs = new BlobTables(database)
  const expiry = new Expiry(database)
  const administration = new AdministrationTables(database, rules)
  const statistics = new Statistics(database)
  const commits = new GroupCommit(database, options.onFatal, mailboxes, options.onCommit)
  const insertNonce = database.prepare<[Uint8Array, number]>(
    'INSERT INTO nonces (hash, expires_ms) VALUES (?, ?) ON CONFLICT DO NOTHING',
  )
  const one = database.prepare('SELECT 1')

  return {
    secret,
    era: era.current,
    noteProgress: async () => {
      if (await commits.join(() => era.advance())) era.mark()
    },
    logKey,
    register: (account, nowMs) => commits.run(() => accounts.register(account, nowMs)),
    nameState: async (name) => accounts.nameState(name),
    findAccount: async (name) => accounts.find(name),
    findSigner: async (name) => accounts.findSigner(name),
    deleteAccount: (id) => commits.run(() => accounts.delete(id)),
    logHead: async () => log.head(),
    logConsistency: async (oldSize, size) => log.consistency(oldSize, size),
    logChain: async (name, at) => log.chain(name, at),
    touchDevice: (mailbox, nowMs) => commits.run(() => accounts.touchDevice(mailbox, nowMs)),
    addInviteCode: (hash, uses, expiresAtMs) =>
      commits.run(() => accounts.addInviteCode(hash, uses, expiresAtMs)),
    publishPrekeys: (mailbox, upload, maxWaiting) =>
      commits.run(() => prekeys.publish(mailbox, upload, maxWaiting)),
    prekeyCounts: async (mailbox) => prekeys.counts(mailbox),
    takeBundles: (account, request) => commits.run(() => prekeys.takeBundles(account, request)),
    putTokens: (account, change, maxTokens, nowMs) =>
      commits.run(() => mailboxes.putTokens(account, change, maxTokens, nowMs)),
    deposit: (envelope, limits, nowMs) =>
      commits.join(() => mailboxes.deposit(envelope, limits, nowMs)),
    depositBatch: (batch, limits, nowMs) =>
      commits.join(() => mailboxes.depositBatch(batch, limits, nowMs)),
    knock: (knock, limits, nowMs) => commits.join(() => mailboxes.knock(knock, limits, nowMs)),
    waiting: async (mailbox, after, limit, maxBytes) =>
      mailboxes.waiting(mailbox, after, limit, maxBytes),
    acknowledge: (mailbox, which) => commits.join(() => mailboxes.acknowledge(mailbox, which)),
    putCommit: (commit, limits, mayAdd, nowMs) =>
      commits.run(() => groups.put(commit, limits, mayAdd, nowMs)),
    commits: async (group, tokenHash, from, limit, maxBytes) =>
      groups.commits(group, tokenHash, from, limit, maxBytes),
    expireGroups: (nowMs, retentionMs, idleMs) =>
      commits.run(() => groups.expire(nowMs, retentionMs, idleMs)),
    createBlob: (blob, quota, nowMs) => commits.run(() => blobs.create(blob, quota, nowMs)),
    findBlob: async (id, nowMs) => blobs.find(id, nowMs),
    beginBlobPart: (part, nowMs) => commits.run(() => blobs.begin(part, nowMs)),
    finishBlobPart: (part, keptUntilMs) => commits.run(() => blobs.finish(part, keptUntilMs)),
    abandonBlobPart: (key) => commits.run(() => blobs.abandon(key)),
    blobParts: async (id, from, to) => blobs.parts(id, from, to),
    deleteBlob: (id, account) => commits.run(() => blobs.delete(id, account)),
    expireBlobs: (nowMs) => commits.run(() => blobs.expire(nowMs)),
    blobTrash: async (begunBeforeMs) => blobs.trash(begunBeforeMs),
    forgetBlobTrash: (keys) => commits.run(() => blobs.forgetTrash(keys)),
    postponeBlobTrash: (keys, nowMs) => commits.run(() => blobs.postponeTrash(keys, nowMs)),
    useNonce: (hash, expiresAtMs) =>
      commits.join(() => insertNonce.run(hash, expiresAtMs).changes === 1),
    expire: (nowMs, retentionMs) => commits.run(() => expiry.run(nowMs, retentionMs)),
    listInvites: async (after, limit, nowMs) => administration.invites(after, limit, nowMs),
    revokeInvite: (hash) => commits.run(() => administration.revokeInvite(hash)),
    listAccounts: async (prefix, after, limit) => administration.accounts(prefix, after, limit),
    describeAccount: async (name) => administration.account(name),
    setQuotas: (account, quotas) => commits.run(() => rules.setQuotas(account, quotas)),
    setBlocked: (account, atMs) => commits.run(() => rules.setBlocked(account, atMs)),
    blockedAccounts: async () => rules.blocked(),
    reserveName: (name) => commits.run(() => administration.reserve(name)),
    releaseName: (name) => commits.run(() => administration.release(name)),
    isReserved: async (name) => administration.isReserved(name),
    reservedNames: async (after, limit) => administration.reservedNames(after, limit),
    statistics: (nowMs) => statistics.count(nowMs),
    restoredAtMs: administration.restoredAtMs,
    markRestored: (nowMs) => commits.run(() => administration.markRestored(nowMs)),
    ping: async () => {
      one.get()
      return { copies: 'one' }
    },
    close: async () => {
      commits.flush()
      if (era.advance()) era.mark()
      database.close()
    },
  }
}
