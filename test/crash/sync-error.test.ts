import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OneReceiver } from './one-receiver.ts'
import { RelayProcess } from './processes.ts'
import { writeUnlimited } from './unlimited.ts'

const SENDERS = 8
const BEFORE = 50

/** Whether system calls of a process can be made to fail here. */
function canInject(): boolean {
  const inject = ['-f', '-e', 'inject=fsync:error=EIO', '-o', '/dev/null', 'true']
  return spawnSync('strace', inject).status === 0
}

const injectable = canInject()
const title = 'a relay whose disk fails'

describe.skipIf(!injectable)(
  injectable ? title : `${title} (skipped: strace cannot trace here)`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'sotto-sync-'))
    const relay = new RelayProcess(
      join(folder, 'relay'),
      writeUnlimited(join(folder, 'relay.json')),
    )
    const alice = new OneReceiver('alice', () => relay.host)

    beforeAll(async () => {
      await relay.start()
      await alice.register()
    })
    afterAll(async () => {
      await relay.kill()
      await alice.close()
      rmSync(folder, { recursive: true, force: true })
    })

    /** From now on these calls of the running process fail. */
    async function fail(calls: string): Promise<ChildProcess> {
      const args = ['-f', '-p', String(relay.pid), '-e', `trace=${calls}`, '-o', '/dev/null']
      const tracer = spawn('strace', [...args, '-e', `inject=${calls}:error=EIO`], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const lines = createInterface({ input: tracer.stderr })
      const [line] = (await once(lines, 'line')) as [string]
      expect(line).toMatch(/attached/)
      return tracer
    }

    test.each([['fsync,fdatasync'], ['pwrite64,pwritev,pwritev2']])(
      'ends when %s fail, having confirmed nothing of it, and comes back whole',
      async (calls) => {
        for (let count = 0; count < BEFORE; count++) expect(await alice.deposit()).toBeNull()
        const confirmed = alice.confirmed.length
        const tracer = await fail(calls)
        const answers = await Promise.all(Array.from({ length: SENDERS }, () => alice.deposit()))
        expect(answers).toEqual(answers.map(() => 'RELAY_UNREACHABLE'))
        expect(await relay.ended()).toBe(1)
        if (tracer.exitCode === null) await once(tracer, 'exit')

        await relay.start()
        expect(alice.confirmed).toHaveLength(confirmed)
        expect(await alice.deposit()).toBeNull()
        await alice.drain()
        expect(alice.lost()).toEqual([])
      },
    )
  },
)
