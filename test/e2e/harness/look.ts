import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import type { Instance } from './launch.ts'

/** The themes that every screen is looked at in. */
const THEMES = ['light', 'dark'] as const
type Theme = (typeof THEMES)[number]

/** Window sizes that every screen is looked at in. */
const SIZES = {
  wide: { width: 1280, height: 800 },
  narrow: { width: 420, height: 760 },
} as const
type Size = keyof typeof SIZES

/** Gives a window's page the theme that the system would. Overrides no choice that the user made in the app. */
async function setSystemTheme({ page }: Instance, theme: Theme): Promise<void> {
  await page.emulateMedia({ colorScheme: theme })
}

/** Resizes the content of the first window and waits for the page to follow. */
export async function setSize(
  { electron, page }: Instance,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<void> {
  await electron.evaluate(
    ({ BrowserWindow }, size) => {
      BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height)
    },
    { width, height },
  )
  await expect.poll(() => page.evaluate(() => [innerWidth, innerHeight])).toEqual([width, height])
}

/** Fails for each accessibility rule that the page breaks in any theme, naming the rule and the elements. */
export async function expectAccessible(instance: Instance): Promise<void> {
  for (const theme of THEMES) {
    await setSystemTheme(instance, theme)
    await settle(instance.page)
    // Legacy mode: the other one opens a page of its own, which Electron does not allow.
    const { violations } = await new AxeBuilder({ page: instance.page })
      .setLegacyMode(true)
      .analyze()
    const found = violations.map(
      ({ id, nodes }) =>
        `${theme}: ${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} (${failureSummary})`).join(', ')}`,
    )
    expect(found).toEqual([])
  }
}

/**
 * Takes a screenshot of the window in each theme and size.
 * @returns the paths: `<folder>/<name>-<theme>-<size>.png`
 */
export async function takeScreenshots(
  instance: Instance,
  folder: string,
  name: string,
  sizes: readonly Size[] = ['wide', 'narrow'],
): Promise<string[]> {
  mkdirSync(folder, { recursive: true })
  const paths: string[] = []
  for (const size of sizes) {
    await setSize(instance, SIZES[size])
    for (const theme of THEMES) {
      await setSystemTheme(instance, theme)
      await settle(instance.page)
      const path = join(folder, `${name}-${theme}-${size}.png`)
      await instance.page.screenshot({ path, animations: 'disabled' })
      paths.push(path)
    }
  }
  return paths
}

/** Waits until fonts are there and transitions have ended. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready
    const ending = document
      .getAnimations()
      .filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
    await Promise.allSettled(ending.map(({ finished }) => finished))
  })
}
