// What Sotto relies on in Electron, shown with a small app. On the stand-in these tests check the stand-in; on
// real Electron they check that the stand-in promises nothing that Electron does not do.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test as base, type ElectronApplication, type Page } from '@playwright/test'
import { findElectron } from '../../tools/electron-path.ts'
import { launchElectron, launchInstance, type Instance } from './harness/launch.ts'

const FIXTURE = join(import.meta.dirname, '../../tools/electron-standin/fixture')

interface Fixture {
  invoke(channel: string, ...args: unknown[]): Promise<unknown>
  send(channel: string, ...args: unknown[]): void
  onTick(listener: (...args: unknown[]) => void): () => void
  callTwice(callback: (value: number) => number): number
  later(value: unknown): Promise<unknown>
  fails(): Promise<never>
  readonly hasNoNode: boolean
  readonly nested: { list: number[] }
}
interface Seen {
  readonly navigations: string[]
  readonly opened: string[]
  readonly second: string[][]
  readonly sent: unknown[]
  readonly events: string[]
  readonly permissions: string[]
}
declare const fixture: Fixture

const seen = (electron: ElectronApplication): Promise<Seen> =>
  electron.evaluate(() => (Reflect.get(globalThis, 'fixture') as { seen: Seen }).seen)

async function ready(page: Page): Promise<void> {
  await expect(page.getByRole('status')).toHaveText('ready')
}

const test = base.extend<{ userData: string; entry: string; instance: Instance }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture needs.
  userData: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'sotto-e2e-'))
    await use(folder)
    rmSync(folder, { recursive: true, force: true })
  },
  entry: [FIXTURE, { option: true }],
  instance: async ({ userData, entry }, use) => {
    const instance = await launchInstance({ app: entry, userData })
    await ready(instance.page)
    await use(instance)
    await instance.close()
  },
})

for (const [kind, entry] of [
  ['an ES module', FIXTURE],
  ['CommonJS', join(FIXTURE, 'main.cjs')],
] as const) {
  test.describe(`an app whose main script is ${kind}`, () => {
    test.use({ entry })

    test('exchanges values with its page', async ({ instance: { page } }) => {
      const values = [1, 'ä€😀', null, undefined, { list: [true, { at: new Date(5) }] }, NaN, 7n]
      const echoed = await page.evaluate((sent) => fixture.invoke('echo', ...sent), values)
      expect(echoed).toEqual(values)
    })
  })
}

test('binary values, maps and sets cross unchanged', async ({ instance: { page } }) => {
  const result = await page.evaluate(async () => {
    const bytes = new Uint8Array([0, 255, 128])
    const [back, map] = (await fixture.invoke('echo', bytes, new Map([['a', new Set([1])]]))) as [
      Uint8Array,
      Map<string, Set<number>>,
    ]
    return [back instanceof Uint8Array, [...back], map.get('a')?.has(1)]
  })
  expect(result).toEqual([true, [0, 255, 128], true])
})

test('a handler knows its sender', async ({ instance: { page } }) => {
  expect(await page.evaluate(() => fixture.invoke('sender'))).toEqual({
    url: 'fixture://app/page.html',
    isMain: true,
  })
})

test('failures arrive as errors', async ({ instance: { page } }) => {
  const message = (channel: string, arg: string): Promise<string> =>
    page.evaluate(
      ([name, value]) => fixture.invoke(name, value).then(String, (e: Error) => e.message),
      [channel, arg] as const,
    )
  expect(await message('fail', '')).toContain('refused')
  expect(await message('nothing', '')).toContain("No handler registered for 'nothing'")
  expect(await message('uncloneable', '')).toContain('could not be cloned')
  const local = await page.evaluate(() =>
    fixture.invoke('echo', () => 1).then(String, (e: Error) => e.message),
  )
  expect(local).toContain('could not be cloned')
})

test('messages and replies arrive in order, until the listener is removed', async ({
  instance: { electron, page },
}) => {
  const ticks = await page.evaluate(async () => {
    const heard: unknown[] = []
    const all = Promise.withResolvers<void>()
    const stop = fixture.onTick((_kind, note) => {
      heard.push(note)
      if (heard.length === 20) all.resolve()
    })
    for (let i = 0; i < 20; i++) fixture.send('note', i)
    await all.promise
    stop()
    fixture.send('note', 'last')
    await fixture.invoke('echo')
    return heard
  })
  const counted = Array.from({ length: 20 }, (_, i) => i)
  expect(ticks).toEqual(counted)
  expect((await seen(electron)).sent).toEqual([...counted, 'last'])
})

test('the bridge carries functions and promises, and is frozen', async ({ instance: { page } }) => {
  const result = await page.evaluate(async () => {
    const { list } = fixture.nested
    return {
      called: fixture.callTwice((value) => value + 1),
      later: await fixture.later(new Date(3)),
      error: await fixture.fails().catch((e: Error) => e.message),
      frozen: Object.isFrozen(fixture) && Object.isFrozen(list),
    }
  })
  expect(result).toEqual({
    called: 3,
    later: { value: new Date(3) },
    error: 'too far',
    frozen: true,
  })
})

