import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OneReceiver } from './one-receiver.ts'
import { RelayProcess } from './processes.ts'
import { writeUnlimited } from './unlimited.ts'

const DISK = 'size=24m'
const BEFORE = 200
const MOUNT = ['unshare', '-rm', 'sh', '-c', `mount -t tmpfs -o ${DISK} tmpfs "$0" && exec "$@"`]

/** Whether this machine lets a process have a disk of its own. */
function canMount(): boolean {
  const [program = '', ...args] = MOUNT
  return spawnSync(program, [...args, tmpdir(), 'true']).status === 0
}

const mountable = canMount()
const title = 'a relay whose disk is full'

describe.skipIf(!mountable)(
  mountable ? title : `${title} (skipped: no mount namespaces here)`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'sotto-disk-'))
    const disk = join(folder, 'disk')
    const config = writeUnlimited(join(folder, 'relay.json'))
    // A disk that only this process sees; it is gone with it.
    const relay = new RelayProcess(disk, config, [...MOUNT, disk])
    const alice = new OneReceiver('alice', () => relay.host)
    const filler = () => join('/proc', String(relay.pid), 'root', disk, 'filler')

    beforeAll(async () => {
      mkdirSync(disk)
      await relay.start()
      await alice.register()
    })
    afterAll(async () => {
      await relay.kill()
      await alice.close()
      rmSync(folder, { recursive: true, force: true })
    })

    function fillDisk(): void {
      const file = openSync(filler(), 'a')
      try {
        for (const bytes of [1 << 20, 1 << 12]) {
          try {
            for (;;) writeSync(file, Buffer.alloc(bytes, 1))
          } catch (cause) {
            expect(cause).toMatchObject({ code: 'ENOSPC' })
          }
        }
      } finally {
        closeSync(file)
      }
      expect(statfsSync(filler()).bavail).toBe(0)
    }

    test('refuses what it cannot keep, gives out what it has, and goes on when there is space', async () => {
      for (let round = 0; round < 3; round++) {
        for (let count = 0; count < BEFORE; count++) expect(await alice.deposit()).toBeNull()
        fillDisk()
        const answers = new Set<string | null>()
        // Space is taken in steps: a few more may find room.
        for (let count = 0; count < 5_000 && !answers.has('RELAY_FULL'); count++) {
          answers.add(await alice.deposit())
        }
        for (let count = 0; count < 20; count++) answers.add(await alice.deposit(60_000))
        answers.delete(null)
        expect([...answers]).toEqual(['RELAY_FULL'])
        // A device that has just been started opens a session and fetches everything.
        await alice.drain()
        expect(alice.lost()).toEqual([])
        rmSync(filler())
        expect(await alice.deposit()).toBeNull()
        await alice.drain()
        expect(alice.lost()).toEqual([])
      }
      const received = new Set(alice.received)
      expect(alice.refused.filter((id) => received.has(id))).toEqual([])
      expect(await relay.end('SIGTERM')).toBe(0)
    })
  },
)
