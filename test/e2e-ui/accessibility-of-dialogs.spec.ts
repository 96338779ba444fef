import type { Page } from '@playwright/test'
import { expect, test } from './interface.ts'

// Under a dialog the window is inert; it is checked by itself.
const DIALOG = '[role="dialog"]'

const SETTINGS_PAGES = [
  'Account',
  'General',
  'Privacy',
  'Notifications',
  'Appearance',
  'Network',
  'Key health',
  'About',
] as const

test.describe.configure({ timeout: 120_000 })

async function fillAccount(page: Page): Promise<void> {
  await page.getByLabel('Your name').fill('Mira')
  await page.getByLabel('Relay', { exact: true }).fill('localhost:8080')
  await expect(page.getByText('This name is free')).toBeVisible()
}

for (const theme of ['light', 'dark', 'high-contrast'] as const) {
  test(`first run breaks no rule of axe, ${theme}`, async ({ open }) => {
    const ui = await open('first-run-vault', { theme })
    const { page } = ui
    await ui.expectAccessible()
    await page.getByRole('button', { name: 'I have an invite' }).click()
    await page.getByLabel('Invite link').fill('sotto://add?v=1')
    await page.getByText('Invite from').waitFor()
    await ui.expectAccessible()
    await page.getByRole('button', { name: 'Continue', exact: true }).click()
    await fillAccount(page)
    await ui.expectAccessible()
    await page.getByLabel('Account name').fill('!')
    await page.getByLabel('Relay', { exact: true }).fill('nowhere')
    await page.getByText('The relay cannot be reached.').waitFor()
    await ui.expectAccessible()
    await page.getByLabel('Account name').fill('mira')
    await fillAccount(page)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Passphrase', { exact: true }).fill('a few words here')
    await page.getByRole('button', { name: 'Create account' }).click()
    await ui.expectAccessible()
  })

  test(`the screens before the profile is open break no rule of axe, ${theme}`, async ({
    open,
  }) => {
    const ui = await open('keychain-locked', { theme })
    await ui.expectAccessible()
    await ui.enter({ phase: 'vault-locked' })
    await ui.page.getByLabel('Passphrase', { exact: true }).waitFor()
    await ui.expectAccessible()
    await ui.enter({ phase: 'failed', code: 'STORE_KEY_WRONG' })
    await ui.page.getByText('STORE_KEY_WRONG').waitFor()
    await ui.expectAccessible()
  })

  test(`the dialogs break no rule of axe, ${theme}`, async ({ open }) => {
    const ui = await open('some', { theme })
    const { page } = ui
    await page.keyboard.press('Control+n')
    await page.getByLabel('Invite link or address').fill('otto@relay.example.org')
    await ui.expectAccessible(DIALOG)
    await page.getByRole('radio', { name: 'Show my link' }).click()
    await page.getByRole('img', { name: 'QR code of your invite link' }).waitFor()
    await ui.expectAccessible(DIALOG)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+/')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await ui.expectAccessible(DIALOG)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('Verify')
    await page.getByRole('option', { name: 'Verify this contact' }).waitFor()
    await ui.expectAccessible(DIALOG)
    await page.keyboard.press('Enter')
    await page.getByRole('list', { name: 'Safety number' }).waitFor()
    await ui.expectAccessible(DIALOG)
  })

  test(`the settings break no rule of axe, ${theme}`, async ({ open }) => {
    const ui = await open('offline', { theme })
    const { page } = ui
    await page.keyboard.press('Control+,')
    for (const name of SETTINGS_PAGES) {
      await page.getByRole('tab', { name }).click()
      await page.getByRole('heading', { name }).first().waitFor()
      await ui.expectAccessible(DIALOG)
    }
  })
}
