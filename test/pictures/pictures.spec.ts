import { join } from 'node:path'
import { takeScreenshots } from '../e2e/harness/look.ts'
import { introduce, Person } from '../e2e/harness/person.ts'
import { expect, test } from '../e2e/harness/test.ts'

const IMAGES = join(import.meta.dirname, '../../docs/images')

test('a conversation, its inspection and first run', async ({ start, relay }) => {
  test.setTimeout(300_000)
  const ada = new Person(await start({ name: 'ada' }), 'Ada')
  await expect(ada.page.getByRole('button', { name: 'Create an account' })).toBeVisible()
  await takeScreenshots(ada.instance, IMAGES, 'first-run', ['wide'])
  const ben = new Person(await start({ name: 'ben' }), 'Ben')
  await ada.signUp(relay.url)
  await ben.signUp(relay.url)
  await introduce(ada, ben)

  await ben.write('Are we still on for Saturday? I found a place by the river.')
  await expect(ada.message('Are we still on for Saturday?')).toBeVisible()
  await ada.write('Yes! Shall I bring something?')
  await expect(ben.message('Shall I bring something?')).toBeVisible()
  await ben.write(
    'If you like:\n\n- bread, the **dark** one\n- two kinds of cheese\n- your appetite',
  )
  await expect(ada.message('two kinds of cheese')).toBeVisible()
  await ada.write('Done 🧀')
  await ada.write('Here is the way: https://www.openstreetmap.org')
  await expect(ben.message('Here is the way')).toBeVisible()
  await ben.write('Perfect. See you at seven 👋')
  await expect(ada.message('See you at seven')).toBeVisible()
  await ada.expectState('Here is the way', 'Read')
  await expect(ada.page.getByText('1 unread message')).toHaveCount(0)
  await takeScreenshots(ada.instance, IMAGES, 'chat')

  await ada.message('See you at seven').hover()
  await ada.page.getByRole('button', { name: 'Inspect' }).click()
  const dialog = ada.page.getByRole('dialog', { name: 'Inspect message' })
  await dialog.getByRole('button', { name: 'Tamper' }).click()
  await expect(dialog.getByText(/The changed copy was refused/)).toBeVisible()
  await takeScreenshots(ada.instance, IMAGES, 'inspect', ['wide'])
})
