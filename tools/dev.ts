// `npm run dev`: the demo's relay and two people, in windows that are built and opened anew when the source changes.
import { watch } from 'node:fs'
import { join } from 'node:path'
import { build, buildIfOutdated } from './build.ts'
import { onceEnding } from './demo/ending.ts'
import { hasDisplay, Stage } from './demo/stage.ts'
import { placeSideBySide } from './demo/windows.ts'
import { reportFailure } from './report-failure.ts'

const QUIET_MS = 300

let stage: Stage | undefined
const end = onceEnding(async () => {
  await stage?.close()
  process.exit(0)
})

async function open(running: Stage): Promise<void> {
  const isVisible = hasDisplay()
  const windows = await running.open(isVisible)
  end.takeSignals()
  if (isVisible) await placeSideBySide(windows)
}

async function rebuild(running: Stage): Promise<void> {
  console.log('Building…')
  try {
    await build()
    await running.closeWindows()
    await open(running)
    console.log('Ready.')
  } catch (error) {
    // The next change may mend it.
    console.error(error instanceof Error ? error.message : error)
  }
}

try {
  await buildIfOutdated(() => console.log('Building…'))
  stage = await Stage.setUp()
  const running = stage
  await open(running)
  console.log(
    `Relay: ${running.relay.url}. Changes are built and opened by themselves; Ctrl+C ends.`,
  )
  let timer: NodeJS.Timeout | undefined
  let work = Promise.resolve()
  watch(join(import.meta.dirname, '../src'), { recursive: true }, () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      work = work.then(() => rebuild(running))
    }, QUIET_MS)
  })
} catch (error) {
  if (end.hasBegun()) await end.now()
  await stage?.close().catch(() => undefined)
  reportFailure(error)
}
