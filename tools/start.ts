// `npm start -- [arguments of Sotto]`: builds what is outdated and runs the app.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildIfOutdated } from './build.ts'
import { obtainElectron } from './electron-path.ts'
import { reportFailure } from './report-failure.ts'

try {
  await buildIfOutdated(() => console.log('Building Sotto…'))
  const electron = await obtainElectron(() => console.log('Fetching Electron…'))
  if (!electron.isReal) {
    console.log(
      "Electron's binary is not here: Sotto runs on the stand-in (tools/electron-standin).",
    )
    if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
      console.log(
        'There is no display, so its window cannot be seen: `npm run demo` makes pictures.',
      )
    }
  }
  const child = spawn(
    electron.executablePath,
    [join(import.meta.dirname, '..'), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  )
  // Ctrl+C reaches the app as well: it closes its profile, then this ends with it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  child.once('close', (code) => process.exit(code ?? 1))
} catch (error) {
  reportFailure(error)
}
