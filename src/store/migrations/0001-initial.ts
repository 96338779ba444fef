import type { Migration } from './migration.ts'

// Small numbers of `messages` (author, kind, state, signature) are places in the lists of message-row.ts;
// `author = 1` is the other side, `kind = 1` a notice.
const SCHEMA = `
CREATE TABLE account (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  address TEXT NOT NULL,
  device_id INTEGER NOT NULL,
  display_name TEXT NOT NULL,
  signing_key BLOB NOT NULL,
  agreement_key BLOB NOT NULL,
  device_certificate BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL,
  registered INTEGER NOT NULL,
  relay_cursor INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE prekeys (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  private_key BLOB NOT NULL,
  public_key BLOB NOT NULL,
  signature BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL,
  retired_at_ms INTEGER,
  UNIQUE (kind, id)
) STRICT;

-- Ids are never given twice, not even after the key is gone.
CREATE TABLE prekey_ids (
  kind TEXT PRIMARY KEY,
  highest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  address TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  petname TEXT NOT NULL,
  signing_key BLOB NOT NULL,
  relation TEXT NOT NULL,
  verified_at_ms INTEGER,
  changed_signing_key BLOB,
  outbound_token BLOB,
  outbound_token_kind TEXT,
  inbound_token BLOB NOT NULL,
  inbound_label BLOB NOT NULL UNIQUE,
  inbound_token_registered INTEGER NOT NULL,
  inbound_token_granted INTEGER NOT NULL,
  knocked INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE invites (
  label BLOB NOT NULL UNIQUE,
  token BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  registered INTEGER NOT NULL,
  used_by INTEGER REFERENCES contacts (id) ON DELETE SET NULL
) STRICT;

CREATE TABLE sessions (
  id BLOB NOT NULL UNIQUE,
  contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  device_id INTEGER NOT NULL,
  state BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL,
  last_used_at_ms INTEGER NOT NULL,
  current INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_contact ON sessions (contact_id, device_id);
CREATE UNIQUE INDEX sessions_one_current ON sessions (contact_id, device_id) WHERE current = 1;

CREATE TABLE handshakes (
  id BLOB PRIMARY KEY,
  signed_prekey_id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX handshakes_by_prekey ON handshakes (signed_prekey_id);

-- last_seq and unread_count follow from messages and read_up_to; the triggers below keep them.
CREATE TABLE conversations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  contact_id INTEGER NOT NULL UNIQUE REFERENCES contacts (id) ON DELETE CASCADE,
  created_at_ms INTEGER NOT NULL,
  pinned INTEGER NOT NULL,
  muted_until_ms INTEGER NOT NULL,
  archived INTEGER NOT NULL,
  marked_unread INTEGER NOT NULL,
  draft TEXT NOT NULL,
  signed_messages INTEGER NOT NULL,
  read_up_to INTEGER,
  last_seq INTEGER,
  unread_count INTEGER NOT NULL DEFAULT 0
) STRICT;

-- AUTOINCREMENT: a number is never used again, so read_up_to and the search index cannot mean a later message.
-- No cascade from conversations: only message-table.ts removes messages, with their words in the index.
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation_id INTEGER NOT NULL REFERENCES conversations (id),
  id BLOB NOT NULL,
  author INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  text TEXT NOT NULL,
  sent_at_ms INTEGER NOT NULL,
  stored_at_ms INTEGER NOT NULL,
  state INTEGER NOT NULL,
  error_code TEXT,
  reply_id BLOB,
  reply_author INTEGER,
  reply_excerpt TEXT,
  signature INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation_id, seq);
CREATE UNIQUE INDEX messages_by_id ON messages (conversation_id, author, id);

CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
  UPDATE conversations SET
    last_seq = NEW.seq,
    unread_count = unread_count
      + (NEW.author = 1 AND NEW.kind <> 1 AND NEW.seq > ifnull(read_up_to, 0))
  WHERE id = NEW.conversation_id;
END;

CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
  UPDATE conversations SET
    last_seq = (SELECT max(seq) FROM messages WHERE conversation_id = OLD.conversation_id),
    unread_count = unread_count
      - (OLD.author = 1 AND OLD.kind <> 1 AND OLD.seq > ifnull(read_up_to, 0))
  WHERE id = OLD.conversation_id;
END;

CREATE TRIGGER conversations_read AFTER UPDATE OF read_up_to ON conversations
WHEN NEW.read_up_to IS NOT OLD.read_up_to BEGIN
  UPDATE conversations SET unread_count = (
    SELECT count(*) FROM messages
    WHERE conversation_id = NEW.id AND seq > ifnull(NEW.read_up_to, 0) AND author = 1 AND kind <> 1
  ) WHERE id = NEW.id;
END;

-- The words of search-words.ts, by seq. It keeps no copy of the text and no positions.
CREATE VIRTUAL TABLE message_words USING fts5 (
  words,
  content = '', columnsize = 0, detail = none, tokenize = 'ascii', prefix = '2 3 4'
);
-- A page of the index fits into one of the file's, whose last 64 bytes hold nonce and tag.
INSERT INTO message_words (message_words, rank) VALUES ('pgsz', 3960);
INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);

CREATE TABLE traces (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  envelope_id BLOB NOT NULL,
  message_seq INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
  direction TEXT NOT NULL,
  label BLOB,
  envelope BLOB,
  message_key BLOB,
  position TEXT NOT NULL,
  relayed_at_ms INTEGER NOT NULL,
  UNIQUE (envelope_id, direction)
) STRICT;
CREATE INDEX traces_by_message ON traces (message_seq);
CREATE INDEX traces_with_bytes ON traces (id) WHERE envelope IS NOT NULL;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  envelope_id BLOB NOT NULL UNIQUE,
  contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  device_id INTEGER NOT NULL,
  message_seq INTEGER REFERENCES messages (seq) ON DELETE SET NULL,
  content BLOB NOT NULL,
  envelope BLOB,
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_contact ON outbox (contact_id, id);
CREATE INDEX outbox_by_message ON outbox (message_seq);

CREATE TABLE seen (
  envelope_id BLOB PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_time ON seen (at_ms);

CREATE TABLE held (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  envelope_id BLOB NOT NULL UNIQUE,
  label BLOB NOT NULL,
  envelope BLOB NOT NULL,
  received_at_ms INTEGER NOT NULL,
  relayed_at_ms INTEGER NOT NULL,
  status TEXT NOT NULL,
  error_code TEXT,
  contact_id INTEGER REFERENCES contacts (id) ON DELETE CASCADE,
  message_seq INTEGER REFERENCES messages (seq) ON DELETE SET NULL
) STRICT;
CREATE INDEX held_by_contact ON held (contact_id, id);
CREATE INDEX held_by_message ON held (message_seq);
`

export const initial: Migration = {
  version: 1,
  up: (connection) => {
    connection.exec(SCHEMA)
  },
}
