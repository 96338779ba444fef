import { expect, type Locator } from '@playwright/test'
import type { Instance } from './launch.ts'

/** What a person does in one instance, by what they see. */
export class Person {
  readonly instance: Instance
  readonly name: string

  constructor(instance: Instance, name: string) {
    this.instance = instance
    this.name = name
  }

  get page(): Instance['page'] {
    return this.instance.page
  }

  /** Goes through first run. */
  async signUp(relayUrl: string): Promise<void> {
    const { page } = this
    await page.getByRole('button', { name: 'Create an account' }).click()
    await page.getByLabel('Your name').fill(this.name)
    await page.getByLabel('Account name').fill(this.name.toLowerCase())
    await page.getByLabel('Relay', { exact: true }).fill(new URL(relayUrl).host)
    await expect(page.getByText('This name is free')).toBeVisible()
    await page.getByRole('button', { name: 'Create account' }).click()
    await expect(page.getByRole('button', { name: 'Add a contact' }).first()).toBeVisible()
  }

  /** Makes an invite link, as shown for copying. */
  async inviteLink(): Promise<string> {
    const { page } = this
    await page.getByRole('button', { name: 'Add a contact' }).first().click()
    await page.getByRole('radio', { name: 'Show my link' }).click()
    const field = page.getByRole('textbox', { name: 'Your invite link' })
    await expect(field).toHaveValue(/^sotto:\/\/add\?/)
    const link = await field.inputValue()
    await page.keyboard.press('Escape')
    return link
  }

  async addByLink(link: string): Promise<void> {
    const { page } = this
    await page.getByRole('button', { name: 'Add a contact' }).first().click()
    await page.getByLabel('Invite link or address').fill(link)
    await page.getByRole('button', { name: 'Add contact', exact: true }).click()
    await expect(page.getByRole('dialog')).toHaveCount(0)
  }

  /** The row of the list for someone. */
  row(title: string): Locator {
    return this.page.getByRole('navigation').getByRole('button').filter({ hasText: title })
  }

  async open(title: string): Promise<void> {
    await this.row(title).click()
    await expect(this.page.getByRole('textbox', { name: `Message to ${title}` })).toBeVisible()
  }

  async write(text: string): Promise<void> {
    const composer = this.page.getByRole('textbox', { name: /^Message to/ })
    await composer.fill(text)
    await composer.press('Enter')
  }

  message(text: string): Locator {
    return this.page.getByRole('article').filter({ hasText: text })
  }

  /** Waits until the message is shown in that state. */
  async expectState(text: string, state: 'At the relay' | 'Delivered' | 'Read'): Promise<void> {
    await expect(this.message(text)).toHaveAccessibleName(new RegExp(`, ${state}$`))
  }
}

/** Ada and Ben with an account each, at one relay, and each other's contacts. */
export async function friends(
  start: (options: { readonly name: string }) => Promise<Instance>,
  relayUrl: string,
): Promise<readonly [ada: Person, ben: Person]> {
  const ada = new Person(await start({ name: 'ada' }), 'Ada')
  const ben = new Person(await start({ name: 'ben' }), 'Ben')
  await ada.signUp(relayUrl)
  await ben.signUp(relayUrl)
  await introduce(ada, ben)
  return [ada, ben]
}

/** Two people in two instances become each other's contacts. */
export async function introduce(ada: Person, ben: Person): Promise<void> {
  await ben.addByLink(await ada.inviteLink())
  await ada.open(ben.name)
  await expect(ben.row(ada.name)).toBeVisible()
  await ben.open(ada.name)
}
