// `npm run demo`: a relay and two people who talk through it, each in a window. See `--help`.
import { parseArgs } from 'node:util'
import { buildIfOutdated } from './build.ts'
import { onceEnding } from './demo/ending.ts'
import { PEOPLE } from './demo/people.ts'
import { hasDisplay, Stage } from './demo/stage.ts'
import { placeSideBySide, takePictures, untilClosed } from './demo/windows.ts'
import { reportFailure } from './report-failure.ts'

const HELP = `Usage: npm run demo -- [options]

  --fresh     forget earlier demos: new accounts, new keys
  --headless  open no windows, take pictures of them instead
  --once      end when the pictures are taken (with --headless)
  --help      this text`

function readOptions(): { fresh: boolean; headless: boolean; once: boolean } {
  const flag = { type: 'boolean', default: false } as const
  const options = { fresh: flag, headless: flag, once: flag, help: flag }
  const { values } = parseArgs({ options })
  if (values.help) {
    console.log(HELP)
    process.exit(0)
  }
  return values
}

let stage: Stage | undefined
const end = onceEnding(async () => {
  await stage?.close()
  console.log(`\nEverything has ended. The data is in ${Stage.folder.path}; --fresh starts over.`)
  process.exit(0)
})

try {
  const options = readOptions()
  if (options.fresh) await Stage.folder.remove()
  await buildIfOutdated(() => console.log('Building Sotto…'))
  stage = await Stage.setUp()
  const isVisible = hasDisplay() && !options.headless
  const windows = await stage.open(isVisible)
  end.takeSignals()
  console.log(`
The relay is at ${stage.relay.url}. ${PEOPLE.join(' and ')} are connected, each with a profile of their own.
${stage.keys.explanation}`)
  if (!stage.electron.isReal) {
    console.log(
      "Electron's binary is not here: the windows are Chromium's (tools/electron-standin).",
    )
  }
  if (isVisible) {
    await placeSideBySide(windows)
  } else {
    const paths = await takePictures(windows, Stage.folder.screenshots)
    console.log(`There is no window to see here. Pictures of them:\n  ${paths.join('\n  ')}`)
    if (options.once) await end.now()
  }
  console.log('Ctrl+C ends everything.')
  await untilClosed(windows)
  await end.now()
} catch (error) {
  // What is being closed fails what waits for it; then the ending has the last word.
  if (end.hasBegun()) await end.now()
  await stage?.close().catch(() => undefined)
  reportFailure(error)
}
