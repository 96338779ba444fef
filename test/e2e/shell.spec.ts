// The parts of the app around its page: links, further starts, notifications, the menu, the window, what the page
// may not do.
import { spawnSync } from 'node:child_process'
import type { Page } from '@playwright/test'
import type { Bridge, CallInput, CallName, CallOutput } from '#ipc/contract.ts'
import { findElectron } from '../../tools/electron-path.ts'
import { BUILT_APP, type Instance } from './harness/launch.ts'
import { expect, test } from './harness/test.ts'

interface Noted {
  readonly title: string
  emit(name: 'click'): void
}

declare global {
  interface Window {
    readonly sotto: Bridge
  }
  /** In the main process: the notifications that were shown. */
  var noted: Noted[]
  /** In the main process: the context menu that was shown last. */
  var popped: Electron.Menu | undefined
  /** In the main process: the links that were opened outside. */
  var opened: string[]
}

/** Calls as the page does, for what a test needs but is not about. */
async function call<Name extends CallName>(
  page: Page,
  name: Name,
  input: CallInput<Name>,
): Promise<CallOutput<Name>> {
  const outcome = await page.evaluate(
    ([called, given]) => window.sotto.call(called, given as never),
    [name, input] as const,
  )
  if (!outcome.ok) throw new Error(`${name}: ${outcome.error.code}`)
  return outcome.value
}

async function createAccount({ page }: Instance, relayUrl: string, name: string): Promise<void> {
  await expect(page.getByRole('button', { name: 'Create an account' })).toBeVisible()
  await call(page, 'onboarding.createAccount', {
    relay: new URL(relayUrl).host,
    name,
    displayName: name,
    inviteCode: null,
    passphrase: null,
  })
  await expect(page.getByRole('button', { name: 'Add a contact' })).toBeVisible()
}

/** Lets the test see notifications instead of the desktop. */
function noteNotifications({ electron }: Instance): Promise<void> {
  return electron.evaluate(({ Notification }) => {
    globalThis.noted = []
    Notification.prototype.show = function (this: Noted) {
      globalThis.noted.push(this)
    }
  })
}

const INVITE_DIALOG = { name: 'Add a contact' }

test('a link opens in the app that runs already, and in the one that it starts', async ({
  start,
  relay,
  folder,
}) => {
  test.slow()
  const ben = await start({ name: 'ben' })
  await createAccount(ben, relay.url, 'ben')
  const { link } = await call(ben.page, 'account.createInvite', undefined)

  const ada = await start({ name: 'ada' })
  await createAccount(ada, relay.url, 'ada')
  const second = spawnSync(
    findElectron().executablePath,
    [BUILT_APP, `--user-data-dir=${folder}/ada`, link],
    { timeout: 20_000 },
  )
  expect(second.status).toBe(0)
  const field = ada.page.getByRole('dialog', INVITE_DIALOG).getByRole('textbox')
  await expect(field).toHaveValue(link)

  await ada.close()
  const again = await start({ name: 'ada', args: [link] })
  await expect(again.page.getByRole('dialog', INVITE_DIALOG).getByRole('textbox')).toHaveValue(link)
})

