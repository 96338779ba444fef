import type { Command } from 'commander'
import type { RelayConfig } from '../config.ts'
import { describeDatabase, parseDatabaseUrl } from '../postgres/database-url.ts'
import { startRelay, type RunningRelay } from '../relay.ts'
import { keepObjectsYoung } from '../young-objects.ts'
import { configOf } from '../settings/effective.ts'
import { systemCode } from '../system-error.ts'
import { CommandFailure } from './command-failure.ts'
import { printSettings } from './config.ts'
import type { CommandOutput } from './perform.ts'
import { readSettings } from './setting-options.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const ENDED_AT_ONCE = 1

function startFailure(cause: unknown, { host, port }: RelayConfig): unknown {
  const code = systemCode(cause)
  const fail = (message: string): CommandFailure => new CommandFailure('INTERNAL', message, cause)
  if (code === 'EADDRINUSE') return fail(`Another program listens on port ${port} of ${host}.`)
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return fail(`This computer has no address ${host} (setting host).`)
  }
  if (code === 'EACCES') return fail(`The system does not let this user have it: ${String(cause)}`)
  if (code.startsWith('ERR_OSSL') || code.startsWith('ERR_SSL')) {
    return fail('The certificate and its key cannot be used: they must be PEM and fit together.')
  }
  return cause
}

/** Resolves on the first signal. A second one ends the process at once. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    let seen = false
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (seen) process.exit(ENDED_AT_ONCE)
        seen = true
        resolve()
      })
    }
  })
}

/** A database as text, without its user and password. */
function describeUrl(database: string | null): string | null {
  const address = database === null ? null : parseDatabaseUrl(database)
  return address?.ok === true ? describeDatabase(address.value) : null
}

/** Runs a relay until it is told to end. */
export async function runRelay(command: Command, output: CommandOutput): Promise<void> {
  const [unknown] = command.args
  if (unknown !== undefined) {
    const message = `There is no command "${unknown}". "relay --help" lists all.`
    throw new CommandFailure('INVALID_INPUT', message)
  }
  const settings = await readSettings(command)
  if (command.opts<{ printConfig?: true }>().printConfig) {
    printSettings(settings, output)
    return
  }
  const config = await configOf(settings)
  // Whatever the folder allows: what the relay writes is for its user alone.
  process.umask(0o077)
  keepObjectsYoung()
  // Heard from the start, so that nothing is left half open.
  const signalled = firstSignal()
  let relay: RunningRelay
  try {
    relay = await startRelay(config)
  } catch (cause) {
    throw startFailure(cause, config)
  }
  const { dataDir, registration } = config
  const database = describeUrl(config.database)
  const { url, metricsUrl } = relay
  output.result(
    { event: 'ready', url, metricsUrl, dataDir, database, registration },
    `Sotto relay ready at ${url}\nRegistration: ${registration} · data: ${database ?? dataDir ?? 'in memory'} · Ctrl+C ends it`,
  )
  await signalled
  await relay.close()
  output.result({ event: 'closed' }, 'Sotto relay closed')
}
