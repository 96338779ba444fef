import { MESSAGE_OVERHEAD_BYTES } from '#protocol/envelope.ts'
import { kem } from '#crypto/kem.ts'
import { atLeast, atMost, formatTable, median, type BenchRow } from './report.ts'
import { createSotto, loadPeers, type Contender } from './session-contenders.ts'
import { createFloor } from './session-floor.ts'

const GROUP = 'Session, 1 KB messages, one core'
const ROUNDS = 21
/** Long enough that caches which the others have filled do not count. */
const BURST = 2_000
const PING_PONG = 50
const HANDSHAKES = 20

interface Rates {
  readonly name: string
  readonly seal: number
  readonly open: number
  readonly pingPong: number
  readonly initiate: number | null
  readonly accept: number | null
}

/** Measures Sotto beside a floor of bare primitives and the peers that are installed. */
export async function runSessionBench(): Promise<BenchRow[]> {
  const peers = await loadPeers()
  for (const peer of peers) {
    if ('missing' in peer) {
      console.error(
        `${peer.name} is not measured (npm install --prefix bench/peers): ${peer.missing}`,
      )
    }
  }
  const present = peers.filter((peer): peer is Contender => !('missing' in peer))
  const rates = await measure([createSotto(), createFloor(), ...present])
  const [sotto, floor] = rates
  if (sotto === undefined || floor === undefined) throw new Error('nothing was measured')
  const libsignal = rates.find(({ name }) => name === 'libsignal')
  // Where the runtime has no ML-KEM of its own (Electron), JavaScript's takes most of the time.
  const handshakeRatio = kem.name === 'native' ? 0.9 : 0.5
  const times = (factor: number, rate: number | null | undefined): { target?: number } =>
    rate === null || rate === undefined ? {} : { target: factor * rate }
  const floorOf = (rate: number | null): { floor?: number } =>
    rate === null ? {} : { floor: rate }
  const row = (name: string, value: number): Omit<BenchRow, 'target'> => ({
    group: GROUP,
    name,
    unit: '/s',
    value,
  })
  return [
    atLeast(row('burst, sealed', sotto.seal), {
      ...times(4, libsignal?.seal),
      floor: floor.seal,
      floorRatio: 0.5,
    }),
    atLeast(row('burst, opened', sotto.open), {
      ...times(4, libsignal?.open),
      floor: floor.open,
      floorRatio: 0.5,
    }),
    atLeast(row('ping-pong, a turn a message', sotto.pingPong), {
      ...times(1, libsignal?.pingPong),
      floor: floor.pingPong,
    }),
    atLeast(row(`handshake and first message sent (ML-KEM ${kem.name})`, sotto.initiate ?? 0), {
      ...times(handshakeRatio, libsignal?.initiate),
      ...floorOf(floor.initiate),
    }),
    atLeast(row(`handshake and first message accepted (ML-KEM ${kem.name})`, sotto.accept ?? 0), {
      ...times(handshakeRatio, libsignal?.accept),
      ...floorOf(floor.accept),
    }),
    atMost(
      {
        group: GROUP,
        name: 'size beyond the padded text',
        unit: 'B',
        value: MESSAGE_OVERHEAD_BYTES,
      },
      180,
    ),
    ...rates
      .slice(1)
      .flatMap((peer) => [
        row(`${peer.name}: burst, sealed`, peer.seal),
        row(`${peer.name}: burst, opened`, peer.open),
        row(`${peer.name}: ping-pong`, peer.pingPong),
        ...(peer.initiate === null ? [] : [row(`${peer.name}: handshake sent`, peer.initiate)]),
        ...(peer.accept === null ? [] : [row(`${peer.name}: handshake accepted`, peer.accept)]),
      ]),
  ]
}

/** Medians of rounds in which the contenders take turns, so that a busy moment of the machine hits all alike. */
async function measure(contenders: readonly Contender[]): Promise<Rates[]> {
  const samples = contenders.map(({ name }) => ({
    name,
    seal: [] as number[],
    open: [] as number[],
    pingPong: [] as number[],
    initiate: [] as number[],
    accept: [] as number[],
  }))
  for (let round = -1; round < ROUNDS; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (turn + round + 1) % contenders.length
      const [contender, sample] = [contenders[index], samples[index]]
      if (contender === undefined || sample === undefined) continue
      const burst = await contender.burst(BURST)
      const pingPong = await contender.pingPong(PING_PONG)
      const handshakes = await contender.handshakes?.(HANDSHAKES)
      if (round < 0) continue // the first round warms up
      sample.seal.push((1000 * BURST) / burst.sealMs)
      sample.open.push((1000 * BURST) / burst.openMs)
      sample.pingPong.push((1000 * PING_PONG) / pingPong)
      if (handshakes === undefined) continue
      sample.initiate.push((1000 * HANDSHAKES) / handshakes.initiateMs)
      sample.accept.push((1000 * HANDSHAKES) / handshakes.acceptMs)
    }
  }
  return samples.map(({ name, seal, open, pingPong, initiate, accept }) => ({
    name,
    seal: median(seal),
    open: median(open),
    pingPong: median(pingPong),
    initiate: initiate.length === 0 ? null : median(initiate),
    accept: accept.length === 0 ? null : median(accept),
  }))
}

if (import.meta.main) console.log(formatTable(await runSessionBench()))
