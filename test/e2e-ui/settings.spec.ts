import { expect, test } from './interface.ts'

test('theme, text size, density and language act at once', async ({ open }) => {
  const { page } = await open('some')
  await page.keyboard.press('Control+,')
  await page.getByRole('tab', { name: 'Appearance' }).click()
  await page.getByRole('radio', { name: 'High contrast' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'high-contrast')
  await page.getByRole('radio', { name: 'Compact' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-density', 'compact')
  await page.getByRole('button', { name: 'Larger text' }).click()
  await expect(page.locator('html')).toHaveCSS('font-size', '17.6px')
  await page.getByRole('combobox', { name: /Language/ }).click()
  await page.getByRole('option', { name: 'Deutsch' }).click()
  await expect(page.getByRole('dialog', { name: 'Einstellungen' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'de')
})

test('a setting that cannot be kept goes back and says why', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await ui.failCalls('settings.update', 'STORE_FULL')
  await page.keyboard.press('Control+,')
  await page.getByRole('tab', { name: 'Privacy' }).click()
  await page.getByRole('switch', { name: 'Read receipts' }).click()
  await expect(page.getByText('The disk is full.')).not.toHaveCount(0)
  await expect(page.getByRole('switch', { name: 'Read receipts' })).toBeChecked()
})

test('the own name is kept when the field is left', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await page.keyboard.press('Control+,')
  await page.getByLabel('Your name').fill('Mira L.')
  await page.keyboard.press('Tab')
  expect(await ui.calls('account.updateProfile')).toEqual([{ displayName: 'Mira L.' }])
})

test('a proxy is tried before it is used', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await page.keyboard.press('Control+,')
  await page.getByRole('tab', { name: 'Network' }).click()
  await page.getByRole('radio', { name: 'My own' }).click()
  expect(await ui.calls('settings.update')).toEqual([])
  await page.getByLabel('Proxy address').fill('127.0.0.1:9050')
  await page.getByRole('button', { name: 'Test' }).click()
  await expect(page.getByText('A proxy address starts with')).toBeVisible()
  await page.getByLabel('Proxy address').fill('socks5://127.0.0.1:9050')
  await page.getByRole('button', { name: 'Test' }).click()
  await expect(page.getByText('The relay answers through it in 42 ms.')).toBeVisible()
  await ui.failCalls('network.testProxy', 'PROXY_UNREACHABLE')
  await page.getByRole('button', { name: 'Test' }).click()
  await expect(page.getByRole('alert')).toContainText('The proxy cannot be reached.')
  await page.getByRole('button', { name: 'Use this proxy' }).click()
  await expect(page.getByRole('button', { name: 'In use' })).toBeDisabled()
  expect(await ui.calls('settings.update')).toEqual([
    { proxy: { kind: 'custom', url: 'socks5://127.0.0.1:9050' } },
  ])
})

test('an account is deleted only after its address was typed', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Delete account…' }).click()
  const remove = page.getByRole('button', { name: 'Delete my account' })
  await expect(remove).toBeDisabled()
  await page.getByRole('textbox', { name: 'Address' }).fill('mira@relay.example.or')
  await expect(remove).toBeDisabled()
  await page.getByRole('textbox', { name: 'Address' }).fill('mira@relay.example.org')
  await remove.click()
  expect(await ui.calls('account.delete')).toEqual([{ address: 'mira@relay.example.org' }])
})

test('key health, connection and versions are shown', async ({ open }) => {
  const { page } = await open('offline')
  await page.keyboard.press('Control+,')
  await page.getByRole('tab', { name: 'Key health' }).click()
  await expect(page.getByText('Your keys are in good order')).toBeVisible()
  await expect(page.getByText('The keychain of this computer (Secret Service)')).toBeVisible()
  await page.getByRole('tab', { name: 'Network' }).click()
  await expect(page.getByRole('tabpanel')).toContainText('The relay cannot be reached.')
  await page.getByRole('tab', { name: 'About' }).click()
  await expect(page.getByText('Version 0.1.0')).toBeVisible()
  await page.getByText('2 packages').click()
  await expect(page.getByRole('rowheader', { name: 'virtua' })).toBeVisible()
})

test('a page of the settings that cannot be read can be tried again', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await ui.failCalls('keys.getHealth', 'PROFILE_MISSING')
  await page.keyboard.press('Control+,')
  await page.getByRole('tab', { name: 'Key health' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await ui.failCalls('keys.getHealth', null)
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByText('Your keys are in good order')).toBeVisible()
})
