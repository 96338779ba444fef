import type { Page } from '@playwright/test'
import type { ScenarioName } from '../helpers/renderer/scenarios.ts'
import { test } from './interface.ts'

const openRow = (title: string) => async (page: Page) => {
  await page.getByRole('navigation').getByRole('button', { name: title }).click()
}

const messageMenu = (item: string) => async (page: Page) => {
  await page.locator('article[data-author]').last().click({ button: 'right' })
  await page.getByRole('menuitem', { name: item }).click()
}

interface Screen {
  readonly scenario: ScenarioName
  readonly go?: (page: Page) => Promise<void>
  readonly narrow?: true
  /** Judge only this: a menu lies over the page, in none of its landmarks. axe exempts dialogs, not menus. */
  readonly part?: string
}

const SCREENS: Readonly<Record<string, Screen>> = {
  'a conversation': { scenario: 'some' },
  'an unread conversation': { scenario: 'some', go: openRow('Amélie') },
  'a conversation in Arabic': { scenario: 'some', go: openRow('سلمى') },
  'a failed message': { scenario: 'some', go: openRow('Noor') },
  'changed keys': { scenario: 'some', go: openRow('Priya') },
  'a very long message': { scenario: 'some', go: openRow('Wilhelmina') },
  'a request that waits': { scenario: 'some', go: openRow('Olek') },
  'no conversations': { scenario: 'none' },
  'many conversations': { scenario: 'many' },
  'no connection': { scenario: 'offline' },
  'no TLS': { scenario: 'insecure' },
  'relays that are not trusted': { scenario: 'distrusted' },
  'relays that are not trusted, in a narrow window': { scenario: 'distrusted', narrow: true },
  'a narrow window': { scenario: 'some', narrow: true },
  'the archive': {
    scenario: 'some',
    go: (page) => page.getByRole('button', { name: /^Archived/ }).click(),
  },
  'the details': {
    scenario: 'some',
    go: (page) => page.getByRole('button', { name: 'Details' }).click(),
  },
  'search results': {
    scenario: 'some',
    go: async (page) => {
      await page.getByRole('searchbox', { name: 'Search' }).fill('the')
      await page.locator('mark').first().waitFor()
    },
  },
  'a reply being written': {
    scenario: 'some',
    go: async (page) => {
      await messageMenu('Reply')(page)
      await page.keyboard.type('yes :sm')
      await page.getByRole('listbox').waitFor()
    },
  },
  'the tools of a message': {
    scenario: 'some',
    go: (page) => page.locator('article[data-author]').last().hover(),
  },
  'the menu of a message': {
    scenario: 'some',
    go: (page) => page.locator('article[data-author]').last().click({ button: 'right' }),
    part: '[role=menu]',
  },
  'the emoji picker': {
    scenario: 'some',
    go: async (page) => {
      await page.getByRole('button', { name: 'Emoji' }).click()
      await page.getByRole('gridcell').first().waitFor()
    },
  },
  'message details': { scenario: 'some', go: messageMenu('Details') },
  'an inspected message': {
    scenario: 'some',
    go: async (page) => {
      await messageMenu('Inspect')(page)
      await page.getByRole('button', { name: 'Tamper' }).click()
    },
  },
  'a question': { scenario: 'some', go: messageMenu('Delete for me') },
  'a toast': { scenario: 'some', go: messageMenu('Copy text') },
}

for (const theme of ['light', 'dark', 'high-contrast'] as const) {
  test.describe(theme, () => {
    for (const [name, { scenario, go, narrow, part }] of Object.entries(SCREENS)) {
      test(`${name} has no accessibility violation`, async ({ open }) => {
        const size = narrow ? { width: 420, height: 800 } : { width: 1280, height: 800 }
        const app = await open(scenario, { theme, size })
        await go?.(app.page)
        if (part !== undefined) await app.page.locator(part).waitFor()
        await app.expectAccessible(part)
      })
    }
  })
}
