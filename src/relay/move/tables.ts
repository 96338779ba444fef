/** How a value is stored, and told apart from others where rows are compared. */
export type ColumnType = 'bigint' | 'bytea' | 'text' | 'boolean'

/** A table of the cluster and where its rows come from in the file. */
export interface MovedTable {
  readonly name: string
  readonly columns: Readonly<Record<string, ColumnType>>
  /** Columns that order the rows, the same in both databases. */
  readonly key: readonly string[]
  /** What the file keeps the rows in, where it is not a table of the same name. */
  readonly from?: string
}

/** In the order in which they refer to each other. */
export const MOVED_TABLES: readonly MovedTable[] = [
  {
    name: 'accounts',
    columns: {
      id: 'bigint',
      name: 'text',
      skeleton: 'text',
      signing_key: 'bytea',
      created_ms: 'bigint',
    },
    key: ['id'],
  },
  {
    name: 'devices',
    columns: {
      mailbox: 'bigint',
      account: 'bigint',
      device: 'bigint',
      seen_ms: 'bigint',
      prekey_version: 'bigint',
      last_seq: 'bigint',
      waiting: 'bigint',
      waiting_bytes: 'bigint',
      waiting_knocks: 'bigint',
    },
    key: ['mailbox'],
  },
  {
    name: 'certificates',
    columns: { mailbox: 'bigint', certificate: 'bytea' },
    key: ['mailbox'],
  },
  {
    name: 'prekeys',
    columns: {
      mailbox: 'bigint',
      kind: 'text',
      id: 'bigint',
      public_key: 'bytea',
      signature: 'bytea',
    },
    key: ['mailbox', 'kind', 'id'],
  },
  {
    name: 'tokens',
    columns: {
      hash: 'bytea',
      account: 'bigint',
      label: 'bytea',
      uses_left: 'bigint',
      expires_ms: 'bigint',
      ended_ms: 'bigint',
    },
    key: ['hash'],
  },
  {
    name: 'envelope_ids',
    columns: { mailbox: 'bigint', id: 'bytea', seq: 'bigint', received_ms: 'bigint' },
    key: ['mailbox', 'id'],
    from: 'envelopes',
  },
  {
    name: 'envelopes',
    columns: {
      mailbox: 'bigint',
      seq: 'bigint',
      knock: 'boolean',
      received_ms: 'bigint',
      id: 'bytea',
      label: 'bytea',
      body: 'bytea',
      shared: 'bigint',
    },
    key: ['mailbox', 'seq'],
    from: 'envelopes WHERE body IS NOT NULL',
  },
  {
    name: 'shared_bodies',
    columns: { id: 'bigint', envelopes: 'bigint', body: 'bytea' },
    key: ['id'],
    // The file does not count them.
    from: `shared_bodies JOIN (SELECT shared, count(*) AS envelopes FROM envelopes
      WHERE shared IS NOT NULL GROUP BY shared) ON shared = id`,
  },
  {
    name: 'groups',
    columns: { id: 'bytea', last_epoch: 'bigint', token_hash: 'bytea', committed_ms: 'bigint' },
    key: ['id'],
  },
  {
    name: 'group_commits',
    columns: {
      group_id: 'bytea',
      epoch: 'bigint',
      token_hash: 'bytea',
      received_ms: 'bigint',
      body: 'bytea',
    },
    key: ['group_id', 'epoch'],
  },
  {
    name: 'blobs',
    columns: {
      id: 'bytea',
      account: 'bigint',
      length: 'bigint',
      received: 'bigint',
      expires_ms: 'bigint',
    },
    key: ['id'],
  },
  {
    name: 'blob_parts',
    columns: {
      key: 'text',
      blob: 'bytea',
      start: 'bigint',
      length: 'bigint',
      begun_ms: 'bigint',
    },
    key: ['key'],
  },
  { name: 'blob_trash', columns: { key: 'text', begun_ms: 'bigint' }, key: ['key'] },
  {
    name: 'bundle_replies',
    columns: { hash: 'bytea', account: 'bigint', reply: 'bytea', expires_ms: 'bigint' },
    key: ['hash'],
  },
  { name: 'nonces', columns: { hash: 'bytea', expires_ms: 'bigint' }, key: ['hash'] },
  {
    name: 'invite_codes',
    columns: { hash: 'bytea', uses_left: 'bigint', expires_ms: 'bigint' },
    key: ['hash'],
  },
  {
    name: 'account_rules',
    columns: {
      account: 'bigint',
      blocked_ms: 'bigint',
      mailbox_envelopes: 'bigint',
      mailbox_bytes: 'bigint',
      tokens: 'bigint',
    },
    key: ['account'],
  },
  {
    name: 'log_nodes',
    columns: { level: 'bigint', idx: 'bigint', hash: 'bytea' },
    key: ['level', 'idx'],
  },
  {
    name: 'log_leaves',
    columns: {
      position: 'bigint',
      name: 'bytea',
      value: 'bytea',
      map_root: 'bytea',
      map_siblings: 'bytea',
    },
    key: ['position'],
  },
  {
    name: 'log_chains',
    columns: {
      name: 'bytea',
      count: 'bigint',
      position: 'bigint',
      hash: 'bytea',
      value: 'bytea',
      list_version: 'bigint',
      device_list: 'bytea',
    },
    key: ['name', 'count'],
  },
  { name: 'reserved_names', columns: { name: 'text' }, key: ['name'] },
  { name: 'meta', columns: { name: 'text', value: 'bytea' }, key: ['name'] },
]

/** Columns whose numbers the database gives out. */
export const IDENTITIES = [
  { table: 'accounts', column: 'id' },
  { table: 'devices', column: 'mailbox' },
  { table: 'shared_bodies', column: 'id' },
] as const
