// Draws the app's icons from build/icon.svg: `node tools/render-icons.ts`. The results are committed.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { findChromium } from './electron-standin/chromium-path.ts'

const FOLDER = join(import.meta.dirname, '../build')
const LINUX_SIZES = [16, 24, 32, 48, 64, 128, 256, 512] as const
/** macOS and Windows icons are made from this one. */
const LARGE_SIZE = 1024
/** Apple's grid leaves a margin that other systems' small icons have no room for. */
const WITHOUT_MARGIN = '92 92 840 840'

const svg = readFileSync(join(FOLDER, 'icon.svg'), 'utf8')
const browser = await chromium.launch({ executablePath: findChromium().path })
const page = await browser.newPage()

async function draw(size: number, source: string): Promise<Buffer> {
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${source}`)
  return page.screenshot({ omitBackground: true })
}

const small = svg.replace('0 0 1024 1024', WITHOUT_MARGIN)
for (const size of LINUX_SIZES) {
  writeFileSync(join(FOLDER, `icons/${size}x${size}.png`), await draw(size, small))
}
writeFileSync(join(FOLDER, 'icon.png'), await draw(LARGE_SIZE, svg))
await browser.close()
