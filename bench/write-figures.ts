import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { formatTable, type BenchRow } from './report.ts'

const DOCS = new URL('../docs/', import.meta.url)
const PAGE = new URL('BENCHMARKS.md', DOCS)

/**
 * Puts the figures of one run into `docs`: the table into its place on the page, the numbers into a file.
 * @param section - as the page's markers name it.
 */
export function writeFigures(section: string, rows: readonly BenchRow[]): void {
  const page = readFileSync(PAGE, 'utf8')
  const begin = new RegExp(`<!-- ${section} figures: .* -->`).exec(page)
  const end = page.indexOf(`<!-- end of ${section} figures -->`)
  if (begin === null || end < begin.index) {
    throw new Error(`docs/BENCHMARKS.md has no place for the figures of ${section}`)
  }
  const [cpu] = cpus()
  const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, Node ${process.version}`
  const figures = `\n\nMeasured on ${machine}.\n\n\`\`\`text${formatTable(rows)}\n\`\`\`\n\n`
  writeFileSync(PAGE, page.slice(0, begin.index + begin[0].length) + figures + page.slice(end))
  writeFileSync(new URL(`benchmarks/${section}.json`, DOCS), `${JSON.stringify(rows, null, 2)}\n`)
}
