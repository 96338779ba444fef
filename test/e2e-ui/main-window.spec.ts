import type { Locator, Page } from '@playwright/test'
import type { MessageView } from '#shared/views.ts'
import { expect, type Interface, test } from './interface.ts'

// `Enter` and the arrow keys are pressed where the focus is: much of this is about where it goes.

const composer = (page: Page): Locator => page.getByRole('textbox', { name: /^Message to/ })
const message = (page: Page, text: string): Locator =>
  page.locator('article[data-author]', { hasText: text }).last()
const row = (page: Page, title: string): Locator =>
  page.getByRole('navigation').getByRole('button', { name: new RegExp(title) })

async function arrive(
  app: Interface,
  conversationId: number,
  change: Partial<MessageView>,
): Promise<void> {
  await app.page.evaluate(([id, given]) => void window.main.addMessage(id, given), [
    conversationId,
    change,
  ] as const)
}

test.describe('writing', () => {
  test('Enter sends, and the message shows how far it has come', async ({ open }) => {
    const app = await open('some')
    await composer(app.page).fill('On my way')
    await app.page.keyboard.press('Enter')
    await expect(message(app.page, 'On my way')).toHaveAccessibleName(/^You, On my way, .*Waiting/)
    await expect(composer(app.page)).toHaveValue('')
    await app.page.evaluate(() => {
      const [sent] = window.main.state.messages.get(1)?.slice(-1) ?? []
      if (sent !== undefined) window.main.changeMessage(sent.seq, { state: 'delivered' })
    })
    await expect(message(app.page, 'On my way')).toHaveAccessibleName(/Delivered$/)
  })

  test('with the setting, Enter makes a new line and Ctrl+Enter sends', async ({ open }) => {
    const { page } = await open('some')
    await page.evaluate(() => {
      window.main.emit('settings.changed', { ...window.main.state.settings, sendKey: 'ctrl-enter' })
    })
    await composer(page).pressSequentially('one')
    await page.keyboard.press('Enter')
    await composer(page).pressSequentially('two')
    await expect(composer(page)).toHaveValue('one\ntwo')
    await page.keyboard.press('Control+Enter')
    await expect(message(page, 'two')).toBeVisible()
  })

  test('what could not be sent comes back, with the reason', async ({ open }) => {
    const app = await open('some')
    await app.failCalls('messages.send', 'STORE_FULL')
    await composer(app.page).fill('precious words')
    await app.page.keyboard.press('Enter')
    await expect(composer(app.page)).toHaveValue('precious words')
    await expect(app.page.getByText('The disk is full.').first()).toBeVisible()
  })

  test('a draft is kept for each conversation', async ({ open }) => {
    const app = await open('some')
    await composer(app.page).fill('half a thought')
    await row(app.page, 'Teodor').click()
    await expect(composer(app.page)).toHaveValue('I wanted to ask whether')
    await expect(row(app.page, 'Jonas')).toContainText('Draft: half a thought')
    expect(await app.calls('conversations.update')).toContainEqual({
      conversationId: 1,
      change: { draft: 'half a thought' },
    })
    await row(app.page, 'Jonas').click()
    await expect(composer(app.page)).toHaveValue('half a thought')
  })

  test('a text too long to be kept says so', async ({ open }) => {
    const app = await open('some')
    const status = app.page.getByRole('status').filter({ hasText: 'Split the message.' })
    await composer(app.page).fill('a'.repeat(64_000))
    await expect(status).not.toContainText('not kept')
    await composer(app.page).fill('a'.repeat(64_001))
    await expect(status).toContainText('A text this long is not kept when Sotto quits.')
    await row(app.page, 'Teodor').click()
    await row(app.page, 'Jonas').click()
    await expect(composer(app.page)).toHaveValue('a'.repeat(64_001))
  })

  test('a reply shows the original and leads to it', async ({ open }) => {
    const app = await open('some')
    await message(app.page, 'Shall we say seven').hover()
    await app.page.getByRole('button', { name: 'Reply', exact: true }).click()
    await expect(app.page.getByText('Replying to Jonas Weber')).toBeVisible()
    await composer(app.page).fill('Seven it is')
    await app.page.keyboard.press('Enter')
    const sent = message(app.page, 'Seven it is')
    await expect(sent).toHaveAccessibleName(/in reply to Perfect/)
    await sent.getByRole('button', { name: /Perfect. Shall we/ }).click()
    await expect(app.page.locator('article[data-flash]')).toContainText('Shall we say seven')
    await expect(app.page.getByText('Replying to')).toBeHidden()
  })

  test('what was deleted is no longer answered', async ({ open }) => {
    const app = await open('some')
    await message(app.page, 'Shall we say seven').click({ button: 'right' })
    await app.page.getByRole('menuitem', { name: 'Reply' }).click()
    await expect(app.page.getByText('Replying to Jonas Weber')).toBeVisible()
    await message(app.page, 'Seven is good').click({ button: 'right' })
    await app.page.getByRole('menuitem', { name: 'Delete for me' }).click()
    await app.page.getByRole('button', { name: 'Delete for me' }).click()
    await expect(message(app.page, 'Seven is good')).toHaveCount(0)
    await expect(app.page.getByText('Replying to Jonas Weber')).toBeVisible()
    await message(app.page, 'Shall we say seven').click({ button: 'right' })
    await app.page.getByRole('menuitem', { name: 'Delete for me' }).click()
    await app.page.getByRole('button', { name: 'Delete for me' }).click()
    await expect(app.page.getByText('Replying to')).toBeHidden()
    await composer(app.page).fill('Eight then')
    await app.page.keyboard.press('Enter')
    await expect(message(app.page, 'Eight then')).toBeVisible()
  })

  test('an account begins with no replies and drafts of another', async ({ open }) => {
    const app = await open('some')
    const { page } = app
    await message(page, 'Shall we say seven').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Reply' }).click()
    await composer(page).fill('half a thought')
    const ready = await page.evaluate(() => window.main.state.app)
    await app.failCalls('conversations.update', 'PROFILE_MISSING')
    await app.enter({ phase: 'first-run', keychain: 'available', inviteLink: null })
    await expect(composer(page)).toHaveCount(0)
    await app.failCalls('conversations.update', null)
    await app.enter(ready)
    await expect(composer(page)).toHaveValue('')
    await expect(page.getByText('Replying to')).toBeHidden()
  })

  test('shortcodes become emoji, by choosing and by the closing colon', async ({ open }) => {
    const { page } = await open('some')
    await composer(page).pressSequentially('yes :tad')
    await expect(page.getByRole('option', { name: /:tada:/ })).toBeVisible()
    await page.keyboard.press('Enter')
    await composer(page).pressSequentially(' :heart:')
    await expect(composer(page)).toHaveValue('yes 🎉 ❤️')
    await expect(page.getByRole('listbox')).toBeHidden()
  })

  test('the emoji picker searches and inserts', async ({ open }) => {
    const { page } = await open('some')
    await composer(page).fill('so ')
    await page.getByRole('button', { name: 'Emoji' }).click()
    await page.getByRole('searchbox', { name: 'Search emoji' }).fill('party popper')
    await page.getByRole('gridcell', { name: 'Party popper' }).click()
    await expect(composer(page)).toHaveValue('so 🎉')
    await expect(composer(page)).toBeFocused()
  })

  test('a text that is too long says so and cannot be sent', async ({ open }) => {
    const { page } = await open('some')
    await composer(page).fill('a'.repeat(48_010))
    await expect(page.getByText('About 10 characters too long.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()
  })

  test('a failed message says why and is tried again', async ({ open }) => {
    const app = await open('some')
    await row(app.page, 'Noor').click()
    await expect(app.page.getByText("Not sent. The receiver's mailbox is full.")).toBeVisible()
    await app.page.getByRole('button', { name: 'Try again' }).click()
    await expect(message(app.page, 'And sent to the office')).toHaveAccessibleName(/Waiting/)
  })
})

test.describe('reading', () => {
  test('a conversation opens at the first unread message and is then read', async ({ open }) => {
    const app = await open('some')
    await row(app.page, 'Amélie').click()
    await expect(app.page.getByRole('separator', { name: 'New messages' })).toBeInViewport()
    await expect(message(app.page, 'Next time you come along')).toBeInViewport()
    await expect(row(app.page, 'Amélie')).not.toContainText('unread')
    const [last] = (await app.calls('conversations.markRead')).slice(-1)
    expect(last).toMatchObject({ conversationId: 2 })
  })

  test('what arrives is shown and said, and keeps the end in view', async ({ open }) => {
    const app = await open('some')
    await arrive(app, 1, { text: 'I am at the door' })
    await expect(message(app.page, 'I am at the door')).toBeInViewport()
    await expect(app.page.locator('[aria-live=polite][aria-atomic=true]')).toHaveText(
      'Jonas Weber: I am at the door',
    )
  })

  test('far from the end, what arrives is counted, and the button leads there', async ({
    open,
  }) => {
    const app = await open('huge')
    const region = app.page.getByRole('region', { name: /^Messages with/ })
    await region.hover()
    await app.page.mouse.wheel(0, -4_000)
    const jump = app.page.getByRole('button', { name: /^Jump to the latest/ })
    await expect(jump).toBeVisible()
    await arrive(app, 1, { text: 'Are you there?' })
    await expect(jump).toHaveAccessibleName('Jump to the latest message, 1 new')
    await jump.click()
    await expect(message(app.page, 'Are you there?')).toBeInViewport()
    await expect(jump).toBeHidden()
  })

  test('older messages load above and nothing moves', async ({ open }) => {
    const { page } = await open('huge')
    await page.waitForTimeout(300)
    const jumps = await page.evaluate(async () => {
      const frame = () => new Promise((done) => requestAnimationFrame(done))
      const region = document.querySelector('[role=region]')
      const moved: number[] = []
      for (let step = 0; step < 80; step += 1) {
        const watched = [...document.querySelectorAll('article')].find(
          (article) => article.getBoundingClientRect().top > 200,
        )
        const before = watched?.getBoundingClientRect().top ?? 0
        region?.scrollBy(0, -150)
        await frame()
        await frame()
        if (watched?.isConnected === true) moved.push(watched.getBoundingClientRect().top - before)
      }
      return moved.filter((distance) => Math.abs(distance - 150) > 2)
    })
    expect(jumps).toEqual([])
    // Far more than the first page, and never more rows on the page than a few screens.
    const calls = await page.evaluate(
      () => window.main.calls.filter(({ name }) => name === 'messages.page').length,
    )
    expect(calls).toBeGreaterThan(2)
    expect(await page.locator('article').count()).toBeLessThan(80)
  })

  test('a message is copied, or what is selected of it', async ({ open }) => {
    const app = await open('some')
    const copy = async () => {
      await message(app.page, 'Shall we say seven').click({ button: 'right' })
      await app.page.getByRole('menuitem', { name: 'Copy text' }).click()
    }
    await copy()
    await message(app.page, 'Shall we say seven')
      .getByText('Perfect')
      .evaluate((element) =>
        getSelection()?.setBaseAndExtent(
          element.firstChild ?? element,
          0,
          element.firstChild ?? element,
          7,
        ),
      )
    await copy()
    await expect
      .poll(() => app.calls('clipboard.writeText'))
      .toEqual([{ text: 'Perfect. Shall we say seven?' }, { text: 'Perfect' }])
  })

  test('a right click on selected text is left to the shell, beside it the menu opens', async ({
    open,
  }) => {
    const { page } = await open('some')
    await page.evaluate(() => {
      window.addEventListener('contextmenu', ({ defaultPrevented }) => {
        document.body.dataset['prevented'] = String(defaultPrevented)
      })
    })
    const text = message(page, 'Shall we say seven').getByText('Perfect')
    const position = await text.evaluate((element) => {
      const range = document.createRange()
      range.setStart(element.firstChild ?? element, 0)
      range.setEnd(element.firstChild ?? element, 7)
      getSelection()?.removeAllRanges()
      getSelection()?.addRange(range)
      const word = range.getBoundingClientRect()
      const { left, top } = element.getBoundingClientRect()
      return { x: word.left - left + word.width / 2, y: word.top - top + word.height / 2 }
    })
    await text.click({ button: 'right', position })
    await expect(page.locator('body')).toHaveAttribute('data-prevented', 'false')
    await expect(page.getByRole('menu')).toBeHidden()
    await message(page, 'Do you need anything').click({ button: 'right' })
    await expect(page.getByRole('menu')).toBeVisible()
  })

  test('a link is copied', async ({ open }) => {
    const app = await open('some')
    const link = app.page.getByRole('link', { name: 'https://example.org/recipes' })
    await link.click({ button: 'right' })
    await app.page.getByRole('menuitem', { name: 'Copy link' }).click()
    await expect
      .poll(() => app.calls('clipboard.writeText'))
      .toEqual([{ text: 'https://example.org/recipes/basil-and-lemon' }])
    await message(app.page, 'Do you need anything').click({ button: 'right' })
    await expect(app.page.getByRole('menuitem', { name: 'Copy text' })).toBeVisible()
    await expect(app.page.getByRole('menuitem', { name: 'Copy link' })).toBeHidden()
  })

  test('links go outside, invites stay inside', async ({ open }) => {
    const app = await open('some')
    await app.page.getByRole('link', { name: 'https://example.org/recipes' }).click()
    await expect
      .poll(() => app.calls('links.openOutside'))
      .toEqual([{ url: 'https://example.org/recipes/basil-and-lemon' }])
    await arrive(app, 1, { text: 'sotto://add?a=lena' })
    await app.page.getByRole('link', { name: 'sotto://add?a=lena' }).click()
    await expect(app.page.getByRole('dialog', { name: 'Add a contact' })).toBeVisible()
  })

  test('a link that is too long to be opened says so', async ({ open }) => {
    const app = await open('some')
    const url = `https://example.org/${'a'.repeat(4_000)}`
    await arrive(app, 1, { text: url })
    // The thread shows the beginning of a long message first.
    await app.page.getByRole('button', { name: 'Show all' }).click()
    await app.page.getByRole('link', { name: url }).press('Enter')
    await expect(app.page.getByText('This link is too long').first()).toBeVisible()
    expect(await app.calls('links.openOutside')).toEqual([])
  })

  test('a link opens by the left and the middle button, not by the right one', async ({ open }) => {
    const app = await open('some')
    const link = app.page.getByRole('link', { name: 'https://example.org/recipes' })
    // Where the menu opens on release, as on Windows, the link itself is told of the right button.
    await link.dispatchEvent('auxclick', { button: 2 })
    expect(await app.calls('links.openOutside')).toEqual([])
    await link.click({ button: 'middle' })
    await expect.poll(() => app.calls('links.openOutside')).toHaveLength(1)
  })

  test('a message is read out with a signature that does not fit, and why it was not sent', async ({
    open,
  }) => {
    const app = await open('some')
    await arrive(app, 1, { text: 'Forged', signature: 'invalid' })
    await expect(message(app.page, 'Forged')).toHaveAccessibleName(
      /The signature does not fit this message$/,
    )
    await arrive(app, 1, { author: 'me', text: 'Lost', state: 'failed', errorCode: 'STORE_FULL' })
    await expect(message(app.page, 'Lost')).toHaveAccessibleName(/Not sent\. The disk is full\./)
  })

  test('a message that cannot be opened says why, in its place', async ({ open }) => {
    const { page } = await open('some')
    const unreadable = page.locator('article', { hasText: 'could not be opened' })
    await expect(unreadable).toContainText('Sotto has asked Jonas Weber to send it again')
  })

  test('a long message is shown in full on demand', async ({ open }) => {
    const { page } = await open('some')
    await row(page, 'Wilhelmina').click()
    await expect(page.getByText('90. ')).toBeHidden()
    await page.getByRole('button', { name: 'Show all' }).click()
    await expect(page.getByRole('button', { name: 'Show less' })).toBeAttached()
    await expect(page.locator('ol[start="90"]')).toBeAttached()
  })
})

test.describe('trust', () => {
  test('changed keys stop writing until the user decides', async ({ open }) => {
    const app = await open('some')
    await row(app.page, 'Priya').click()
    const alert = app.page.getByRole('alert').filter({ hasText: 'The keys of Priya Raman changed' })
    await expect(alert).toBeVisible()
    await expect(composer(app.page)).toHaveCount(0)
    await alert.getByRole('button', { name: 'Accept the new keys' }).click()
    await app.page.getByRole('button', { name: 'Accept', exact: true }).click()
    await expect(composer(app.page)).toBeVisible()
  })

  test('a request is answered only after it was accepted', async ({ open }) => {
    const { page } = await open('some')
    await page.getByRole('button', { name: /^Requests/ }).click()
    await page
      .getByRole('button', { name: /Grete Hansen/ })
      .first()
      .click()
    await expect(composer(page)).toHaveCount(0)
    await page.getByRole('main').getByRole('button', { name: 'Accept' }).click()
    await expect(composer(page)).toBeVisible()
  })

  test('inspecting shows the envelope, and a flipped bit is refused', async ({ open }) => {
    const { page } = await open('some')
    await expect(async () => {
      // The thread may still move under the mouse.
      await message(page, 'Do you need anything').hover()
      await page.getByRole('button', { name: 'Inspect' }).click({ timeout: 2_000 })
    }).toPass()
    const dialog = page.getByRole('dialog', { name: 'Inspect message' })
    await expect(dialog).toContainText('419 bytes')
    await expect(dialog).toContainText('What the relay could not learn')
    await dialog.getByRole('button', { name: 'Tamper' }).click()
    await expect(dialog.getByRole('status')).toContainText('The changed copy was refused.')
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
  })

  test('what could not be copied is said', async ({ open }) => {
    const app = await open('some')
    const { page } = app
    await message(page, 'Do you need anything').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Inspect' }).click()
    await app.failCalls('clipboard.writeText', 'INTERNAL')
    await page.getByRole('button', { name: 'Copy bytes' }).click()
    await expect(page.getByText('Something went wrong inside Sotto.').first()).toBeVisible()
  })

  test('signed messages are switched on in the details', async ({ open }) => {
    const app = await open('some')
    await app.page.getByRole('button', { name: 'Details' }).click()
    await app.page.getByRole('switch', { name: 'Signed messages' }).click()
    expect(await app.calls('conversations.update')).toContainEqual({
      conversationId: 1,
      change: { signedMessages: true },
    })
    await expect(app.page.getByRole('img', { name: /^Signed/ })).toBeVisible()
  })

  test('a contact is renamed, and only for us', async ({ open }) => {
    const { page } = await open('some')
    await page.getByRole('button', { name: 'Details' }).click()
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByRole('textbox', { name: 'Your name for them' }).fill('Jonas from the choir')
    await page.keyboard.press('Enter')
    await expect(row(page, 'Jonas from the choir')).toBeVisible()
    await expect(page.getByRole('complementary')).toContainText('Their own name: Jonas Weber')
  })
})

test.describe('the list', () => {
  test('search finds people and messages, and opens where the message is', async ({ open }) => {
    const { page } = await open('some')
    await page.getByRole('searchbox', { name: 'Search' }).fill('umbrella')
    await expect(page.getByRole('status').filter({ hasText: '1 result' })).toBeVisible()
    await page.getByRole('button', { name: /keeping your umbrella/ }).click()
    await expect(page.locator('article[data-flash]')).toContainText('umbrella')
    await page.keyboard.press('Control+f')
    await page.keyboard.press('Escape')
    await expect(page.getByRole('searchbox')).toHaveValue('')
    await page.getByRole('searchbox').fill('amelie')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('region', { name: 'Messages with Amélie' })).toBeVisible()
  })

  test('Enter opens nothing that an earlier text found, nor what is still composed', async ({
    open,
  }) => {
    const { page } = await open('some')
    const field = page.getByRole('searchbox', { name: 'Search' })
    await field.fill('umbrella')
    const hit = page.getByRole('button', { name: /keeping your umbrella/ })
    await expect(hit).toBeVisible()
    await field.evaluate((element) => {
      element.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true }),
      )
    })
    await expect(field).toBeFocused()
    await field.fill('umbrella on Sunday')
    await page.keyboard.press('Enter')
    await expect(page.getByText('Nothing found')).toBeVisible()
    await expect(field).toBeFocused()
    await field.fill('umbrella')
    await expect(hit).toBeVisible()
    await page.keyboard.press('Enter')
    await expect(page.locator('article[data-flash]')).toContainText('umbrella')
  })

  test('arrow keys move, Enter opens, the menu key shows what can be done', async ({ open }) => {
    const app = await open('some')
    const { page } = app
    await row(page, 'Jonas').focus()
    await page.keyboard.press('ArrowDown')
    await expect(row(page, 'Amélie')).toBeFocused()
    await page.keyboard.press('End')
    await expect(row(page, 'Olek')).toBeFocused()
    await page.keyboard.press('Home')
    await expect(row(page, 'Jonas')).toBeFocused()
    await page.keyboard.press('Shift+F10')
    await page.getByRole('menuitem', { name: 'Unpin' }).click()
    expect(await app.calls('conversations.update')).toContainEqual({
      conversationId: 1,
      change: { pinned: false },
    })
    await expect(page.getByRole('menu')).toBeHidden()
    await row(page, 'Teodor').focus()
    await page.keyboard.press('Enter')
    await expect(composer(page)).toHaveAccessibleName('Message to Teodor')
    await expect(composer(page)).toBeFocused()
  })

  test('archiving can be undone', async ({ open }) => {
    const { page } = await open('some')
    await row(page, 'Teodor').click({ button: 'right' })
    await page.getByRole('menuitem', { name: /^Archive/ }).click()
    await expect(row(page, 'Teodor')).toBeHidden()
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(row(page, 'Teodor')).toBeVisible()
  })

  test('removing a contact asks first, and closes the conversation', async ({ open }) => {
    const { page } = await open('some')
    await row(page, 'Jonas').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Remove contact…' }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect(row(page, 'Jonas')).toBeVisible()
    await row(page, 'Jonas').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Remove contact…' }).click()
    await page.getByRole('button', { name: 'Remove contact' }).click()
    await expect(row(page, 'Jonas')).toBeHidden()
    await expect(page.getByText('Pick a conversation')).toBeVisible()
  })
})

