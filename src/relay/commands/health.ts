import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { configOf, type EffectiveSetting } from '../settings/effective.ts'
import { CommandFailure } from './command-failure.ts'
import type { CommandOutput } from './perform.ts'

const TIMEOUT_MS = 5_000

/** Where a relay with these settings is reached from its own computer. */
async function readinessUrl(settings: readonly EffectiveSetting[]): Promise<URL> {
  const { host, port, tls } = await configOf(settings)
  if (port === 0) {
    throw new CommandFailure('INVALID_INPUT', 'The port of the relay is not known: set it.')
  }
  const anywhere = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const name = anywhere.includes(':') ? `[${anywhere}]` : anywhere
  return new URL(`${tls === null ? 'http' : 'https'}://${name}:${port}/readyz`)
}

function statusOf(url: URL): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      timeout: TIMEOUT_MS,
      // The certificate is for the name that clients use, not for this address.
      ...(url.protocol === 'https:' && { rejectUnauthorized: false }),
    }
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
      url,
      options,
      (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      },
    )
    request.once('timeout', () => request.destroy(new Error('no answer in time')))
    request.once('error', reject)
    request.end()
  })
}

/** Asks the relay that has these settings whether it is ready: for health checks of containers. */
export async function checkHealth(
  settings: readonly EffectiveSetting[],
  output: CommandOutput,
): Promise<void> {
  const url = await readinessUrl(settings)
  const status = await statusOf(url).catch((cause: unknown) => {
    throw new CommandFailure('RELAY_UNREACHABLE', `No relay answers at ${url.origin}.`, cause)
  })
  if (status !== 200) {
    throw new CommandFailure('RELAY_UNREACHABLE', `The relay at ${url.origin} is not ready.`)
  }
  output.result({ ready: true }, 'ready')
}
