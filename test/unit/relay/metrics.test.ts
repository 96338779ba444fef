import { expect, test, vi } from 'vitest'
import { RelayMetrics, type MetricSources } from '#relay/metrics.ts'

const SOURCES: MetricSources = {
  streams: () => 3,
  statistics: async () => ({
    accounts: 1,
    blockedAccounts: 0,
    devices: 2,
    waiting: 0,
    waitingBytes: 0,
    databaseBytes: 4_096,
    inviteUsesLeft: 0,
    registrations: [],
  }),
  diskFreeBytes: async () => 5e9,
  lastBackupMs: async () => 7_000,
}

/** The values of what has no labels, as they are served. */
async function served(sources: Partial<MetricSources>): Promise<Readonly<Record<string, number>>> {
  const metrics = new RelayMetrics()
  metrics.observe({ ...SOURCES, ...sources })
  const text = await metrics.registry.metrics()
  return Object.fromEntries(
    [...text.matchAll(/^(sotto_\w+) (\S+)$/gm)].map(([, name = '', value]) => [
      name,
      Number(value),
    ]),
  )
}

test('everything that is known is served', async () => {
  expect(await served({})).toMatchObject({
    sotto_streams: 3,
    sotto_accounts: 1,
    sotto_devices: 2,
    sotto_database_bytes: 4_096,
    sotto_disk_free_bytes: 5e9,
    sotto_last_backup_seconds: 7,
  })
})

test('what is not known is missing, not zero, which alerts would take for a full disk', async () => {
  const found = await served({ diskFreeBytes: async () => null, lastBackupMs: async () => null })
  expect(found).toMatchObject({ sotto_streams: 3, sotto_accounts: 1 })
  expect(found).not.toHaveProperty('sotto_disk_free_bytes')
  expect(found).not.toHaveProperty('sotto_last_backup_seconds')
})

test('a database that fails hides its own numbers alone', async () => {
  const found = await served({ statistics: () => Promise.reject(new Error('it is gone')) })
  expect(found).toMatchObject({ sotto_streams: 3, sotto_disk_free_bytes: 5e9 })
  expect(found).not.toHaveProperty('sotto_accounts')
})

test('a database that hangs does so as well, in less time than Prometheus waits', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const reading = served({ statistics: () => new Promise(() => undefined) })
    await vi.advanceTimersByTimeAsync(5_000)
    const found = await reading
    expect(found).toMatchObject({ sotto_streams: 3 })
    expect(found).not.toHaveProperty('sotto_accounts')
  } finally {
    vi.useRealTimers()
  }
})
