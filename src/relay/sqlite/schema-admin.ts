/** What the operator sets for single accounts and names. Few rows: accounts without rules of their own have none. */
export const ADMIN_TABLES = `
CREATE TABLE account_rules (
  account INTEGER PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
  blocked_ms INTEGER,
  mailbox_envelopes INTEGER,
  mailbox_bytes INTEGER,
  tokens INTEGER
) STRICT;

CREATE TABLE reserved_names (name TEXT PRIMARY KEY) STRICT;
`
