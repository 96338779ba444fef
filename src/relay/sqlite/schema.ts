import type { Database } from 'better-sqlite3'
import { nameSkeleton } from '#protocol/look-alikes.ts'
import { KEY_LOG_SCHEMA } from './key-log.ts'
import { ADMIN_TABLES } from './schema-admin.ts'

// Every deposit changes a row of `devices`: it is kept short, with the certificate elsewhere, since a commit writes
// whole pages. Bodies stay in an ordinary rowid table (without one they would spill into overflow pages). An acknowledged
// envelope keeps its row without the body, so that a repeated deposit is recognised until it expires.
const VERSION_1 = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;

CREATE TABLE accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  signing_key BLOB NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE devices (
  mailbox INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
  device INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,
  prekey_version INTEGER NOT NULL DEFAULT 0,
  last_seq INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL DEFAULT 0,
  waiting_bytes INTEGER NOT NULL DEFAULT 0,
  waiting_knocks INTEGER NOT NULL DEFAULT 0,
  UNIQUE (account, device)
) STRICT;

CREATE TABLE certificates (
  mailbox INTEGER PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
  certificate BLOB NOT NULL
) STRICT;

CREATE TABLE prekeys (
  mailbox INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  public_key BLOB NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (mailbox, kind, id)
) STRICT;

CREATE TABLE tokens (
  hash BLOB PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
  label BLOB NOT NULL,
  uses_left INTEGER,
  expires_ms INTEGER,
  ended_ms INTEGER
) STRICT;
CREATE INDEX tokens_by_account ON tokens (account);
CREATE INDEX tokens_ended ON tokens (ended_ms) WHERE ended_ms IS NOT NULL;
CREATE INDEX tokens_expiring ON tokens (expires_ms) WHERE expires_ms IS NOT NULL;

CREATE TABLE envelopes (
  row INTEGER PRIMARY KEY,
  mailbox INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  knock INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  id BLOB NOT NULL,
  label BLOB NOT NULL,
  body BLOB
) STRICT;
CREATE UNIQUE INDEX envelope_ids ON envelopes (mailbox, id);
CREATE UNIQUE INDEX waiting_envelopes ON envelopes (mailbox, seq) WHERE body IS NOT NULL;

CREATE TABLE bundle_replies (
  hash BLOB PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
  reply BLOB NOT NULL,
  expires_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX bundle_replies_expiring ON bundle_replies (expires_ms);
CREATE INDEX bundle_replies_by_account ON bundle_replies (account);

CREATE TABLE nonces (hash BLOB PRIMARY KEY, expires_ms INTEGER NOT NULL) STRICT;
CREATE INDEX nonces_expiring ON nonces (expires_ms);

CREATE TABLE invite_codes (
  hash BLOB PRIMARY KEY,
  uses_left INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL
) STRICT;
`

// Names that look alike: no two of the same skeleton. Of those that were there before, the oldest has it.
const NAME_SKELETONS = `
ALTER TABLE accounts ADD COLUMN skeleton TEXT;
UPDATE accounts SET skeleton = name_skeleton(name);
UPDATE accounts SET skeleton = NULL
  WHERE id NOT IN (SELECT min(id) FROM accounts GROUP BY skeleton);
CREATE UNIQUE INDEX account_skeletons ON accounts (skeleton) WHERE skeleton IS NOT NULL;
`

/** Numbered migrations: entry n leads from version n to n + 1. Released entries never change. */
const MIGRATIONS: readonly string[] = [VERSION_1, NAME_SKELETONS, ADMIN_TABLES, KEY_LOG_SCHEMA]

/** The newest version of the database that this relay can open. */
export const MIGRATIONS_KNOWN: number = MIGRATIONS.length

/**
 * Brings the database to the newest version, or to an older one where tests need what an older relay left.
 * @throws Error where a newer relay wrote it.
 */
export function migrate(database: Database, to: number = MIGRATIONS.length): void {
  const version = Number(database.pragma('user_version', { simple: true }))
  if (version > MIGRATIONS.length) {
    throw new Error(
      `The relay's database has version ${version}; this relay knows up to ${MIGRATIONS.length}. ` +
        'Install the newer relay, or restore a backup that was made before it ran.',
    )
  }
  database.function('name_skeleton', { deterministic: true }, (name: unknown) =>
    nameSkeleton(String(name)),
  )
  for (const [offset, migration] of MIGRATIONS.slice(version, to).entries()) {
    database.transaction(() => {
      database.exec(migration)
      database.pragma(`user_version = ${version + offset + 1}`)
    })()
  }
}
