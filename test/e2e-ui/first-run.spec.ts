import { expect, test } from './interface.ts'

const LINK = 'sotto://add?v=1&a=lena%40relay.example.org&f=AAAA&t=BBBB'

test('an account is created with a name, a relay and nothing else', async ({ open }) => {
  const { page } = await open('first-run')
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByLabel('Your name').fill('Zoë Müller')
  await page.getByLabel('Relay', { exact: true }).fill('relay.example.org')
  await expect(page.getByText('Relay found, connection encrypted')).toBeVisible()
  await expect(page.getByLabel('Account name')).toHaveValue('zoe.muller')
  await expect(page.getByText('This name is free')).toBeVisible()
  await expect(page.getByText('zoe.muller@relay.example.org')).toBeVisible()
  await expect(page.getByText('stay in its keychain')).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Add a contact' }).first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Copy my invite link' })).toBeVisible()
})

test('a taken name, an unreachable relay and a missing one say so at their fields', async ({
  open,
}) => {
  const { page } = await open('first-run')
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByText('Enter the address of a relay.')).toBeVisible()
  await page.getByLabel('Relay', { exact: true }).fill('nowhere')
  await expect(page.getByText('The relay cannot be reached. Sotto keeps trying.')).toBeVisible()
  await page.getByLabel('Relay', { exact: true }).fill('relay.example.org')
  await page.getByLabel('Account name').fill('taken')
  await expect(page.getByText('This name is taken. Try another one.')).toBeVisible()
})

test('a name that looks like a taken one, or like the operator’s, is told before anything is made', async ({
  open,
}) => {
  const ui = await open('first-run')
  const { page } = ui
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByLabel('Relay', { exact: true }).fill('relay.example.org')
  for (const [code, name, text] of [
    ['NAME_LOOKS_TAKEN', 'm1ra', 'This name looks too much like one that is taken.'],
    ['NAME_RESERVED', 'adm1n', 'This name is kept for the people who run the relay.'],
  ] as const) {
    await ui.failCalls('onboarding.checkName', code)
    await page.getByLabel('Account name').fill(name)
    await expect(page.getByText(text)).toBeVisible()
    await page.getByRole('button', { name: 'Create account' }).click()
  }
  expect(await ui.calls('onboarding.createAccount')).toEqual([])
})

test('an address typed as the name fills in the relay', async ({ open }) => {
  const { page } = await open('first-run')
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByLabel('Account name').fill('Mira@relay.example.org')
  await expect(page.getByLabel('Account name')).toHaveValue('mira')
  await expect(page.getByLabel('Relay', { exact: true })).toHaveValue('relay.example.org')
})

test('what the relay refuses at the end is shown at the right field', async ({ open }) => {
  const ui = await open('first-run')
  const { page } = ui
  await ui.failCalls('onboarding.createAccount', 'NAME_TAKEN')
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByLabel('Relay', { exact: true }).fill('relay.example.org')
  await page.getByLabel('Account name').fill('mira')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByLabel('Account name')).toHaveAttribute('aria-invalid', 'true')
  await ui.failCalls('onboarding.createAccount', 'OVERLOADED')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('alert')).toContainText('The relay is busy')
})

test('an invite fills in the relay and its sender is added afterwards', async ({ open }) => {
  const ui = await open('first-run')
  const { page } = ui
  await page.getByRole('button', { name: 'I have an invite' }).click()
  await page.getByLabel('Invite link').fill('https://example.org')
  await expect(page.getByText('This is not a Sotto invite link')).toBeVisible()
  await page.getByLabel('Invite link').fill(LINK)
  await expect(page.getByText('lena@relay.example.org')).toBeVisible()
  await page.getByRole('button', { name: 'Continue', exact: true }).click()
  await expect(page.getByLabel('Relay', { exact: true })).toHaveValue('relay.example.org')
  await page.getByLabel('Your name').fill('Mira')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('textbox', { name: /message/i })).toBeVisible()
  expect(await ui.calls('contacts.add')).toEqual([{ linkOrAddress: LINK }])
})

