import { expect, test } from './interface.ts'

const LINK = 'sotto://add?v=1&a=lena%40relay.example.org&f=AAAA&t=BBBB'

test.use({ shownToCamera: LINK })

test('an invite link is scanned, and its contact shown before it is added', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await page.keyboard.press('Control+n')
  await page.getByRole('button', { name: 'Scan a QR code' }).click()
  await expect(page.getByLabel('Invite link or address')).toHaveValue(LINK, { timeout: 15_000 })
  await expect(page.getByText('Verified by the link. You can write at once.')).toBeVisible()
  await expect(page.getByText('What the camera sees')).toHaveCount(0)
  await ui.expectAccessible()
})

test('a code that is not theirs does not verify a contact', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await ui.changeContact(1, { verifiedAtMs: null })
  await page.keyboard.press('Control+k')
  await page.keyboard.type('Verify this contact')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Scan a QR code' }).click()
  await expect(page.getByRole('alert')).toContainText('Jonas Weber', { timeout: 15_000 })
  expect(await ui.calls('contacts.compareQr')).toEqual([{ contactId: 1, qr: LINK }])
})
