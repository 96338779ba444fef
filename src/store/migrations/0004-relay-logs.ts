import type { Migration } from './migration.ts'

const SCHEMA = `
-- The log of each relay that was spoken to: its key, pinned at first contact, and the newest checkpoint.
CREATE TABLE relay_logs (
  host TEXT PRIMARY KEY,
  log_key BLOB NOT NULL,
  checkpoint BLOB NOT NULL,
  distrust_reason TEXT,
  distrusted_at_ms INTEGER,
  evidence_known_key BLOB,
  evidence_known BLOB,
  evidence_seen_key BLOB,
  evidence_seen BLOB
) STRICT, WITHOUT ROWID;

-- What the logs said about names, and at which size.
CREATE TABLE followed_names (
  address TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  count INTEGER NOT NULL,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE own_device_list (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL,
  device_list BLOB NOT NULL
) STRICT;

-- Checkpoints that contacts have seen, to be compared.
CREATE TABLE checkpoint_claims (
  contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  host TEXT NOT NULL,
  log_key BLOB NOT NULL,
  checkpoint BLOB NOT NULL,
  PRIMARY KEY (contact_id, host)
) STRICT, WITHOUT ROWID;

-- The last checkpoint that each contact was told.
CREATE TABLE told_checkpoints (
  contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  host TEXT NOT NULL,
  checkpoint BLOB NOT NULL,
  PRIMARY KEY (contact_id, host)
) STRICT, WITHOUT ROWID;
`

export const relayLogs: Migration = {
  version: 4,
  up: (connection) => {
    connection.exec(SCHEMA)
  },
}
