// A relay as a process of its own, for what is measured of the process: it starts with what its parent sends, and
// answers every further message with its memory after a collection.
import { relayConfig, type RelayOptions } from '#relay/config.ts'
import { startRelay } from '#relay/relay.ts'

export interface MemoryAnswer {
  /** Of the whole process, as the system counts it. */
  readonly residentBytes: number
  /** Live objects and buffers. */
  readonly heapBytes: number
}

async function memory(): Promise<MemoryAnswer> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { residentBytes: rss, heapBytes: heapUsed + external }
}

process.once('message', (options: RelayOptions) => {
  void (async () => {
    const config = relayConfig(options)
    if (!config.ok) throw new Error(String(config.error.cause))
    const relay = await startRelay(config.value)
    process.on('message', () => void memory().then((answer) => process.send?.(answer)))
    process.once('disconnect', () => void relay.close())
    process.send?.({ url: relay.url })
  })()
})