test.describe('the window', () => {
  test('messages are reached and handled by keys alone', async ({ open }) => {
    const { page } = await open('some')
    await composer(page).focus()
    await page.keyboard.press('ArrowUp')
    await expect(message(page, 'Do you need anything')).toBeFocused()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('menu')).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('menu')).toBeHidden()
    await page.keyboard.press('Escape')
    await expect(composer(page)).toBeFocused()
  })

  test('a narrow window shows one pane at a time', async ({ open }) => {
    const { page } = await open('some', { size: { width: 420, height: 800 } })
    await expect(composer(page)).toBeVisible()
    await expect(row(page, 'Jonas')).toBeHidden()
    await page.getByRole('button', { name: 'Back to conversations' }).click()
    await expect(row(page, 'Jonas')).toBeVisible()
    await row(page, 'Amélie').click()
    await page.getByRole('button', { name: 'Details' }).click()
    await expect(page.getByRole('heading', { name: 'Details' })).toBeVisible()
    await expect(composer(page)).toBeHidden()
    await page.getByRole('button', { name: 'Close details' }).click()
    await expect(composer(page)).toBeVisible()
    await page.getByRole('button', { name: 'Search in this conversation' }).click()
    await page.getByRole('searchbox').fill('concert')
    await page.getByRole('button', { name: /How was the concert/ }).click()
    await expect(page.locator('article[data-flash]')).toBeInViewport()
  })

  test('Escape closes the details, and focus returns to where it was', async ({ open }) => {
    const { page } = await open('some')
    await composer(page).focus()
    await page.keyboard.press('Control+Shift+d')
    await expect(composer(page)).toBeFocused()
    await page.getByRole('switch', { name: 'Signed messages' }).focus()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('complementary')).toBeHidden()
    await expect(composer(page)).toBeFocused()
  })

  test('Escape leaves renaming first, then the details', async ({ open }) => {
    const { page } = await open('some')
    const toggle = page.getByRole('button', { name: 'Details', exact: true })
    await toggle.click()
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('button', { name: 'Rename' })).toBeFocused()
    // The button's tooltip is on top.
    await expect(page.getByText('Rename', { exact: true })).toBeVisible()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await expect(page.getByRole('complementary')).toBeHidden()
    await expect(toggle).toBeFocused()
  })

  test('in a narrow window the details take focus, and Escape gives it back', async ({ open }) => {
    const { page } = await open('some', { size: { width: 420, height: 800 } })
    await composer(page).focus()
    await page.keyboard.press('Control+Shift+d')
    await expect(page.getByRole('complementary', { name: 'Details' })).toBeFocused()
    await page.keyboard.press('Escape')
    await expect(composer(page)).toBeFocused()
  })

  test('in a narrow window nothing is read behind another pane', async ({ open }) => {
    const app = await open('some', { size: { width: 420, height: 800 } })
    const { page } = app
    const read = () => app.calls('conversations.markRead')
    await expect(composer(page)).toBeFocused()
    const before = (await read()).length
    await page.getByRole('button', { name: 'Details', exact: true }).click()
    await arrive(app, 1, { text: 'Behind the details' })
    await page.waitForTimeout(500)
    expect(await read()).toHaveLength(before)
    await page.keyboard.press('Escape')
    await expect.poll(read).toHaveLength(before + 1)
    await page.keyboard.press('Control+f')
    await arrive(app, 1, { text: 'Behind the list' })
    await page.waitForTimeout(500)
    expect(await read()).toHaveLength(before + 1)
    await page.keyboard.press('Escape')
    await expect.poll(read).toHaveLength(before + 2)
    await expect(composer(page)).toBeFocused()
  })

  test('Escape leaves the search from its results too', async ({ open }) => {
    const { page } = await open('some')
    await page.keyboard.press('Control+f')
    await page.getByRole('searchbox').fill('umbrella')
    await page.getByRole('button', { name: /keeping your umbrella/ }).focus()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('searchbox')).toHaveValue('')
    await expect(composer(page)).toBeFocused()
  })

  test('nothing is cut off at twice the size', async ({ open }) => {
    const { page } = await open('some', { size: { width: 640, height: 400 } })
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(sideways).toBe(0)
    await expect(composer(page)).toBeInViewport()
  })

  test('the connection line says what is wrong and tries again', async ({ open }) => {
    const app = await open('offline')
    const line = app.page.getByRole('status').filter({ hasText: 'Offline since' })
    await expect(line).toContainText('The relay cannot be reached.')
    await expect(line).toContainText('2 messages are waiting')
    await line.getByRole('button', { name: 'Try now' }).click()
    expect(await app.calls('network.reconnect')).toHaveLength(1)
    await app.page.evaluate(() => {
      window.main.emit('connection.changed', {
        ...window.main.state.connection,
        state: 'online',
        code: null,
      })
    })
    await expect(line).toBeHidden()
  })

  test('a relay that lied stays in sight until the user trusts it again', async ({ open }) => {
    const app = await open('distrusted')
    const banner = app.page.locator('[data-relay-banner="relay.example.org"]')
    await expect(banner).toContainText('Your relay relay.example.org can’t be trusted right now')
    await expect(banner).toContainText('different lists of keys to different people')
    await expect(banner).toContainText('wait on this computer')
    await banner.getByRole('button', { name: 'Copy evidence' }).click()
    expect(await app.calls('clipboard.writeText')).toEqual([
      { text: '{ "relay": "relay.example.org" }' },
    ])
    await expect(app.page.getByPlaceholder('Write a message')).toBeInViewport()

    await banner.getByRole('button', { name: 'Trust again' }).click()
    await app.page
      .getByRole('dialog', { name: 'Trust relay.example.org again?' })
      .getByRole('button', { name: 'Cancel' })
      .click()
    await expect(banner).toBeVisible()
    expect(await app.calls('relays.trustAgain')).toEqual([])
    await banner.getByRole('button', { name: 'Trust again' }).click()
    const sure = app.page.getByRole('dialog', { name: 'Trust relay.example.org again?' })
    await sure.getByRole('button', { name: 'Trust again' }).click()
    await expect(banner).toBeHidden()
    expect(await app.calls('relays.trustAgain')).toEqual([{ host: 'relay.example.org' }])
    await expect(app.page.locator('[data-relay-banner]')).toHaveCount(1)
  })

  test('the language changes at once', async ({ open }) => {
    const { page } = await open('some')
    await page.evaluate(() => {
      window.main.emit('settings.changed', { ...window.main.state.settings, language: 'de' })
    })
    await expect(page.getByPlaceholder('Nachricht schreiben')).toBeVisible()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
  })

  test('an empty list tells how to begin', async ({ open }) => {
    const app = await open('none')
    await app.page.getByRole('button', { name: 'Copy my invite link' }).click()
    await expect(app.page.getByText('Invite link copied.')).toBeVisible()
    expect(await app.calls('clipboard.writeText')).toHaveLength(1)
  })
})
