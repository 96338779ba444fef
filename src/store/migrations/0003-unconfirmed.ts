import type { Migration } from './migration.ts'

// Envelopes stay here from their deposit until a receipt, so that they can be deposited again where a relay has lost
// them. What was deposited before this version is not among them.
const CHANGE = `
ALTER TABLE outbox ADD COLUMN awaits_receipt INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET awaits_receipt = 1 WHERE envelope IS NOT NULL AND message_seq IS NOT NULL;

ALTER TABLE seen ADD COLUMN owes_receipt INTEGER NOT NULL DEFAULT 0;

CREATE TABLE unconfirmed (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  envelope_id BLOB NOT NULL UNIQUE,
  hash BLOB NOT NULL,
  contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  device_id INTEGER NOT NULL,
  message_seq INTEGER REFERENCES messages (seq) ON DELETE SET NULL,
  content BLOB NOT NULL,
  envelope BLOB NOT NULL,
  deposited_at_ms INTEGER NOT NULL,
  repeats INTEGER NOT NULL,
  due_at_ms INTEGER NOT NULL,
  overdue INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX unconfirmed_by_hash ON unconfirmed (contact_id, hash);
CREATE INDEX unconfirmed_by_message ON unconfirmed (message_seq);
CREATE INDEX unconfirmed_by_time ON unconfirmed (due_at_ms);
`

export const unconfirmed: Migration = {
  version: 3,
  up: (connection) => {
    connection.exec(CHANGE)
  },
}
