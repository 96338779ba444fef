import { writeFileSync } from 'node:fs'
import type { BenchRow } from './report.ts'
import { writeFigures } from './write-figures.ts'

const PLOT = new URL('../docs/images/relay-mailboxes.svg', import.meta.url)

const WIDTH = 640
const HEIGHT = 320
const LEFT = 64
const RIGHT = 16
const TOP = 24
const BOTTOM = 48

interface Point {
  readonly mailboxes: number
  readonly us: number
}

/** The points of one curve, read from the names of the rows. */
function curve(rows: readonly BenchRow[], what: string): Point[] {
  return rows.flatMap(({ name, value }) => {
    const mailboxes = new RegExp(`^${what}, ([\\d,]+) mailboxes$`).exec(name)?.[1]
    return mailboxes === undefined
      ? []
      : [{ mailboxes: Number(mailboxes.replaceAll(',', '')), us: value }]
  })
}

/** The cost of a message by number of mailboxes: logarithmic to the right, from zero upwards. */
export function plotCurves(rows: readonly BenchRow[]): string {
  const curves = [
    { label: 'deposit', color: '#3b6fd4', points: curve(rows, 'deposit') },
    {
      label: 'fetch and acknowledge',
      color: '#c2571a',
      points: curve(rows, 'fetch and acknowledge'),
    },
  ]
  const all = curves.flatMap(({ points }) => points)
  const most = Math.ceil((Math.max(...all.map(({ us }) => us)) * 1.1) / 10) * 10
  const logs = all.map(({ mailboxes }) => Math.log10(mailboxes))
  const low = Math.min(...logs)
  const span = Math.max(...logs) - low || 1
  const x = (mailboxes: number): number =>
    LEFT + ((Math.log10(mailboxes) - low) / span) * (WIDTH - LEFT - RIGHT)
  const y = (us: number): number => HEIGHT - BOTTOM - (us / most) * (HEIGHT - TOP - BOTTOM)
  const steps = [0, 0.25, 0.5, 0.75, 1].map((share) => share * most)
  const sizes = [...new Set(all.map(({ mailboxes }) => mailboxes))]
  const parts = [
    ...steps.map(
      (us) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(us)}" y2="${y(us)}" stroke="#8886"/>` +
        `<text x="${LEFT - 8}" y="${y(us) + 4}" text-anchor="end">${us} µs</text>`,
    ),
    ...sizes.map(
      (size, index) =>
        `<text x="${x(size)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="${index === sizes.length - 1 ? 'end' : 'middle'}">${size.toLocaleString('en')}</text>`,
    ),
    `<text x="${(LEFT + WIDTH) / 2}" y="${HEIGHT - 8}" text-anchor="middle">mailboxes</text>`,
    ...curves.map(({ label, color, points }, index) => {
      const path = points.map(({ mailboxes, us }) => `${x(mailboxes)},${y(us)}`).join(' ')
      const dots = points
        .map(
          ({ mailboxes, us }) =>
            `<circle cx="${x(mailboxes)}" cy="${y(us)}" r="4" fill="${color}"/>`,
        )
        .join('')
      return (
        `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>${dots}` +
        `<text x="${LEFT + 12 + index * 120}" y="${TOP - 8}" fill="${color}" font-weight="600">${label}</text>`
      )
    }),
  ]
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" ` +
    'aria-label="Processor time of a message by number of mailboxes" ' +
    'font-family="system-ui, sans-serif" font-size="12" fill="#777">\n' +
    `${parts.join('\n')}\n</svg>\n`
  )
}

/** Puts the figures of one run into `docs`, and the plot. */
export function writeRelayFigures(rows: readonly BenchRow[]): void {
  writeFigures('relay', rows)
  writeFileSync(PLOT, plotCurves(rows))
}
