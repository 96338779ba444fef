import { startChromium } from '../chromium.ts'
import { setTargets } from '../host.ts'
import { Targets } from '../targets.ts'
import { app } from './app.ts'
import { BrowserWindow } from './browser-window.ts'
import { closeSchemeRegistration } from './protocol.ts'

const EXIT_BROWSER_GONE = 1

/** Starts Chromium once the app's main script has run, and tells the app that it is ready. */
export async function startApp(onVersion: (chrome: string) => void): Promise<void> {
  const chromium = await startChromium()
  onVersion(chromium.version)
  const targets = await Targets.watch(chromium)
  setTargets(targets)
  chromium.cdp.on('close', () => {
    for (const { webContents } of BrowserWindow.getAllWindows()) {
      webContents.emit('render-process-gone', {}, { reason: 'killed', exitCode: 9 })
    }
    console.error('stand-in: Chromium has gone')
    app.exit(EXIT_BROWSER_GONE)
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => app.quit())
  }
  closeSchemeRegistration()
  // What Playwright waits for; a line of its own, whatever was printed before.
  process.stderr.write(`\nDevTools listening on ${chromium.endpoint}\n`)
  app.becomeReady()
}
