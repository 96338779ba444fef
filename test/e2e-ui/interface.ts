import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, expect, type Page, test as base } from '@playwright/test'
import type { CallName } from '#ipc/contract.ts'
import type { ErrorCode } from '#shared/errors.ts'
import type { AppStateView, ContactView, SettingsView } from '#shared/views.ts'
import type { FakeMain } from '../helpers/renderer/fake-main.ts'
import { type RendererPage, serveRenderer } from '../helpers/renderer/serve.ts'
import type { ScenarioName } from '../helpers/renderer/scenarios.ts'

import { filmQrCode } from './camera.ts'

declare global {
  interface Window {
    readonly main: FakeMain
  }
}

const CHROMIUM = process.env['SOTTO_CHROMIUM'] ?? '/usr/bin/chromium'
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

interface OpenOptions {
  readonly theme?: SettingsView['theme']
  readonly size?: { readonly width: number; readonly height: number }
}

/** The interface in a page of its own, and the strings of its scripted main process. */
export class Interface {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Moves the application to another phase. */
  async enter(app: AppStateView): Promise<void> {
    await this.page.evaluate((state) => {
      window.main.state.app = state
      window.main.emit('app.stateChanged', state)
    }, app)
  }

  /** The next calls of a name fail with a code; `null`: they work again. */
  async failCalls(name: CallName, code: ErrorCode | null): Promise<void> {
    await this.page.evaluate(
      ([call, failure]) => {
        if (failure === null) window.main.failures.delete(call)
        else window.main.failures.set(call, failure)
      },
      [name, code] as const,
    )
  }

  async changeContact(id: number, change: Partial<ContactView>): Promise<void> {
    await this.page.evaluate(
      ([contactId, changed]) => void window.main.changeContact(contactId, changed),
      [id, change] as const,
    )
  }

  /** The inputs of all calls of a name so far. */
  calls(name: CallName): Promise<unknown[]> {
    return this.page.evaluate(
      (wanted) => window.main.calls.flatMap((call) => (call.name === wanted ? [call.input] : [])),
      name,
    )
  }

  /** No violation of axe's rules on what is shown now, or on one part of it. */
  async expectAccessible(part = 'body'): Promise<void> {
    // Colours that are still on their way to another theme have the contrast of neither.
    await this.page.evaluate(async () => {
      const running = document.getAnimations().filter(({ playState }) => playState === 'running')
      await Promise.allSettled(running.map(({ finished }) => finished))
    })
    const { violations } = await new AxeBuilder({ page: this.page }).include(part).analyze()
    const found = violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target).flat()])
    expect(found).toEqual([])
  }
}

interface Fixtures {
  readonly open: (scenario: ScenarioName, options?: OpenOptions) => Promise<Interface>
}

interface WorkerFixtures {
  /** What somebody holds in front of the camera as a QR code; `null`: there is no camera. */
  readonly shownToCamera: string | null
  readonly served: RendererPage
  readonly chrome: Browser
}

/** A camera that plays a film of the code, and a person who lets the page use it. */
function cameraArguments(folder: string, text: string): string[] {
  const film = join(folder, 'code.y4m')
  filmQrCode(film, text)
  return [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${film}`,
  ]
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  served: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures wanted from the pattern
    async ({}, use) => {
      const served = await serveRenderer()
      await use(served)
      await served.close()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  shownToCamera: [null, { option: true, scope: 'worker' }],
  chrome: [
    async ({ shownToCamera }, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'sotto-camera-'))
      const camera = shownToCamera === null ? [] : cameraArguments(folder, shownToCamera)
      const args = [...QUIET, ...camera]
      const browser = await chromium.launch({ executablePath: CHROMIUM, args })
      await use(browser)
      await browser.close()
      rmSync(folder, { recursive: true })
    },
    { scope: 'worker' },
  ],
  open: async ({ served, chrome }, use) => {
    const context = await chrome.newContext()
    const problems: string[] = []
    await use(async (scenario, { theme = 'light', size = { width: 1280, height: 800 } } = {}) => {
      const page = await context.newPage()
      page.on('pageerror', (error) => problems.push(error.message))
      page.on('console', (message) => {
        const icon = message.location().url.endsWith('/favicon.ico')
        if (message.type() === 'error' && !icon) problems.push(message.text())
      })
      await page.setViewportSize(size)
      await page.emulateMedia({ reducedMotion: 'reduce' })
      await page.goto(served.address(scenario))
      await page.locator('#root > *').first().waitFor()
      await page.evaluate((chosen) => {
        const { main } = window
        main.state.settings = { ...main.state.settings, theme: chosen }
        main.emit('settings.changed', main.state.settings)
      }, theme)
      return new Interface(page)
    })
    await context.close()
    expect(problems).toEqual([])
  },
})

export { expect }
