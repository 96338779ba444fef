// A person without a server: the app runs the relay itself.
import { expect, test } from './harness/test.ts'
import { Person } from './harness/person.ts'

test('a relay on this computer serves two people, and is there again after a restart', async ({
  start,
}) => {
  test.slow()
  let ada = new Person(await start({ name: 'ada' }), 'Ada')
  await ada.page.getByRole('button', { name: 'Create an account' }).click()
  await ada.page.getByText('No relay yet?').click()
  await ada.page.getByRole('button', { name: 'Run a relay on this computer' }).click()
  const relay = ada.page.getByLabel('Relay', { exact: true })
  await expect(relay).toHaveValue(/^127\.0\.0\.1:\d+$/)
  const url = `http://${await relay.inputValue()}`
  await ada.page.getByRole('button', { name: 'Back' }).click()
  await ada.signUp(url)

  const ben = new Person(await start({ name: 'ben' }), 'Ben')
  await ben.signUp(url)
  await ben.addByLink(await ada.inviteLink())
  await ben.open('Ada')
  await ben.write('Your relay works')
  await ada.open('Ben')
  await expect(ada.message('Your relay works')).toBeVisible()

  await ada.instance.close()
  await ben.write('Written while your relay was away')
  await expect(ben.message('Written while')).toHaveAccessibleName(/Waiting for the relay$/)
  ada = new Person(await start({ name: 'ada' }), 'Ada')
  await ada.open('Ben')
  await expect(ada.message('Written while your relay was away')).toBeVisible({ timeout: 40_000 })
})
