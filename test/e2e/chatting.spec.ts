// Two instances of the built app, from first run to changed keys, as two people use them.
import { expect, test } from './harness/test.ts'
import { expectAccessible } from './harness/look.ts'
import { friends, introduce, Person } from './harness/person.ts'

test('two people sign up, meet by link, chat, restart with their history, and go offline and back', async ({
  start,
  hostileRelay,
}) => {
  test.slow()
  const ada = new Person(await start({ name: 'ada' }), 'Ada')
  await expect(ada.page.getByRole('button', { name: 'Create an account' })).toBeVisible()
  await expectAccessible(ada.instance)
  let ben = new Person(await start({ name: 'ben' }), 'Ben')
  await ada.signUp(hostileRelay.url)
  await ben.signUp(hostileRelay.url)
  await expectAccessible(ada.instance)
  await introduce(ada, ben)

  await ben.write('Hello Ada, **this** works')
  await expect(ada.message('Hello Ada, this works')).toBeVisible()
  await ada.write('It does! 🎉')
  await expect(ben.message('It does! 🎉')).toBeVisible()
  await ada.expectState('It does! 🎉', 'Read')
  await expectAccessible(ben.instance)

  await ben.instance.close()
  await ada.write('Are you there?')
  await ada.expectState('Are you there?', 'At the relay')
  ben = new Person(await start({ name: 'ben' }), 'Ben')
  await ben.open('Ada')
  await expect(ben.message('Hello Ada, this works')).toBeVisible()
  await expect(ben.message('Are you there?')).toBeVisible()

  hostileRelay.goOffline()
  await ben.write('Written on the train')
  await expect(ben.message('Written on the train')).toHaveAccessibleName(/Waiting for the relay$/)
  await expect(ben.page.getByText(/can.t be reached|No connection|Offline/i).first()).toBeVisible()
  hostileRelay.goOnline()
  await expect(ada.message('Written on the train')).toBeVisible({ timeout: 30_000 })
  await ben.expectState('Written on the train', 'Read')
})

test('a message that the relay has tampered with is shown as such, and comes again', async ({
  start,
  hostileRelay,
}) => {
  test.slow()
  const ada = new Person(await start({ name: 'ada' }), 'Ada')
  const ben = new Person(await start({ name: 'ben' }), 'Ben')
  await ada.signUp(hostileRelay.url)
  await ben.signUp(hostileRelay.url)
  await introduce(ada, ben)
  await ben.write('First')
  await ben.expectState('First', 'Read')

  // Flips a bit only in deposits of this size: the text, not the receipts around it.
  const long = 'Second, and long enough to be told from a receipt. '.repeat(20)
  let tampered = false
  hostileRelay.onDeposit(({ body }) => {
    if (tampered || body.length < 1_000) return 'pass'
    tampered = true
    const altered = Buffer.from(body)
    altered[200] = (altered[200] ?? 0) ^ 1
    return altered
  })
  await ben.write(long)
  await expect(ada.page.getByText(/A new session with Ben was started/).last()).toBeVisible()
  await expect(ada.message('Second, and long enough')).toBeVisible({ timeout: 20_000 })
  await expect(ada.page.getByText('This message could not be opened')).toHaveCount(0)
  expect(tampered).toBe(true)

  await ada.message('Second, and long enough').hover()
  await ada.page.getByRole('button', { name: 'Inspect' }).click()
  const dialog = ada.page.getByRole('dialog', { name: 'Inspect message' })
  await dialog.getByRole('button', { name: 'Tamper' }).click()
  await expect(dialog.getByText(/The changed copy was refused/)).toBeVisible()
})

test('changed keys stop the conversation until they were looked at', async ({ start, relay }) => {
  test.slow()
  const [ada, ben] = await friends(start, relay.url)
  await ben.write('It is me')
  await expect(ada.message('It is me')).toBeVisible()

  // Ben deletes his account, and someone signs up under his name with other keys.
  await ben.page.getByRole('button', { name: 'Settings' }).click()
  await ben.page.getByRole('button', { name: 'Delete account…' }).click()
  const address = `ben@${new URL(relay.url).host}`
  await ben.page
    .getByRole('dialog', { name: /^Delete your account/ })
    .getByLabel('Address')
    .fill(address)
  await ben.page.getByRole('button', { name: 'Delete my account' }).click()
  await expect(ben.page.getByRole('button', { name: 'Create an account' })).toBeVisible()
  const other = new Person(await start({ name: 'other' }), 'Ben')
  await other.signUp(relay.url)

  await ada.write('Is that still you?')
  await expect(ada.page.getByText('The keys of Ben changed').first()).toBeVisible()
  await expect(ada.page.getByRole('textbox', { name: 'Message to Ben' })).toHaveCount(0)
  await expectAccessible(ada.instance)
  await ada.page.getByRole('button', { name: 'Accept the new keys' }).click()
  await ada.page.getByRole('button', { name: 'Accept', exact: true }).click()
  await expect(ada.page.getByRole('textbox', { name: 'Message to Ben' })).toBeVisible()
})
