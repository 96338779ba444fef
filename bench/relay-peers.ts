import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mosquitto } from './relay-peers/mosquitto.ts'
import type { Peer, Receiver } from './relay-peers/peer.ts'
import { prosody } from './relay-peers/prosody.ts'
import { sotto } from './relay-peers/sotto.ts'
import { formatTable, median, type BenchRow } from './report.ts'

const GROUP = 'Relay beside others, same work (16 senders, 100 recipients, 1 KB bodies)'
const SENDERS = 16
const RECIPIENTS = 100
/** Unacknowledged messages of one sender. */
const WINDOW = 32
const DEPOSIT_MS = 4_000
const KILL_AFTER_MS = 1_000
const ONLINE_MS = 2_000
/** Nothing more comes after a silence of this long. */
const SILENCE_MS = 3_000
const SETTLE_MS = 1_000
/** Each in turn, so that a busy machine is busy for all; medians. */
const ROUNDS = 3
const TIMES_PROSODYS_DEPOSITS = 5
const TIMES_PROSODYS_DRAIN = 8

interface Figures {
  readonly deposits: number
  readonly drained: number
  readonly onlineP50Ms: number
  readonly onlineP99Ms: number
  readonly acknowledged: number
  readonly lost: number
}

/** All senders send to all recipients for a time. @returns how many were acknowledged, and how many a second. */
async function depositFor(
  peer: Peer,
  forMs: number,
): Promise<{ count: number; perSecond: number }> {
  const senders = await Promise.all(Array.from({ length: SENDERS }, () => peer.sender()))
  const startedMs = performance.now()
  let count = 0
  let turn = 0
  const lanes = senders.flatMap((sender) =>
    Array.from({ length: WINDOW }, async () => {
      while (performance.now() - startedMs < forMs) {
        await sender.send(turn++ % RECIPIENTS)
        count += 1
      }
    }),
  )
  await Promise.all(lanes)
  const perSecond = (count / (performance.now() - startedMs)) * 1_000
  for (const sender of senders) sender.close()
  return { count, perSecond }
}

/** Connects all recipients until all that is expected is there, or nothing comes any more. */
async function drain(peer: Peer, expected: number): Promise<{ count: number; perSecond: number }> {
  const startedMs = performance.now()
  let lastMs = startedMs
  let count = 0
  let done: () => void = () => undefined
  const all = new Promise<void>((resolve) => (done = resolve))
  const received = (): void => {
    lastMs = performance.now()
    count += 1
    if (count === expected) done()
  }
  const receivers: Receiver[] = []
  const silence = setInterval(() => {
    if (performance.now() - lastMs > SILENCE_MS) done()
  }, 100)
  let next = 0
  const opener = async (): Promise<void> => {
    while (next < RECIPIENTS) receivers.push(await peer.receiver(next++, received))
  }
  await Promise.all([all, ...Array.from({ length: SENDERS }, opener)])
  clearInterval(silence)
  // Acknowledgements under way arrive before the connections end.
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (const receiver of receivers) receiver.close()
  return { count, perSecond: (count / Math.max(lastMs - startedMs, 1)) * 1_000 }
}

/** One message at a time at a steady rate, to a recipient who is there. */
async function online(peer: Peer): Promise<readonly number[]> {
  const sentMs: number[] = []
  const latencies: number[] = []
  const count = Math.round((ONLINE_MS / 1_000) * peer.onlinePerSecond)
  let done: () => void = () => undefined
  const all = new Promise<void>((resolve) => (done = resolve))
  let begun = false
  const receiver = await peer.receiver(0, () => {
    // What an earlier part left behind is not of this one.
    if (!begun) return
    latencies.push(performance.now() - (sentMs[latencies.length] ?? 0))
    if (latencies.length === count) done()
  })
  const sender = await peer.sender()
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  begun = true
  const startedMs = performance.now()
  const pace = setInterval(() => {
    const due = Math.min(count, ((performance.now() - startedMs) / 1_000) * peer.onlinePerSecond)
    while (sentMs.length < due) {
      sentMs.push(performance.now())
      sender.send(0).catch(() => undefined)
    }
  }, 1)
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 4 * ONLINE_MS))])
  clearInterval(pace)
  sender.close()
  receiver.close()
  return latencies.toSorted((a, b) => a - b)
}