test('the page has no Node and no way around the bridge', async ({ instance: { page } }) => {
  const globals = await page.evaluate(() => [
    typeof Reflect.get(window, 'require'),
    typeof Reflect.get(window, 'process'),
    typeof Reflect.get(window, 'ipcRenderer'),
    Object.keys(window).filter((key) => key.toLowerCase().includes('standin')),
    fixture.hasNoNode,
  ])
  expect(globals).toEqual(['undefined', 'undefined', 'undefined', [], true])
})

test('the content security policy and trusted types hold', async ({ instance: { page } }) => {
  const result = await page.evaluate(async () => {
    const blocked: string[] = []
    document.addEventListener('securitypolicyviolation', (event) => {
      blocked.push(event.effectiveDirective)
    })
    const script = document.createElement('script')
    try {
      script.text = 'window.ran = true' // trusted types
    } catch (error) {
      blocked.push((error as Error).name)
    }
    const image = new Image()
    image.src = 'https://outside.test/image.png'
    document.body.append(image)
    await fetch('https://outside.test/').catch((error: Error) => blocked.push(error.name))
    // Within a timer: what Playwright itself evaluates is exempt from the policy.
    await new Promise<void>((settle) => {
      setTimeout(() => {
        try {
          Reflect.set(window, 'ran', Reflect.get(window, 'eval').call(null, 'true'))
        } catch (error) {
          blocked.push((error as Error).name)
        }
        setTimeout(settle, 100)
      })
    })
    return { ran: Reflect.get(window, 'ran') as unknown, blocked }
  })
  expect(result.ran).toBeUndefined()
  expect(result.blocked).toEqual(
    expect.arrayContaining(['TypeError', 'img-src', 'connect-src', 'EvalError']),
  )
})

test('a page cannot leave, nor open windows', async ({ instance: { electron, page } }) => {
  await page.getByRole('link', { name: 'Outside' }).click()
  await expect
    .poll(async () => (await seen(electron)).navigations)
    .toContain('https://outside.test/path')
  await page.getByRole('link', { name: 'Pop-up' }).click()
  await expect
    .poll(async () => (await seen(electron)).opened)
    .toEqual(['https://outside.test/popup'])
  await page.evaluate(() => void window.open('https://outside.test/script'))
  await expect.poll(async () => (await seen(electron)).opened).toHaveLength(2)
  await ready(page)
  expect(await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(
    1,
  )
})

test('a file that the scheme does not have is not found', async ({ instance: { page } }) => {
  const statuses = await page.evaluate(() =>
    Promise.all(
      ['page.js', 'missing.js', '../preload.cjs', '%2e%2e/main.js'].map(async (path) => {
        const { status } = await fetch(path)
        return status
      }),
    ),
  )
  expect(statuses).toEqual([200, 404, 404, 404])
})

test('permissions follow the handlers', async ({ instance: { page } }) => {
  const state = (name: string): Promise<string> =>
    page.evaluate(
      async (permission) =>
        (await navigator.permissions.query({ name: permission as PermissionName })).state,
      name,
    )
  expect(await state('geolocation')).toBe('granted')
  expect(await state('notifications')).toBe('denied')
  expect(await state('camera')).toBe('denied')
})

test('the locale is known only when the app is ready', async ({ instance: { electron } }) => {
  const locales = await electron.evaluate(({ app }) => [
    (Reflect.get(globalThis, 'fixture') as { localeBeforeReady: string }).localeBeforeReady,
    app.getLocale(),
  ])
  expect(locales).toEqual(['', 'en-US'])
})

test('menu items are clicked by code and by their keys', async ({
  instance: { electron, page },
}) => {
  await electron.evaluate(({ Menu }) => {
    Menu.getApplicationMenu()?.getMenuItemById('say')?.click()
  })
  expect((await seen(electron)).events).toEqual(['said'])
  // Playwright's keys do not reach Electron's native menu; they do on the stand-in.
  if (!findElectron().isReal) {
    await page.keyboard.press('Control+Shift+Y')
    await expect.poll(async () => (await seen(electron)).events).toEqual(['said', 'said'])
  }
})

test('the theme that the app chooses reaches the page', async ({
  instance: { electron, page },
}) => {
  const isDark = (): Promise<boolean> =>
    page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)
  for (const theme of ['dark', 'light'] as const) {
    await electron.evaluate(({ nativeTheme }, source) => {
      nativeTheme.themeSource = source
    }, theme)
    await expect.poll(isDark).toBe(theme === 'dark')
  }
})

