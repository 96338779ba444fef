// A server of the relay's benchmark, as a process of its own: `relay` or `floor`, and the folder for its files. Tells its
// parent where it listens, then fills mailboxes on demand, and ends when the parent lets go of it.
import { keepObjectsYoung } from '#relay/young-objects.ts'
import { bareFloor, realRelay, type Address } from './relay-subjects.ts'
import type { StreamTarget } from './relay-load.ts'

export type SubjectKind = 'relay' | 'floor'

export interface FillJob {
  readonly streams: number
  readonly each: number
}

export type SubjectAnswer =
  | { readonly kind: 'ready'; readonly address: Address }
  | { readonly kind: 'filled'; readonly targets: readonly StreamTarget[] }

keepObjectsYoung()
const [kind, folder = ''] = process.argv.slice(2)
const subject = await (kind === 'relay' ? realRelay(folder) : bareFloor(folder))
const answer = (message: SubjectAnswer): void => void process.send?.(message)

process.on('message', ({ streams, each }: FillJob) => {
  void subject.fill(streams, each).then((targets) => answer({ kind: 'filled', targets }))
})
process.on('disconnect', () => void subject.close().then(() => process.exit()))
const { port, tokens, depositsUrl } = subject
answer({ kind: 'ready', address: { port, tokens, depositsUrl } })
