/** One measured number. */
export interface BenchRow {
  readonly group: string
  readonly name: string
  readonly unit: string
  readonly value: number
  /** What the value is held against, in the same unit. */
  readonly target?: number
  /** The value divided by a floor of bare primitives, measured in the same run. */
  readonly floorRatio?: number
  readonly passed?: boolean
}

/** The middle of a list; of two middles, their mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1)
  if (low === undefined) throw new RangeError('nothing was measured')
  return (low + (high ?? low)) / 2
}

/** A value and the least it must reach. */
export function atLeast(
  row: Omit<BenchRow, 'target' | 'floorRatio' | 'passed'>,
  bounds: { readonly target?: number; readonly floor?: number; readonly floorRatio?: number },
): BenchRow {
  const { target, floor, floorRatio: leastRatio } = bounds
  const ratio = floor === undefined ? undefined : row.value / floor
  const passed =
    (target === undefined || row.value >= target) &&
    (ratio === undefined || leastRatio === undefined || ratio >= leastRatio)
  return {
    ...row,
    ...(target === undefined ? {} : { target }),
    ...(ratio === undefined ? {} : { floorRatio: ratio }),
    ...(target === undefined && leastRatio === undefined ? {} : { passed }),
  }
}

/** A value and the most it may be. */
export function atMost(row: Omit<BenchRow, 'target' | 'passed'>, target: number): BenchRow {
  return { ...row, target, passed: row.value <= target }
}

/** The rows as a table of text, a heading for each group. */
export function formatTable(rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [
    row.name,
    `${formatNumber(row.value)} ${row.unit}`,
    row.target === undefined ? '' : formatNumber(row.target),
    row.floorRatio === undefined ? '' : `${row.floorRatio.toFixed(2)} x`,
    row.passed === undefined ? '' : row.passed ? 'ok' : 'MISSED',
  ])
  const header = ['', 'value', 'target', 'of floor', '']
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const lines: string[] = []
  rows.forEach((row, index) => {
    if (row.group !== rows[index - 1]?.group) lines.push('', row.group, line(header))
    lines.push(line(cells[index] ?? []))
  })
  return lines.join('\n')
}

function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}