test('a link that starts the first run is used there, once', async ({ start, relay }) => {
  test.slow()
  const ben = await start({ name: 'ben' })
  await createAccount(ben, relay.url, 'ben')
  const { link } = await call(ben.page, 'account.createInvite', undefined)

  const { page } = await start({ name: 'ada', args: [link] })
  await expect(page.getByText('ben@', { exact: false }).first()).toBeVisible()
  await call(page, 'onboarding.createAccount', {
    relay: new URL(relay.url).host,
    name: 'ada',
    displayName: 'Ada',
    inviteCode: null,
    passphrase: null,
  })
  await expect(page.getByRole('button', { name: 'Add a contact' })).toBeVisible()
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('a message is announced, unless it is read at once; behind a locked screen nobody reads', async ({
  start,
  relay,
}) => {
  test.slow()
  const ada = await start({ name: 'ada' })
  await createAccount(ada, relay.url, 'ada')
  const ben = await start({ name: 'ben' })
  await createAccount(ben, relay.url, 'ben')
  const { link } = await call(ada.page, 'account.createInvite', undefined)
  const { conversationId } = await call(ben.page, 'contacts.add', { linkOrAddress: link })
  await noteNotifications(ada)
  const write = (text: string) =>
    call(ben.page, 'messages.send', { conversationId, text, replyToSeq: null })
  const noted = () => ada.electron.evaluate(() => globalThis.noted.map(({ title }) => title))

  await write('Hello Ada')
  await expect.poll(noted).toEqual(['ben'])
  await ada.electron.evaluate(() => globalThis.noted[0]?.emit('click'))
  await expect(ada.page.getByRole('main').getByText('Hello Ada')).toBeVisible()

  await write('Are you there?')
  await expect(ada.page.getByRole('main').getByText('Are you there?')).toBeVisible()
  expect(await noted()).toEqual(['ben'])

  const unread = async () => {
    const conversations = await call(ada.page, 'conversations.list', undefined)
    return conversations.map(({ unreadCount }) => unreadCount)
  }
  await expect.poll(unread).toEqual([0])
  await ada.electron.evaluate(({ powerMonitor }) => powerMonitor.emit('lock-screen'))
  await write('Locked out?')
  await expect.poll(noted).toEqual(['ben', 'ben'])
  expect(await unread()).toEqual([1])
  // A page that loads meanwhile is told.
  await ada.page.reload()
  await expect(ada.page.getByRole('main').getByText('Locked out?')).toBeVisible()
  await write('Still away?')
  await expect(ada.page.getByRole('main').getByText('Still away?')).toBeVisible()
  expect(await unread()).toEqual([2])
  await ada.electron.evaluate(({ powerMonitor }) => powerMonitor.emit('unlock-screen'))
  await expect.poll(unread).toEqual([0])
})

test('the menu acts on the page, and the theme on the platform', async ({ start, relay }) => {
  const { electron, page } = await start()
  const ada = { electron, page } as Instance
  await createAccount(ada, relay.url, 'ada')
  await electron.evaluate(({ Menu }) => {
    const find = (items: Electron.MenuItem[]): Electron.MenuItem | undefined =>
      items
        .map((item) => (item.label === 'Settings…' ? item : find(item.submenu?.items ?? [])))
        .find((item) => item !== undefined)
    find(Menu.getApplicationMenu()?.items ?? [])?.click()
  })
  await expect(page.getByRole('dialog', { name: 'Settings' })).toBeVisible()
  await call(page, 'settings.update', { theme: 'dark' })
  const source = () => electron.evaluate(({ nativeTheme }) => nativeTheme.themeSource)
  await expect.poll(source).toBe('dark')
})

test('the menu speaks the language of the system', async ({ start }) => {
  const { electron } = await start({ args: ['--lang=de'] })
  const labels = () =>
    electron.evaluate(({ Menu }) => Menu.getApplicationMenu()?.items.map(({ label }) => label))
  await expect.poll(labels).toContain('Bearbeiten')
})

test('text fields have a context menu that edits, where there is no text there is none', async ({
  start,
}) => {
  const { electron, page } = await start()
  await electron.evaluate(({ Menu }) => {
    Menu.prototype.popup = function (this: Electron.Menu) {
      globalThis.popped = this
    }
  })
  const enabled = () =>
    electron.evaluate(() =>
      globalThis.popped?.items.filter((item) => item.enabled).map(({ label }) => label),
    )
  await page.getByRole('heading').first().click({ button: 'right' })
  await page.getByRole('button', { name: 'Create an account' }).click()
  const field = page.getByRole('textbox').first()
  await field.fill('relay.example.org')
  await field.selectText()
  expect(await enabled()).toBeUndefined()
  await field.click({ button: 'right' })
  await expect.poll(enabled).toEqual(expect.arrayContaining(['Cut', 'Copy', 'Paste', 'Select all']))
  await electron.evaluate(() => {
    globalThis.popped?.items.find(({ label }) => label === 'Select all')?.click()
    globalThis.popped?.items.find(({ label }) => label === 'Cut')?.click()
  })
  await expect(field).toHaveValue('')
})

test('the window comes back as it was left', async ({ start }) => {
  const first = await start()
  await expect(first.page.getByRole('button', { name: 'Create an account' })).toBeVisible()
  const bounds = { x: 60, y: 40, width: 900, height: 640 }
  await first.electron.evaluate(({ BrowserWindow }, wanted) => {
    const [window] = BrowserWindow.getAllWindows()
    window?.setBounds(wanted)
    window?.webContents.setZoomFactor(1.25)
  }, bounds)
  await first.close()

  const second = await start()
  await expect(second.page.getByRole('button', { name: 'Create an account' })).toBeVisible()
  const state = await second.electron.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    return { bounds: window?.getBounds(), zoom: window?.webContents.getZoomFactor() }
  })
  expect(state).toEqual({ bounds, zoom: 1.25 })
})

