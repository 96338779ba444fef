import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { POSTGRES_PROGRAMS, PostgresCluster } from '#test/helpers/postgres-server.ts'
import { checkHistory } from './checker.ts'
import { Load } from './load.ts'
import { LogWatch } from './log-watch.ts'
import { RelayCluster, relayCommand } from './relay-cluster.ts'

const ROUNDS = Number(process.env['SOTTO_ROUNDS'] ?? 1)
const SERVICE_WITHIN_MS = 30_000
const RELAYS = 3
/** Patroni's default is longer: what is tried here is the relay, not the wait. */
const NOTICED_AFTER_MS = 1_000
const CUT_OFF_MS = 4_000
const SPLIT_BRAIN_MS = 2_000

const MISSING = POSTGRES_PROGRAMS === null
const WHY = MISSING ? ' (skipped: this machine has no PostgreSQL; Debian: postgresql)' : ''

describe.skipIf(MISSING)(`a cluster under load${WHY}`, () => {
  let database: PostgresCluster
  let relays: RelayCluster
  let load: Load
  let log: LogWatch

  beforeAll(async () => {
    database = await PostgresCluster.start()
    await relayCommand(database.url, 'migrate')
    relays = new RelayCluster(database.url, RELAYS)
    await relays.start()
    load = new Load(relays.host)
    await load.start({ receivers: 4, senders: 8, prekeyTakers: 2 })
    log = new LogWatch(relays.host)
    log.start()
  }, 120_000)
  afterAll(async () => {
    await relays.stop()
    await database.stop()
  }, 60_000)

  async function fault(what: string, run: () => void | Promise<void>): Promise<void> {
    load.record({ kind: 'fault', what })
    await run()
    await load.served(SERVICE_WITHIN_MS)
  }

  /** What an orchestrator does for a primary that is gone. */
  async function failOver(): Promise<void> {
    await pause(NOTICED_AFTER_MS)
    await database.failOver()
  }

  async function primaryKilled(): Promise<void> {
    const lost = database.primary
    await fault('the primary was killed', async () => {
      await lost.stop('SIGKILL')
      await failOver()
    })
    await database.rejoin(lost)
  }

  async function primaryStopped(): Promise<void> {
    const lost = database.primary
    await fault('the primary stood still', async () => {
      lost.signal('SIGSTOP')
      await failOver()
    })
    await fault('the former primary came back and believes to be it', async () => {
      lost.signal('SIGCONT')
      await pause(SPLIT_BRAIN_MS)
    })
    await database.rejoin(lost)
  }

  async function standbyCutOff(): Promise<void> {
    const [standby] = database.standbys
    await fault('a standby was cut off', () => standby?.signal('SIGSTOP'))
    await fault('the standby is back', () => standby?.signal('SIGCONT'))
  }

  async function allStandbysCutOff(): Promise<void> {
    for (const standby of database.standbys) standby.signal('SIGSTOP')
    load.record({ kind: 'unreplicated' })
    await pause(CUT_OFF_MS)
    load.record({ kind: 'restored' })
    await fault('the standbys are back', () => {
      for (const standby of database.standbys) standby.signal('SIGCONT')
    })
  }

  async function relayKilled(round: number): Promise<void> {
    const member = relays.members[round % RELAYS]
    await fault('a relay was killed', async () => void (await member?.end('SIGKILL')))
    await fault('a relay started', () => member?.start())
  }

  test(`${ROUNDS} times each: nothing acknowledged is lost, reordered, doubled or unreplicated`, async () => {
    await load.served(SERVICE_WITHIN_MS)
    for (let round = 0; round < ROUNDS; round++) {
      await primaryKilled()
      await standbyCutOff()
      await allStandbysCutOff()
      await relayKilled(round)
      await primaryStopped()
    }
    await pause(1_000)
    await Promise.all([load.finish(), log.finish()])
    // Faults are served before the next begins, so the last is not due any more.
    const ended = load.history.at(-1)
    if (ended?.kind !== 'ended') throw new Error('the history has no end')
    const history = [...load.history.slice(0, -1), { ...ended, atMs: Infinity }]
    expect(checkHistory(history, SERVICE_WITHIN_MS)).toEqual([])
    expect(log.complaints).toEqual([])
    const count = (kind: string): number => history.filter((event) => event.kind === kind).length
    process.stdout.write(
      `${count('acknowledged')} acknowledged, ${count('delivered')} delivered, ` +
        `${count('prekey-taken')} prekeys, ${count('fault')} faults, ` +
        `${log.counts.accounts} accounts in the log, ${log.counts.looks} looks at it; longest without service: ` +
        `${Math.round(longestGapMs(history.map(({ kind, atMs }) => (kind === 'acknowledged' ? atMs : null))))} ms\n`,
    )
    expect(count('acknowledged')).toBeGreaterThan(ROUNDS * 100)
    expect(count('prekey-taken')).toBeGreaterThan(ROUNDS)
    expect(log.counts.accounts).toBeGreaterThan(ROUNDS * 5)
    expect(log.counts.looks).toBeGreaterThan(ROUNDS * 5)
  })

  test('the relays end cleanly', async () => {
    expect(await relays.stop()).toEqual(relays.members.map(() => 0))
  })
})

function longestGapMs(times: readonly (number | null)[]): number {
  const known = times.filter((time) => time !== null)
  return Math.max(...known.map((time, index) => time - (known[index - 1] ?? time)))
}