test('a window is resized within its limits, and zoomed', async ({
  instance: { electron, page },
}) => {
  const inner = (): Promise<number> => page.evaluate(() => innerWidth)
  const resize = (width: number): Promise<void> =>
    electron.evaluate(({ BrowserWindow }, wanted) => {
      BrowserWindow.getAllWindows()[0]?.setContentSize(wanted, 500)
    }, width)
  await resize(900)
  await expect.poll(inner).toBe(900)
  await resize(100)
  await expect.poll(inner).toBe(320)
  await resize(800)
  await electron.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]?.webContents.setZoomFactor(2)
  })
  await expect.poll(inner).toBe(400)
})

test('dialogs and the shell can be stubbed', async ({ instance: { electron, page } }) => {
  await electron.evaluate(({ shell }) => {
    shell.openExternal = async (url) => {
      Reflect.set(shell, 'asked', url)
    }
  })
  await page.evaluate(() => fixture.invoke('open', 'https://example.org/'))
  expect(await electron.evaluate(({ shell }) => Reflect.get(shell, 'asked') as string)).toBe(
    'https://example.org/',
  )
})

test('a utility process answers', async ({ instance: { page } }) => {
  expect(await page.evaluate(() => fixture.invoke('double', 21))).toEqual({
    doubled: 42,
    type: 'utility',
  })
})

test('the clipboard takes text from the app and from the page', async ({
  instance: { electron, page },
}) => {
  await electron.evaluate(({ clipboard }) => clipboard.writeText('from the app'))
  expect(await electron.evaluate(({ clipboard }) => clipboard.readText())).toBe('from the app')
  await page.getByRole('heading').click({ clickCount: 3 })
  await page.keyboard.press('ControlOrMeta+C')
  await expect
    .poll(() => electron.evaluate(({ clipboard }) => clipboard.readText()))
    .toContain('Fixture')
})

test('a crashed page is reported and can be loaded again', async ({ instance: { electron } }) => {
  await electron.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer()
  })
  await expect.poll(async () => (await seen(electron)).events).toHaveLength(1)
  const title = await electron.evaluate(async ({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    const loaded = new Promise<void>((settle) =>
      window?.webContents.once('did-finish-load', () => settle()),
    )
    window?.webContents.reload()
    await loaded
    return window?.webContents.executeJavaScript('document.title') as Promise<string>
  })
  expect(title).toBe('Fixture')
})

test('a second start hands its link to the first and ends', async ({
  instance: { electron },
  userData,
}) => {
  const link = 'fixture-link://open/something'
  const second = spawnSync(
    findElectron().executablePath,
    [FIXTURE, `--user-data-dir=${userData}`, '--no-sandbox', link],
    { timeout: 20_000 },
  )
  expect(second.status).toBe(0)
  await expect.poll(async () => (await seen(electron)).second).toHaveLength(1)
  expect((await seen(electron)).second[0]).toContain(link)
})

test('a start after a power cut is not taken for a second one', async ({ userData }) => {
  const first = await launchInstance({ app: FIXTURE, userData })
  await ready(first.page)
  await first.kill()
  const again = await launchInstance({ app: FIXTURE, userData })
  await ready(again.page)
  await again.close()
})

test('two profiles run side by side', async ({ instance, userData }) => {
  const other = await launchInstance({ app: FIXTURE, userData: join(userData, 'other') })
  await ready(other.page)
  await instance.page.evaluate(() => fixture.send('note', 'one'))
  await expect.poll(async () => (await seen(instance.electron)).sent).toEqual(['one'])
  expect((await seen(other.electron)).sent).toEqual([])
  await other.close()
})

test('closing the last window ends the app', async ({ userData }) => {
  const electron = await launchElectron({ app: FIXTURE, userData })
  const page = await electron.firstWindow()
  await ready(page)
  const gone = new Promise<number | null>((settle) => electron.process().once('exit', settle))
  await electron.evaluate(({ BrowserWindow }) => {
    setTimeout(() => BrowserWindow.getAllWindows()[0]?.close())
  })
  expect(await gone).toBe(0)
})

test('screenshots show the window, and axe reads it', async ({ instance: { page } }) => {
  const image = await page.screenshot()
  expect(image.readUInt32BE(16)).toBe(640)
  expect(image.readUInt32BE(20)).toBe(480)
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  expect(violations).toEqual([])
})

// Electron allows what these ask for.
if (!findElectron().isReal) {
  test('an unsafe window is refused', async ({ instance: { electron } }) => {
    const refused = await electron.evaluate(({ BrowserWindow }) =>
      [{ nodeIntegration: true }, { contextIsolation: false }, { sandbox: false }].map(
        (webPreferences) => {
          try {
            new BrowserWindow({ webPreferences }).destroy()
            return ''
          } catch (error) {
            return (error as Error).message
          }
        },
      ),
    )
    for (const message of refused) expect(message).toContain('is refused')
  })

  test('what the stand-in lacks throws', async ({ instance: { electron } }) => {
    const message = await electron.evaluate(({ app }) => {
      try {
        return String(Reflect.get(app, 'getAppMetrics'))
      } catch (error) {
        return (error as Error).message
      }
    })
    expect(message).toBe('electron.app.getAppMetrics is not supported by the stand-in')
  })
}
