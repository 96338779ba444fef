// Writes docs/ERRORS.md from the table in src/shared/errors.ts; a test keeps the two equal.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERRORS } from '#shared/errors.ts'

const RETRY_TEXTS = {
  never: 'not as it is',
  later: 'by itself, later',
  'after-action': 'after doing what it says',
} as const

/** The document as it must be. */
export function errorTable(): string {
  const rows = Object.entries(ERRORS).map(([code, entry]) => {
    const http = 'http' in entry ? String(entry.http) : ''
    return `| \`${code}\` | ${http} | ${RETRY_TEXTS[entry.retry]} | ${entry.message} |`
  })
  return `# Errors

Every expected failure of Sotto has one of these codes: in the relay's answers (\`{ "code": …, "message": … }\` with the
HTTP status below), between the app's processes, on the command line (\`--json\`) and in the interface's texts. The
table is made from \`src/shared/errors.ts\` by \`node tools/error-table.ts\`.

| Code | HTTP | Trying again helps | What it says |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../docs/ERRORS.md'), errorTable())
