// A relay without limits, in a process of its own so that it does not share the client's event loop.
import { relayConfig } from '#relay/config.ts'
import { startRelay } from '#relay/relay.ts'

const without = { burst: 1_000_000, everyMs: 1 }
const config = relayConfig({
  port: 0,
  powBits: 0,
  dataDir: process.argv[2] ?? null,
  limits: { mailboxEnvelopes: 1_000_000, mailboxBytes: 10_000_000_000 },
  rates: {
    registrations: without,
    lookups: without,
    bundles: without,
    oneTimeKeys: without,
    deposits: without,
    knocks: without,
    signed: without,
    device: without,
  },
})
if (!config.ok) throw new Error(`the configuration is not valid: ${String(config.error.cause)}`)
const relay = await startRelay(config.value)
process.send?.(relay.url)
process.once('disconnect', () => {
  void relay.close().then(() => process.exit(0))
})
