// Runs all measurements, prints a table of each group as it is there, and at the end everything as JSON.
// `npm run bench` or `npm run bench -- session store relay key-log client faults`; with `--write`, into
// docs/BENCHMARKS.md too (the relay's figures are written by `npm run bench:relay`).
import { formatTable, type BenchRow } from './report.ts'
import { writeFigures } from './write-figures.ts'

// Each is loaded when its turn comes: what the later ones bring with them makes the first a fifth slower.
const BENCHES: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  session: async () => (await import('./session.ts')).runSessionBench(),
  store: async () => (await import('./store.ts')).runStoreBench(),
  relay: async () => (await import('./relay.ts')).runRelayBench(),
  'key-log': async () => (await import('./key-log.ts')).runKeyLogBench(),
  client: async () => (await import('./client.ts')).runClientBench(),
  faults: async () => (await import('./faults.ts')).runFaultsBench(),
}

const wanted = process.argv.slice(2).filter((argument) => argument !== '--write')
const writes = process.argv.includes('--write')
const unknown = wanted.find((name) => BENCHES[name] === undefined)
if (unknown !== undefined) {
  console.error(
    `There is no measurement "${unknown}". Choose from: ${Object.keys(BENCHES).join(', ')}.`,
  )
  process.exit(2)
}
const rows: BenchRow[] = []
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const measured = await bench()
  console.log(formatTable(measured))
  if (writes && name !== 'relay') writeFigures(name, measured)
  rows.push(...measured)
}
console.log(`\n${JSON.stringify(rows)}`)
