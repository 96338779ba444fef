import { HASH_BYTES } from '#crypto/merkle-log.ts'

/** The tables of the log of device lists, as in the embedded engine's: rows are added, and never change but for a list that is forgotten. */
export const KEY_LOG_TABLES = `
-- Hashes of complete subtrees of the Merkle tree.
CREATE TABLE log_nodes (
  level bigint NOT NULL,
  idx bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (level, idx)
);

-- The entries, each with the row of the map of names (prefix-map.ts). Hashes: trying to compress them is in vain.
CREATE TABLE log_leaves (
  position bigint PRIMARY KEY,
  name bytea NOT NULL,
  value bytea NOT NULL CHECK (length(value) = ${HASH_BYTES}),
  map_root bytea NOT NULL CHECK (length(map_root) = ${HASH_BYTES}),
  map_siblings bytea NOT NULL
);
ALTER TABLE log_leaves ALTER map_siblings SET STORAGE EXTERNAL;

-- Names are kept as hashes. Only the newest device list of a name is kept whole.
CREATE TABLE log_chains (
  name bytea NOT NULL,
  count bigint NOT NULL,
  position bigint NOT NULL,
  hash bytea NOT NULL,
  value bytea NOT NULL,
  list_version bigint,
  device_list bytea,
  PRIMARY KEY (name, count)
);
`
