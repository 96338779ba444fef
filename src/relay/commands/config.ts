import type { EffectiveSetting } from '../settings/effective.ts'
import { shownValue, type SettingValue } from '../settings/setting.ts'
import type { CommandOutput } from './perform.ts'
import { table } from './table.ts'

/** A long list is cut; `--json` has all. */
function shownInTable(value: SettingValue): string {
  if (value === null) return '-'
  if (!Array.isArray(value)) return String(value)
  return value.length > 3 ? `${value.slice(0, 3).join(',')},… (${value.length})` : value.join(',')
}

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
        shownInTable(value),
        source,
        variable,
      ]),
    ),
  )
}
