import { fork } from 'node:child_process'
import type { Job, LoadResult } from './relay-load.ts'

export interface RunningLoad {
  readonly result: LoadResult
  /** Ends the process, and with it what it still holds. */
  end(): Promise<void>
}

/** Runs a load in a process of its own, so that it takes no time of the server's. Resolves with its numbers. */
export function startLoad(job: Job): Promise<RunningLoad> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./relay-load.ts', import.meta.url), { execArgv: [] })
    const ended = new Promise<void>((gone) => child.once('exit', () => gone()))
    child.once('message', (measured) => {
      const end = (): Promise<void> => {
        child.kill()
        return ended
      }
      resolve({ result: measured as LoadResult, end })
    })
    child.once('exit', (code) => reject(new Error(`the load ended with ${code}`)))
    child.send(job)
  })
}

/** As {@link startLoad}, where nothing is held beyond the numbers. */
export async function load(job: Job): Promise<LoadResult> {
  const running = await startLoad(job)
  await running.end()
  return running.result
}
