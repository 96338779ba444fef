import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '#cli/exit-codes.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { Scenario } from '#test/helpers/scenario.ts'

const PASSPHRASE = 'correct horse battery staple'
/** Starting a process takes its time on a busy machine. */
const START_WITHIN_MS = 60_000

describe('sotto as a process', { timeout: 2 * START_WITHIN_MS }, () => {
  let scenario: Scenario

  beforeAll(async () => {
    scenario = await Scenario.start()
    const made = start('init', 'ada', '--relay', scenario.host)
    expect(await made.ended).toMatchObject({ exitCode: EXIT.done })
  }, START_WITHIN_MS)
  afterAll(() => scenario.close())

  function start(...args: readonly string[]) {
    const child = spawn(process.execPath, ['src/cli/main.ts', ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        SOTTO_PROFILE: join(scenario.folder, 'cli-process'),
        SOTTO_PASSPHRASE: PASSPHRASE,
      },
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
    const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
    return {
      child,
      ended: closed.then(([exitCode, signal]) => ({ exitCode, signal, stderr })),
      says: (part: string) => eventually(part, () => stderr.includes(part), START_WITHIN_MS),
    }
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('ends in order on %s', async (signal) => {
    const { child, ended, says } = start('receive', '--wait', '600', '--verbose')
    await says('relay.drained')
    child.kill(signal)
    expect(await ended).toMatchObject({ exitCode: EXIT.done, signal: null })
  })

  it('ends quietly when nobody reads what it prints', async () => {
    const { child, ended } = start('rpc')
    child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"account.get"}\n')
    await once(child.stdout, 'data')
    child.stdout.destroy()
    child.stdin.write('{"jsonrpc":"2.0","id":2,"method":"account.get"}\n')
    expect(await ended).toMatchObject({ signal: null, stderr: '' })
  })

  it('says in a sentence what is wrong, and ends with its code', async () => {
    const { ended } = start('send', 'nobody@relay.example.org', 'x')
    expect(await ended).toEqual({
      exitCode: EXIT.failed,
      signal: null,
      stderr:
        'There is no contact with this address. Add it first: sotto add nobody@relay.example.org\n',
    })
  })
})
