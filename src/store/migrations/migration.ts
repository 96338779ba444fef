import type { Connection } from '../connection.ts'

/** One step of the schema. It runs in a transaction of its own, once, and is never changed after a release. */
export interface Migration {
  /** The schema's version after it: 1, 2, 3, … without gaps. */
  readonly version: number
  readonly up: (connection: Connection) => void
}
