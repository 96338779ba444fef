import { fork } from 'node:child_process'
import type { StreamTarget } from './relay-load.ts'
import type { FillJob, SubjectAnswer, SubjectKind } from './relay-subject.ts'
import type { Subject } from './relay-subjects.ts'

/** Starts a server in a process of its own, as relays run: none finds the other's code and garbage in its way. */
export async function startSubject(kind: SubjectKind, folder: string): Promise<Subject> {
  const child = fork(new URL('./relay-subject.ts', import.meta.url), [kind, folder], {
    execArgv: process.execArgv,
  })
  const ended = new Promise<void>((gone) => child.once('exit', () => gone()))
  const answer = (): Promise<SubjectAnswer> =>
    new Promise((resolve, reject) => {
      const failed = (code: number | null): void => reject(new Error(`${kind} ended with ${code}`))
      child.once('exit', failed)
      child.once('message', (message) => {
        child.removeListener('exit', failed)
        resolve(message as SubjectAnswer)
      })
    })
  const ready = await answer()
  if (ready.kind !== 'ready') throw new TypeError('another answer than that it is ready')
  return {
    ...ready.address,
    fill: async (streams, each): Promise<readonly StreamTarget[]> => {
      child.send({ streams, each } satisfies FillJob)
      const filled = await answer()
      if (filled.kind !== 'filled') throw new TypeError('another answer than was asked for')
      return filled.targets
    },
    close: async () => {
      child.disconnect()
      await ended
    },
  }
}
