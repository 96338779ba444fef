import { expect, test } from './interface.ts'

test('the palette goes to a person by a few letters', async ({ open }) => {
  const { page } = await open('many')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Go to' }).fill('gre gru 2')
  await expect(page.getByRole('option').first()).toContainText('Greta Gruber 2')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main')).toContainText('Greta Gruber 2')
})

test('the palette is used by keyboard alone', async ({ open }) => {
  const { page } = await open('some')
  await page.keyboard.press('Control+k')
  const field = page.getByRole('combobox', { name: 'Go to' })
  await expect(field).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await expect(page.getByRole('option', { selected: true })).toHaveCount(1)
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('option').first()).toHaveAttribute('aria-selected', 'true')
  await field.fill('qqqqq')
  await expect(page.getByText('Nothing fits “qqqqq”.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('the shortcut sheet and the menu lead to the same places', async ({ open }) => {
  const { page } = await open('some')
  await page.keyboard.press('Control+/')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.evaluate(() => window.main.emit('menu.chosen', { command: 'about' }))
  await expect(page.getByRole('tab', { name: 'About', selected: true })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.evaluate(() => window.main.emit('menu.chosen', { command: 'new-conversation' }))
  await expect(page.getByRole('dialog', { name: 'Add a contact' })).toBeVisible()
})

test('keys move between conversations, but not under a dialog', async ({ open }) => {
  const { page } = await open('some')
  const thread = page.getByRole('main')
  await page.keyboard.press('Control+2')
  await expect(thread).toContainText('Amélie Rousseau')
  await page.keyboard.press('Alt+ArrowUp')
  await expect(thread).toContainText('Jonas Weber')
  await page.keyboard.press('Alt+ArrowDown')
  await expect(thread).toContainText('Amélie Rousseau')
  await page.keyboard.press('Control+,')
  await page.keyboard.press('Control+1')
  await page.keyboard.press('Escape')
  await expect(thread).toContainText('Amélie Rousseau')
})

test('Escape closes the topmost dialog only', async ({ open }) => {
  const { page } = await open('some')
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Show QR code' }).click()
  await expect(page.getByRole('dialog', { name: 'Add a contact' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog', { name: 'Add a contact' })).toHaveCount(0)
  await expect(page.getByRole('dialog', { name: 'Settings' })).toBeVisible()
})

test('what the menu of the list does with a conversation, the palette does with the open one', async ({
  open,
}) => {
  const app = await open('some')
  const { page } = app
  const run = async (command: string) => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Go to' }).fill(command)
    await page.getByRole('option', { name: command }).click()
    await expect(page.getByRole('dialog')).toHaveCount(0)
  }
  await run('Pin or unpin this conversation')
  await run('Mark this conversation as unread or read')
  await run('Mute this conversation for an hour')
  const hourAhead = Date.now() + 3_600_000
  expect(await app.calls('conversations.update')).toEqual([
    { conversationId: 1, change: { pinned: false } },
    { conversationId: 1, change: { markedUnread: true } },
    { conversationId: 1, change: { mutedUntilMs: expect.closeTo(hourAhead, -5) } },
  ])
})

test('archiving by its keys can be undone, and says where it failed', async ({ open }) => {
  const app = await open('some')
  const { page } = app
  const row = page.getByRole('navigation').getByRole('button', { name: /Jonas/ })
  await app.failCalls('conversations.update', 'STORE_FULL')
  await page.keyboard.press('Control+Shift+a')
  await expect(page.getByText('The disk is full.').first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveCount(0)
  await app.failCalls('conversations.update', null)
  await page.keyboard.press('Control+Shift+a')
  await expect(row).toBeHidden()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(row).toBeVisible()
})
