// Where the keys are kept: the keychain of the system, locked or missing, and the vault under a passphrase.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WITHOUT_KEYRING } from './harness/keyring.ts'
import { expect, test } from './harness/test.ts'
import { introduce, Person } from './harness/person.ts'

test('without a keychain a passphrase protects the keys, and is asked for at each start', async ({
  start,
  relay,
}) => {
  const passphrase = 'correct horse battery staple'
  const first = await start({ name: 'ada', env: WITHOUT_KEYRING })
  const { page } = first
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('Account name').fill('ada')
  await page.getByLabel('Relay', { exact: true }).fill(new URL(relay.url).host)
  await expect(page.getByText('This name is free')).toBeVisible()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel('Passphrase', { exact: true }).fill(passphrase)
  await page.getByLabel('Repeat the passphrase').fill(passphrase)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('button', { name: 'Add a contact' }).first()).toBeVisible()

  await first.close()

  const { page: again } = await start({ name: 'ada', env: WITHOUT_KEYRING })
  await expect(again.getByRole('heading', { name: 'Welcome back' })).toBeVisible()
  const field = again.getByLabel('Passphrase', { exact: true })
  await field.fill('wrong horse battery staple')
  await again.getByRole('button', { name: 'Unlock' }).click()
  await expect(again.getByText('The passphrase is not right.')).toBeVisible()
  await field.fill(passphrase)
  await again.getByRole('button', { name: 'Unlock' }).click()
  await expect(again.getByRole('button', { name: 'Add a contact' }).first()).toBeVisible()
})

test('a locked keychain is waited for, and nothing is lost meanwhile', async ({
  start,
  relay,
  keyring,
}) => {
  const ada = new Person(await start({ name: 'ada' }), 'Ada')
  await ada.signUp(relay.url)
  await ada.instance.close()

  await keyring.lock()
  try {
    const { page } = await start({ name: 'ada' })
    await expect(page.getByRole('heading', { name: 'Your keychain is locked' })).toBeVisible()
    await keyring.unlock()
    await expect(page.getByRole('button', { name: 'Add a contact' }).first()).toBeVisible()
  } finally {
    await keyring.unlock()
  }
})

test('nothing in a profile folder is readable', async ({ start, relay, folder }) => {
  test.slow()
  // Long names: a short one comes up by chance in some megabytes of ciphertext.
  const ada = new Person(await start({ name: 'ada' }), 'Adalbertina')
  const ben = new Person(await start({ name: 'ben' }), 'Benedictus')
  await ada.signUp(relay.url)
  await ben.signUp(relay.url)
  await introduce(ada, ben)
  await ben.write('A very private sentence')
  await expect(ada.message('A very private sentence')).toBeVisible()
  await ada.instance.kill()

  const secrets = [
    'A very private sentence',
    'Adalbertina',
    'adalbertina',
    'Benedictus',
    'benedictus',
  ].map((text) => Buffer.from(text))
  const profiles = join(folder, 'ada')
  expect(existsSync(profiles)).toBe(true)
  const found: string[] = []
  for (const file of readdirSync(profiles, { recursive: true, withFileTypes: true })) {
    // The browser's own folder belongs to the stand-in; real Electron's is looked at like the rest.
    if (!file.isFile() || file.parentPath.includes('standin')) continue
    const bytes = readFileSync(join(file.parentPath, file.name))
    if (secrets.some((secret) => bytes.includes(secret))) found.push(file.name)
  }
  expect(found).toEqual([])
})
