import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { formatTable, type BenchRow } from './report.ts'

const DOCS = new URL('../docs/', import.meta.url)

/** Puts a text into its place on a page of `docs`, which the markers there name. */
export function writeSection(page: string, section: string, text: string): void {
  const path = new URL(page, DOCS)
  const before = readFileSync(path, 'utf8')
  const begin = new RegExp(`<!-- ${section} figures: .* -->`).exec(before)
  const end = before.indexOf(`<!-- end of ${section} figures -->`)
  if (begin === null || end < begin.index) {
    throw new Error(`docs/${page} has no place for the figures of ${section}`)
  }
  const start = before.slice(0, begin.index + begin[0].length)
  writeFileSync(path, `${start}\n\n${text}\n\n${before.slice(end)}`)
}

/** Where the numbers of a section's last written run are kept. */
export function figuresFile(section: string): URL {
  return new URL(`benchmarks/${section}.json`, DOCS)
}

/**
 * Puts the figures of one run into `docs`: the table into its place on the page, the numbers into a file.
 * @param section - as the page's markers name it.
 */
export function writeFigures(
  section: string,
  rows: readonly BenchRow[],
  page = 'BENCHMARKS.md',
): void {
  const [cpu] = cpus()
  const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, Node ${process.version}`
  writeSection(page, section, `Measured on ${machine}.\n\n\`\`\`text${formatTable(rows)}\n\`\`\``)
  writeFileSync(figuresFile(section), `${JSON.stringify(rows, null, 2)}\n`)
}
