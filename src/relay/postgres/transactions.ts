import { DatabaseError, type Client, type QueryResult } from 'pg'
import { StorageFullError, StorageUnavailableError } from '../storage.ts'
import { ANSWER_WITHIN_MS } from './batches.ts'
import { isLost, type Primary, type Server } from './primary.ts'

const ATTEMPTS = 6
const FIRST_PAUSE_MS = 5

export type Value = string | number | boolean | Uint8Array | null | readonly Value[]

/**
 * Waits for standbys as soon as it is committed, also where the transaction changed nothing else. Without it a change
 * that an earlier, unanswered transaction left on the primary alone would be confirmed to whoever repeats it.
 */
const FENCE = "SELECT pg_logical_emit_message(true, 'sotto', '')"
/** After the commit: emptying the list lets all that wait go, silently. */
const STILL_REPLICATED = "SELECT current_setting('synchronous_standby_names') <> '' AS replicated"

/** Thrown inside a transaction to have it run again from the start. */
export class RunAgain extends Error {
  override readonly name = 'RunAgain'
}

const names = new Map<string, string>()

/** The same text is prepared once a connection. */
function nameOf(text: string): string {
  const name = names.get(text) ?? `s${names.size}`
  names.set(text, name)
  return name
}

function send<Row extends object>(
  client: Client,
  text: string,
  values: readonly Value[],
): Promise<QueryResult<Row>> {
  return client.query<Row>({ name: nameOf(text), text, values: [...values] })
}

/** What a piece of work sees of its transaction. */
export class Transaction {
  /** Of the server, see `Primary`. */
  readonly timeline: number
  readonly #client: Client
  readonly #sent: Promise<unknown>[] = []

  constructor(client: Client, timeline: number) {
    this.#client = client
    this.timeline = timeline
    this.send('BEGIN')
  }

