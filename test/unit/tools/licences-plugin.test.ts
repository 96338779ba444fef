import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { importedPackages, shippedLicences } from '../../../tools/licences-plugin.ts'

describe('the list of licences', () => {
  test('has what ships, with all it needs, and nothing else', () => {
    const rows = shippedLicences(
      {
        '': { dependencies: { a: '1' } },
        'node_modules/a': { version: '1.0.0', license: 'MIT', dependencies: { b: '1', c: '2' } },
        'node_modules/a/node_modules/b': { version: '1.1.0', license: 'ISC' },
        'node_modules/b': { version: '9.0.0', license: 'MIT', dev: true },
        'node_modules/c': { version: '2.0.0', license: 'Apache-2.0', dependencies: { a: '1' } },
        'node_modules/ui': { version: '3.0.0', license: 'MIT', dev: true },
        'node_modules/tool': { version: '4.0.0', license: 'MIT', dev: true },
        'node_modules/electron': { version: '45.0.0', license: 'MIT', dev: true },
      },
      new Set(['ui']),
    )
    expect(rows.map(({ name, version, licence }) => `${name} ${version} ${licence}`)).toEqual([
      'a 1.0.0 MIT',
      'b 1.1.0 ISC',
      'c 2.0.0 Apache-2.0',
      'electron 45.0.0 MIT',
      'ui 3.0.0 MIT',
    ])
  })

  test('knows the licence of every package that Sotto ships, and allows it', () => {
    const root = new URL('../../../', import.meta.url).pathname
    const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
      packages: Parameters<typeof shippedLicences>[0]
    }
    const rows = shippedLicences(packages, importedPackages(`${root}src/renderer`))
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['fastify', 'react']))
    const allowed =
      /^(\(?(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|MPL-2\.0|0BSD|BlueOak-1\.0\.0)( (OR|AND) )?)+/
    expect(rows.filter(({ licence }) => !allowed.test(licence))).toEqual([])
  })
})
