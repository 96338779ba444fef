import { expect, test } from './interface.ts'

test('without a camera, a picture of the code does', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await page.keyboard.press('Control+n')
  await page.getByRole('radio', { name: 'Show my link' }).click()
  const code = page.getByRole('img', { name: 'QR code of your invite link' })
  const picture = await code.screenshot()
  const link = await page.getByRole('textbox', { name: 'Your invite link' }).inputValue()
  await page.getByRole('radio', { name: 'I have their link or address' }).click()
  await page.getByRole('button', { name: 'Scan a QR code' }).click()
  await expect(page.getByText('There is no camera here.')).toBeVisible()
  await ui.expectAccessible()

  const file = page.getByLabel('Read it from a picture')
  await file
    .first()
    .setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') })
  await expect(page.getByText('There is no QR code to be read in this picture.')).toBeVisible()
  await file.first().setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: picture })
  await expect(page.getByLabel('Invite link or address')).toHaveValue(link)
})
