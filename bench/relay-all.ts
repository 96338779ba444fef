// Everything that is measured of the relay: prints each table as it is there, and at the end all rows as JSON.
// `npm run bench:relay`, or only some of it: `npm run bench:relay -- floor peers idle scale auth`.
// With `--write`, the figures go into docs/BENCHMARKS.md (all of them, so with no names beside it).
import { runAuthBench } from './relay-auth.ts'
import { runIdleBench } from './relay-idle.ts'
import { runPeersBench } from './relay-peers.ts'
import { runScaleBench } from './relay-scale.ts'
import { writeRelayFigures } from './relay-plot.ts'
import { runRelayBench } from './relay.ts'
import { formatTable, type BenchRow } from './report.ts'

const PARTS: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  floor: runRelayBench,
  peers: runPeersBench,
  idle: runIdleBench,
  scale: runScaleBench,
  auth: runAuthBench,
}
const WRITE = '--write'

const asked = process.argv.slice(2)
const wanted = asked.filter((name) => name !== WRITE)
const unknown = wanted.find((name) => PARTS[name] === undefined)
if (unknown !== undefined || (asked.includes(WRITE) && wanted.length > 0)) {
  console.error(`Choose from: ${Object.keys(PARTS).join(', ')}; or ${WRITE} alone.`)
  process.exit(2)
}
const rows: BenchRow[] = []
for (const [name, run] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const measured = await run()
  console.log(formatTable(measured))
  rows.push(...measured)
}
if (asked.includes(WRITE)) writeRelayFigures(rows)
console.log(`\n${JSON.stringify(rows)}`)
