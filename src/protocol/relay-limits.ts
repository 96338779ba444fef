// Sizes that a relay and its clients agree on (RELAY-API §2).

/** Versions of the relay's HTTP contract that this build speaks. */
export const RELAY_PROTOCOL_VERSIONS: readonly number[] = [1]

/** Header of every answer: the relay's era, 16 bytes in base64url. */
export const ERA_HEADER = 'sotto-era'
export const ERA_BYTES = 16

export const MAX_ENVELOPE_BYTES = 65_536
/** First contact without a delivery token. */
export const MAX_KNOCK_BYTES = 16_384
export const ENVELOPE_ID_BYTES = 16
export const DELIVERY_TOKEN_BYTES = 32
export const TOKEN_HASH_BYTES = 32
export const TOKEN_LABEL_BYTES = 16
/** The label of knocks: no token's. */
export const KNOCK_LABEL: Uint8Array = new Uint8Array(TOKEN_LABEL_BYTES)

export const MAX_CERTIFICATE_BYTES = 1_024
/** A signed device list of 32 devices, and room (PROTOCOL §18.1). */
export const MAX_DEVICE_LIST_BYTES = 2_048
/** A checkpoint of a relay's log (PROTOCOL §18.5). */
export const CHECKPOINT_BYTES = 113
/** Entries of one name's chain in one answer. */
export const MAX_CHAIN_ENTRIES = 4_096
export const POINT_BYTES = 65
export const KEM_PUBLIC_KEY_BYTES = 1_184
export const SIGNATURE_BYTES = 64
export const IDEMPOTENCY_KEY_BYTES = 16

/** One-time prekeys of each kind in one upload. */
export const MAX_PREKEYS_PER_UPLOAD = 100
/** Tokens added, and tokens revoked, in one request. */
export const MAX_TOKENS_PER_REQUEST = 256
/** Envelopes in one answer to a long poll. */
export const MAX_POLL_ENVELOPES = 256
export const MAX_POLL_WAIT_SECONDS = 30
/** Envelopes that a stream sends ahead of the receiver's acknowledgements. */
export const STREAM_WINDOW = 256
/** Longest JSON answer that a client reads. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024
