import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base } from '@playwright/test'
import { HostileRelay } from './hostile-relay.ts'
import { startKeyring, type Keyring } from './keyring.ts'
import { launchInstance, type Instance, type LaunchOptions } from './launch.ts'
import { startRelayProcess, type RelayProcess } from '../../../tools/relay-process.ts'

export { expect } from '@playwright/test'

interface StartOptions extends Pick<LaunchOptions, 'args' | 'env'> {
  /** Instances of one name share their data: a second start is a restart. */
  readonly name?: string
}

interface Fixtures {
  /** A folder that is gone after the test. */
  readonly folder: string
  readonly relay: RelayProcess
  /** The same relay, made hostile. Clients must use its `url`. */
  readonly hostileRelay: HostileRelay
  /** Starts the built app on a profile of its own, with the worker's keyring; it is closed after the test. */
  readonly start: (options?: StartOptions) => Promise<Instance>
}
interface WorkerFixtures {
  readonly keyring: Keyring
}

/**
 * `test` of the end-to-end specs. They find things by role and accessible name, as people and their tools do: no
 * test ids, no class names, nothing of the stand-in's inside.
 */
export const test = base.extend<Fixtures, WorkerFixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture needs.
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'sotto-e2e-'))
    await use(folder)
    rmSync(folder, { recursive: true, force: true })
  },
  keyring: [
    // oxlint-disable-next-line no-empty-pattern -- As above.
    async ({}, use) => {
      const keyring = await startKeyring()
      await use(keyring)
      await keyring.stop()
    },
    { scope: 'worker' },
  ],
  relay: async ({ folder }, use) => {
    const relay = await startRelayProcess(join(folder, 'relay'))
    await use(relay)
    await relay.stop()
  },
  hostileRelay: async ({ relay }, use) => {
    const hostile = await HostileRelay.before(relay.url)
    await use(hostile)
    await hostile.close()
  },
  start: async ({ folder, keyring }, use) => {
    const instances: Instance[] = []
    await use(async ({ name = 'first', args = [], env = {} } = {}) => {
      const instance = await launchInstance({
        userData: join(folder, name),
        args,
        env: { ...keyring.env, ...env },
      })
      instances.push(instance)
      return instance
    })
    for (const instance of instances) await instance.kill()
  },
})