  async query<Row extends object>(
    text: string,
    values: readonly Value[] = [],
  ): Promise<readonly Row[]> {
    return (await send<Row>(this.#client, text, values)).rows
  }

  /** @returns how many rows were changed. */
  async change(text: string, values: readonly Value[] = []): Promise<number> {
    return (await send(this.#client, text, values)).rowCount ?? 0
  }

  /** Sends a statement without waiting for it: if it fails, so does the transaction, at its end. */
  send(text: string, values: readonly Value[] = []): void {
    const sent = send(this.#client, text, values)
    sent.catch(() => undefined)
    this.#sent.push(sent)
  }

  /** @throws the first failure of what was sent. */
  async settle(): Promise<void> {
    for (const sent of this.#sent) await sent
  }
}

function sqlState(cause: unknown): string {
  return cause instanceof DatabaseError ? (cause.code ?? '') : ''
}

function mayRunAgain(cause: unknown): boolean {
  return cause instanceof RunAgain || /^(40001|40P01)$/.test(sqlState(cause))
}

/** Too many connections, time-outs, a plan from before a migration: nothing is wrong with the request. */
function isPassing(cause: unknown): boolean {
  return isLost(cause) || /^(53300|55P03|57014|25P0[23]|0A000)$/.test(sqlState(cause))
}

/** What the port promises of a failure. A bug stays what it is. */
export function storageError(cause: unknown): unknown {
  if (cause instanceof StorageUnavailableError || cause instanceof StorageFullError) return cause
  if (sqlState(cause) === '53100') return new StorageFullError('no space left', { cause })
  if (mayRunAgain(cause) || isPassing(cause)) {
    return new StorageUnavailableError('the database did not answer as it should', { cause })
  }
  return cause
}

/** Runs changes, each in one transaction whose commit is on as many servers as the operator wants. */
export class Transactions {
  readonly #primary: Primary
  readonly #replicated: boolean
  readonly #onCommit: (changes: number, seconds: number) => void
  /** Connections on which the server said more than a plain "done" since the last look. */
  readonly #warned = new WeakSet<Client>()
  readonly #known = new WeakSet<Client>()

  /**
   * @param replicated - false where the operator wants no standbys.
   * @param onCommit - called after each commit, for the metrics.
   */
  constructor(
    primary: Primary,
    replicated: boolean,
    onCommit: (changes: number, seconds: number) => void = () => undefined,
  ) {
    this.#primary = primary
    this.#replicated = replicated
    this.#onCommit = onCommit
  }

  /**
   * Resolves when it is durable. A rejection says nothing about whether it happened, except that a later one may find it.
   * @param work - may run more than once, so it has no other effects.
   * @param changes - how many share the transaction.
   */
  async run<T>(work: (transaction: Transaction) => Promise<T>, changes = 1): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const startMs = performance.now()
        const value = await this.#attempt(work)
        this.#onCommit(changes, (performance.now() - startMs) / 1_000)
        return value
      } catch (cause) {
        if (!mayRunAgain(cause) || attempt === ATTEMPTS) throw storageError(cause)
      }
      const pauseMs = FIRST_PAUSE_MS * 2 ** attempt
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  /**
   * As {@link run}, for one who waits for the answer. Where it does not come in time that is a rejection like any other:
   * the change may still happen.
   */
  async answer<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      const giveUp = (): void =>
        reject(new StorageUnavailableError('the database did not answer in time'))
      timer = setTimeout(giveUp, ANSWER_WITHIN_MS)
    })
    try {
      return await Promise.race([this.run(work), late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Reads outside of a transaction, from the primary alone. */
  async read<Row extends object>(
    text: string,
    values: readonly Value[] = [],
  ): Promise<readonly Row[]> {
    return this.#with('reads', async (client) => (await send<Row>(client, text, values)).rows)
  }

  #attempt<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#with('writes', async (client, server) => {
      this.#listen(client)
      this.#warned.delete(client)
      const transaction = new Transaction(client, server.timeline)
      let value: T
      try {
        value = await work(transaction)
      } catch (cause) {
        await client.query('ROLLBACK')
        throw cause
      }
      await this.#commit(client, transaction)
      return value
    })
  }

  async #commit(client: Client, transaction: Transaction): Promise<void> {
    transaction.send(FENCE)
    const committed = send(client, 'COMMIT', [])
    const checked = this.#replicated
      ? send<{ replicated: boolean }>(client, STILL_REPLICATED, [])
      : Promise.resolve(null)
    const outcomes = await Promise.allSettled([transaction.settle(), committed, checked])
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    // A transaction with a failed statement "commits" as ROLLBACK, without an error.
    if ((await committed).command !== 'COMMIT') {
      throw new StorageUnavailableError('the transaction was rolled back')
    }
    const check = await checked
    if (this.#warned.delete(client) || (check !== null && check.rows[0]?.replicated !== true)) {
      throw new StorageUnavailableError('a commit did not wait for its standbys')
    }
  }

  /**
   * A commit whose wait for standbys was cancelled succeeds, with a warning. Which one cannot be told by its class
   * (01000, any warning) and must not be told by its text, which is translated: so any warning spoils the commit. Plain
   * notices have the class of success.
   */
  #listen(client: Client): void {
    if (this.#known.has(client)) return
    this.#known.add(client)
    client.on('notice', ({ code }) => {
      if (code !== '00000') this.#warned.add(client)
    })
  }

  async #with<T>(
    kind: 'reads' | 'writes',
    use: (client: Client, server: Server) => Promise<T>,
  ): Promise<T> {
    const server = await this.#primary.current()
    const client = await this.#primary.connect(server, kind)
    try {
      const value = await use(client, server)
      client.release()
      return value
    } catch (cause) {
      client.release(!mayRunAgain(cause))
      if (isLost(cause)) this.#primary.suspect(server, cause)
      throw mayRunAgain(cause) ? cause : storageError(cause)
    }
  }
}