test('an invite that cannot be added offers itself again', async ({ open }) => {
  const ui = await open('first-run')
  const { page } = ui
  await ui.failCalls('contacts.add', 'RELAY_UNREACHABLE')
  await page.getByRole('button', { name: 'I have an invite' }).click()
  await page.getByLabel('Invite link').fill(LINK)
  await page.getByRole('button', { name: 'Continue', exact: true }).click()
  await page.getByLabel('Your name').fill('Mira')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('dialog', { name: 'Add a contact' })).toBeVisible()
  await expect(page.getByLabel('Invite link or address')).toHaveValue(LINK)
})

test('without a keychain a passphrase is asked, twice, before anything is made', async ({
  open,
}) => {
  const ui = await open('first-run-vault')
  const { page } = ui
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByLabel('Your name').fill('Mira')
  await page.getByLabel('Relay', { exact: true }).fill('relay.example.org')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByText('This computer has no keychain')).toBeVisible()
  await page.getByLabel('Passphrase', { exact: true }).fill('short')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByText('Too short: at least 8 characters').first()).toBeVisible()
  await page.getByLabel('Passphrase', { exact: true }).fill('quiet river copper window')
  await page.getByLabel('Repeat the passphrase').fill('quiet river copper')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByText('The two passphrases are not the same.')).toBeVisible()
  expect(await ui.calls('onboarding.createAccount')).toEqual([])
  await page.getByLabel('Repeat the passphrase').fill('quiet river copper window')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('button', { name: 'Copy my invite link' })).toBeVisible()
  expect(await ui.calls('onboarding.createAccount')).toMatchObject([
    { passphrase: 'quiet river copper window' },
  ])
})

test('a locked keychain waits, and goes on by itself once it is open', async ({ open }) => {
  const ui = await open('first-run-locked')
  const { page } = ui
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByLabel('Your name').fill('Mira')
  await page.getByLabel('Relay', { exact: true }).fill('relay.example.org')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: 'Your keychain is locked' })).toBeVisible()
  await ui.enter({ phase: 'first-run', keychain: 'available', inviteLink: null })
  await expect(page.getByRole('button', { name: 'Copy my invite link' })).toBeVisible()
})

test('a wrong passphrase of the vault says so and can be tried again', async ({ open }) => {
  const { page } = await open('vault-locked')
  await page.getByLabel('Passphrase', { exact: true }).fill('wrong one')
  await page.keyboard.press('Enter')
  await expect(page.getByText('The passphrase is not right.')).toBeVisible()
})

test('a profile that cannot be opened says why, and that nothing was lost', async ({ open }) => {
  const ui = await open('failed')
  const { page } = ui
  await expect(page.getByRole('heading', { name: "Your messages can't be opened" })).toBeVisible()
  await expect(page.getByText('STORE_DAMAGED')).toBeVisible()
  await expect(page.getByText('Your messages and keys are as they were.')).toBeVisible()
  await page.getByRole('button', { name: 'Try again' }).click()
  expect(await ui.calls('app.retry')).toHaveLength(1)
})

test('people without a relay run one on this computer, and its address is filled in', async ({
  open,
}) => {
  const ui = await open('first-run')
  const { page } = ui
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByText('No relay yet?').click()
  await page.getByRole('radio', { name: 'My local network' }).click()
  await expect(page.getByText('give it a fixed one in your router')).toBeVisible()
  await ui.expectAccessible()
  await page.getByRole('button', { name: 'Run a relay on this computer' }).click()
  await expect(page.getByLabel('Relay', { exact: true })).toHaveValue('192.168.1.20:43210')
  expect(await ui.calls('localRelay.start')).toEqual([{ network: 'local-network' }])
})

test('a relay that does not start on this computer says so', async ({ open }) => {
  const ui = await open('first-run')
  const { page } = ui
  await ui.failCalls('localRelay.start', 'RELAY_START_FAILED')
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByText('No relay yet?').click()
  await page.getByRole('button', { name: 'Run a relay on this computer' }).click()
  await expect(page.getByText('The relay on this computer did not start.')).toBeVisible()
})
