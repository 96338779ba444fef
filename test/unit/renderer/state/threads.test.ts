import { beforeEach, expect, test, vi } from 'vitest'
import type { Bridge, CallInput, CallOutput } from '#ipc/contract.ts'
import { script } from '../../../helpers/renderer/people.ts'
import {
  jumpToLatest,
  jumpToMessage,
  loadNewer,
  loadOlder,
  openThread,
  resetThreads,
  useThreads,
} from '../../../../src/renderer/state/threads.ts'

type Position = CallInput<'messages.page'>['position']
type Page = CallOutput<'messages.page'>

const LAST_SEQ = 900
const all = script(
  1,
  1,
  0,
  Array.from({ length: LAST_SEQ }, (_, n) => ['them', `message ${n + 1}`, 1_000]),
)

// Pages that are asked for and answered later, by the kind of their position.
const asked = new Map<Position['kind'], () => void>()

function pageAt(position: Position): Page {
  const from = {
    newest: () => LAST_SEQ - 60,
    'first-unread': () => LAST_SEQ - 60,
    before: (seq: number) => seq - 61,
    after: (seq: number) => seq,
    around: (seq: number) => seq - 30,
  }[position.kind]('seq' in position ? position.seq : 0)
  const messages = all.slice(from, from + 60)
  return {
    messages,
    hasOlder: from > 0,
    hasNewer: from + 60 < LAST_SEQ,
    firstUnreadSeq: null,
  }
}

const call = ((_name: 'messages.page', { position }: CallInput<'messages.page'>) =>
  new Promise((answer) => {
    asked.set(position.kind, () => answer({ ok: true, value: pageAt(position) }))
  })) as Bridge['call']

/** Does something that asks for a page, and gives it. */
async function withPage(kind: Position['kind'], ask: () => Promise<void>): Promise<void> {
  const done = ask()
  answer(kind)
  await done
}

function answer(kind: Position['kind']): void {
  const give = asked.get(kind)
  if (give === undefined) throw new TypeError(`no page ${kind} was asked for`)
  asked.delete(kind)
  give()
}

/** The numbers of the messages that are loaded, as stretches without a hole. */
function stretches(): (readonly [from: number, to: number])[] {
  const seqs = (useThreads.getState().byId.get(1)?.messages ?? []).map(({ seq }) => seq)
  const starts = seqs.filter((seq, index) => seqs[index - 1] !== seq - 1)
  return starts.map((from) => {
    let to = from
    while (seqs.includes(to + 1)) to += 1
    return [from, to] as const
  })
}

beforeEach(() => {
  vi.stubGlobal('window', { sotto: { call } })
  vi.stubGlobal('requestAnimationFrame', () => 0)
  resetThreads()
  asked.clear()
})

test('older messages that come after a jump to the latest do not go in front of them', async () => {
  await withPage('first-unread', () => openThread(1))
  await withPage('around', () => jumpToMessage(1, 300))
  const older = loadOlder(1)
  await withPage('newest', () => jumpToLatest(1))
  answer('before')
  await older
  expect(stretches()).toEqual([[841, 900]])
})

test('newer messages that come after a jump back do not go behind what is there', async () => {
  await withPage('first-unread', () => openThread(1))
  await withPage('around', () => jumpToMessage(1, 600))
  const newer = loadNewer(1)
  await withPage('around', () => jumpToMessage(1, 200))
  answer('after')
  await newer
  expect(stretches()).toEqual([[171, 230]])
})

test('pages on both sides of one stretch are taken in, in whichever order they come', async () => {
  await withPage('first-unread', () => openThread(1))
  await withPage('around', () => jumpToMessage(1, 300))
  const older = loadOlder(1)
  const newer = loadNewer(1)
  answer('after')
  answer('before')
  await Promise.all([older, newer])
  expect(stretches()).toEqual([[211, 390]])
})