async function measure(peer: Peer): Promise<Figures> {
  await peer.start()
  try {
    await peer.prepare(RECIPIENTS)
    const deposits = await depositFor(peer, DEPOSIT_MS)
    const drained = await drain(peer, deposits.count)
    const latencies = await online(peer)
    const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN
    const { count: acknowledged } = await depositFor(peer, KILL_AFTER_MS)
    await peer.kill()
    await peer.start()
    const left = await drain(peer, acknowledged)
    return {
      deposits: deposits.perSecond,
      drained: drained.perSecond,
      onlineP50Ms: at(0.5),
      onlineP99Ms: at(0.99),
      acknowledged,
      lost: Math.max(0, acknowledged - left.count),
    }
  } finally {
    await peer.kill()
  }
}

function rowsOf(peer: Peer, figures: Figures, prosodys: Figures | null): BenchRow[] {
  const row = (name: string, unit: string, value: number): BenchRow => ({
    group: GROUP,
    name: `${peer.name}: ${name}`,
    unit,
    value,
  })
  const against = (measured: BenchRow, floor: number | undefined, times: number): BenchRow =>
    floor === undefined
      ? measured
      : { ...measured, target: floor * times, passed: measured.value >= floor * times }
  return [
    against(
      row('deposits acknowledged', '/s', figures.deposits),
      prosodys?.deposits,
      TIMES_PROSODYS_DEPOSITS,
    ),
    against(row('drained', '/s', figures.drained), prosodys?.drained, TIMES_PROSODYS_DRAIN),
    row(`online p50 at ${peer.onlinePerSecond}/s`, 'ms', figures.onlineP50Ms),
    row(`online p99 at ${peer.onlinePerSecond}/s`, 'ms', figures.onlineP99Ms),
    row(
      `lost of ${figures.acknowledged} by kill -9 after the ack (${peer.promise})`,
      '',
      figures.lost,
    ),
  ]
}

/** The middle of several rounds; what was lost adds up. */
function middle(rounds: readonly Figures[]): Figures {
  const of = (key: keyof Figures): number => median(rounds.map((figures) => figures[key]))
  const sum = (key: keyof Figures): number =>
    rounds.reduce((total, figures) => total + figures[key], 0)
  return {
    deposits: of('deposits'),
    drained: of('drained'),
    onlineP50Ms: of('onlineP50Ms'),
    onlineP99Ms: of('onlineP99Ms'),
    acknowledged: sum('acknowledged'),
    lost: sum('lost'),
  }
}

const PEERS: Readonly<Record<string, (folder: string) => Promise<Peer | null>>> = {
  Sotto: sotto,
  Prosody: prosody,
  mosquitto,
}

/** The relay beside Prosody and mosquitto, where they are installed; told by name where they are not. */
export async function runPeersBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-peers-'))
  const measured = new Map<string, { readonly peer: Peer; readonly rounds: Figures[] }>()
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [program, make] of Object.entries(PEERS)) {
        const peer = await make(join(folder, `${program}-${round}`))
        if (peer === null) continue
        const rounds: Figures[] = measured.get(program)?.rounds ?? []
        rounds.push(await measure(peer))
        measured.set(program, { peer, rounds })
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const prosodys = measured.get('Prosody')
  return Object.keys(PEERS).flatMap((program) => {
    const found = measured.get(program)
    if (found === undefined) {
      const name = `${program}: not installed, not measured`
      return [{ group: GROUP, name, unit: '', value: Number.NaN }]
    }
    const floor = program === 'Sotto' && prosodys !== undefined ? middle(prosodys.rounds) : null
    return rowsOf(found.peer, middle(found.rounds), floor)
  })
}

if (import.meta.main) console.log(formatTable(await runPeersBench()))
