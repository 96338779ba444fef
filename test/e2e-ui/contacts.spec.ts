import type { Page } from '@playwright/test'
import { fingerprintOf } from '../helpers/renderer/people.ts'
import { expect, test } from './interface.ts'

const LINK = 'sotto://add?v=1&a=lena%40relay.example.org&f=AAAA&t=BBBB'

test('a contact is added by link after a look at whose it is', async ({ open }) => {
  const { page } = await open('some')
  await page.keyboard.press('Control+n')
  await page.getByLabel('Invite link or address').fill(LINK)
  await expect(page.getByText('Verified by the link. You can write at once.')).toBeVisible()
  await page.getByRole('button', { name: 'Add contact' }).click()
  await expect(page.getByText('Lena was added.')).toBeVisible()
  await expect(page.getByRole('dialog', { name: 'Add a contact' })).toHaveCount(0)
  await expect(page.getByRole('main')).toContainText('Lena')
})

test('an address becomes a request', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await page.keyboard.press('Control+n')
  await page.getByLabel('Invite link or address').fill('Otto@relay.example.org')
  await page.getByRole('button', { name: 'Send request' }).click()
  await expect(page.getByText('is on its way.')).toBeVisible()
  expect(await ui.calls('contacts.add')).toEqual([{ linkOrAddress: 'Otto@relay.example.org' }])
})

test('what is neither link nor address, and what the relay refuses, is explained', async ({
  open,
}) => {
  const ui = await open('some')
  const { page } = ui
  await page.keyboard.press('Control+n')
  await page.getByLabel('Invite link or address').fill('otto')
  await page.keyboard.press('Enter')
  await expect(page.getByText('An address looks like')).toBeVisible()
  await ui.failCalls('contacts.add', 'ACCOUNT_UNKNOWN')
  await page.getByLabel('Invite link or address').fill('otto@relay.example.org')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('There is no such account')
  await ui.failCalls('contacts.add', 'CONTACT_IDENTITY_CHANGED')
  await page.getByLabel('Invite link or address').fill(LINK)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('other keys than this link')
})

test('a link that was opened outside is offered in the dialog', async ({ open }) => {
  const { page } = await open('some')
  await page.evaluate((link) => window.main.emit('link.opened', { link }), LINK)
  await expect(page.getByLabel('Invite link or address')).toHaveValue(LINK)
})

test('a link that was opened outside takes the place of the own one', async ({ open }) => {
  const { page } = await open('some')
  await page.keyboard.press('Control+n')
  await page.getByRole('radio', { name: 'Show my link' }).click()
  await expect(page.getByRole('textbox', { name: 'Your invite link' })).toBeVisible()
  await page.evaluate((link) => window.main.emit('link.opened', { link }), LINK)
  await expect(page.getByLabel('Invite link or address')).toHaveValue(LINK)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('the own link is shown as text and code, and copied', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await page.keyboard.press('Control+n')
  await page.getByRole('radio', { name: 'Show my link' }).click()
  await expect(page.getByRole('img', { name: 'QR code of your invite link' })).toBeVisible()
  const link = await page.getByRole('textbox', { name: 'Your invite link' }).inputValue()
  await page.getByRole('button', { name: 'Copy link' }).click()
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
  expect(await ui.calls('clipboard.writeText')).toEqual([{ text: link }])
})

test('a contact is marked verified, and the mark taken back', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await ui.changeContact(1, { verifiedAtMs: null })
  await runInPalette(page, 'Verify this contact')
  await expect(page.getByRole('list', { name: 'Safety number' }).getByRole('listitem')).toHaveCount(
    12,
  )
  await page.getByRole('button', { name: 'They are the same' }).click()
  await expect(page.getByText('Jonas Weber is verified.')).toBeVisible()
  await runInPalette(page, 'Verify this contact')
  await page.getByRole('button', { name: 'Remove verification' }).click()
  expect(await ui.calls('contacts.setVerified')).toEqual([
    { contactId: 1, verified: true },
    { contactId: 1, verified: false },
  ])
})

test('the text of the other code is compared', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await ui.changeContact(1, { verifiedAtMs: null })
  await runInPalette(page, 'Verify this contact')
  await page.getByLabel('Text of their code').fill('sotto-safety:other')
  await page.getByRole('button', { name: 'Compare' }).click()
  await expect(page.getByRole('alert')).toContainText('They are not the same')
  await page.getByRole('button', { name: "Copy the code's text" }).click()
  const [copied] = (await ui.calls('clipboard.writeText')) as { text: string }[]
  await page.getByLabel('Text of their code').fill(copied?.text ?? '')
  await page.getByRole('button', { name: 'Compare' }).click()
  await expect(page.getByText('They are the same. Jonas Weber is verified.')).toBeVisible()
})

test('after a change of keys, comparing accepts and verifies the new ones', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await ui.changeContact(1, { identityChanged: true, verifiedAtMs: null })
  await runInPalette(page, 'Verify this contact')
  await expect(page.getByText("Jonas Weber's keys have changed")).not.toHaveCount(0)
  await page.getByRole('button', { name: 'They are the same: accept and verify' }).click()
  await expect(page.getByText('Jonas Weber is verified.')).toBeVisible()
  expect(await ui.calls('contacts.acceptIdentity')).toEqual([
    { contactId: 1, fingerprint: fingerprintOf(1) },
  ])
  expect(await ui.calls('contacts.setVerified')).toEqual([{ contactId: 1, verified: true }])
})

test('accepting new keys without comparing asks first and leaves them unverified', async ({
  open,
}) => {
  const ui = await open('some')
  const { page } = ui
  await ui.changeContact(1, { identityChanged: true, verifiedAtMs: null })
  await runInPalette(page, 'Verify this contact')
  await page.getByRole('button', { name: 'Accept without comparing' }).click()
  const question = page.getByRole('dialog', { name: 'Accept the new keys without comparing?' })
  await question.getByRole('button', { name: 'Accept without comparing' }).click()
  await expect(page.getByText("You accepted Jonas Weber's new keys.")).toBeVisible()
  expect(await ui.calls('contacts.setVerified')).toEqual([])
})

test('a request shows who asks and what they wrote; accepting opens it', async ({ open }) => {
  const ui = await open('some')
  const { page } = ui
  await runInPalette(page, 'Show requests')
  const requests = page.getByRole('list', { name: 'Requests' })
  await expect(requests).toContainText('Grete Hansen')
  await requests.getByRole('button', { name: 'Accept' }).click()
  await expect(page.getByText('Grete Hansen is now a contact.')).toBeVisible()
  await expect(page.getByRole('main')).toContainText('Grete Hansen')
})

test('blocking a request asks first; the block is listed and taken back in the settings', async ({
  open,
}) => {
  const { page } = await open('some')
  await runInPalette(page, 'Show requests')
  await page.getByRole('list', { name: 'Requests' }).getByRole('button', { name: 'Block' }).click()
  const question = page.getByRole('dialog', { name: 'Block Grete Hansen?' })
  await question.getByRole('button', { name: 'Block' }).click()
  await expect(page.getByText('Grete Hansen is blocked.')).toBeVisible()
  await runInPalette(page, 'Settings: Privacy')
  await page.getByRole('button', { name: 'Unblock Grete Hansen' }).click()
  await expect(page.getByText('Grete Hansen can write to you again.')).toBeVisible()
})

async function runInPalette(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Go to' }).fill(text)
  await page.keyboard.press('Enter')
}
