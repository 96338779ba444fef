import type { EffectiveSetting } from '../settings/effective.ts'
import { shownValue } from '../settings/setting.ts'
import type { CommandOutput } from './perform.ts'
import { table } from './table.ts'

/** Shows every setting, its value without secrets, and where it comes from. */
export function printSettings(settings: readonly EffectiveSetting[], output: CommandOutput): void {
  const rows = settings.map(({ setting, value, source }) => ({
    name: setting.name,
    value: shownValue(value),
    source,
    variable: setting.variable,
  }))
  output.result(
    { settings: rows },
    table(
      ['Setting', 'Value', 'From', 'Variable'],
      rows.map(({ name, value, source, variable }) => [
        name,
        value === null ? '-' : String(value),
        source,
        variable,
      ]),
    ),
  )
}