test('the page reaches no network, opens no window and no file, and has no Node', async ({
  start,
  relay,
}) => {
  const { electron, page } = await start()
  await expect(page.getByRole('button', { name: 'Create an account' })).toBeVisible()
  await electron.evaluate(({ shell }) => {
    globalThis.opened = []
    shell.openExternal = async (url) => {
      globalThis.opened.push(url)
    }
  })
  const attempts = await page.evaluate(async (url) => {
    const outcome = (work: Promise<unknown>) =>
      work.then(
        () => 'worked',
        () => 'failed',
      )
    return {
      fetch: await outcome(fetch(url)),
      camera: await outcome(navigator.mediaDevices.getUserMedia({ video: true })),
      popup: open('file:///etc/passwd'),
      node: typeof (globalThis as { require?: unknown }).require,
      bridge: Object.keys(window.sotto).toSorted(),
    }
  }, relay.url)
  expect(attempts).toEqual({
    fetch: 'failed',
    camera: 'failed',
    popup: null,
    node: 'undefined',
    bridge: ['call', 'on'],
  })

  const open = (url: string) =>
    page.evaluate((wanted) => window.sotto.call('links.openOutside', { url: wanted }), url)
  expect(await open('https://example.org/')).toMatchObject({ ok: true })
  for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'smb://host/share']) {
    expect(await open(url)).toEqual({ ok: false, error: { code: 'FORBIDDEN' } })
  }
  expect(await electron.evaluate(() => globalThis.opened)).toEqual(['https://example.org/'])
})

test('the page may use the camera, to scan codes, and nothing else of its kind', async ({
  start,
}) => {
  const { page } = await start()
  await expect(page.getByRole('button', { name: 'Create an account' })).toBeVisible()
  const states = await page.evaluate(async () => {
    const names = ['camera', 'microphone', 'geolocation', 'notifications'] as PermissionName[]
    return Promise.all(
      names.map(async (name) => (await navigator.permissions.query({ name })).state),
    )
  })
  expect(states).toEqual(['granted', 'denied', 'denied', 'denied'])
})

test('the smoke test passes', ({ keyring }) => {
  const { stdout, status } = spawnSync(findElectron().executablePath, [BUILT_APP, '--smoke-test'], {
    timeout: 50_000,
    encoding: 'utf8',
    env: { ...process.env, ...keyring.env },
  })
  const outcome: unknown = JSON.parse(
    stdout.split('\n').find((line) => line.startsWith('{')) ?? '{}',
  )
  expect(outcome).toMatchObject({
    passed: true,
    checks: { cryptography: 'ok', store: 'ok', keychain: 'ok', page: 'ok' },
  })
  expect(status).toBe(0)
})
