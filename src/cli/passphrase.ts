import { readFile } from 'node:fs/promises'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Refusal } from './output.ts'

const MAX_PASSPHRASE_CHARS = 1_000

/**
 * The passphrase of a vault: the first line of the file, else `SOTTO_PASSPHRASE`. Never an argument, since every user
 * of the computer can see those.
 * @returns `null` where none is given.
 */
export async function readPassphrase(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Result<string | null, Refusal>> {
  if (file === undefined) return ok(env['SOTTO_PASSPHRASE'] || null)
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (cause) {
    return err(unusable(`The passphrase file cannot be read: ${file}`, cause))
  }
  const [line = ''] = content.split(/\r?\n/, 1)
  if (line === '' || line.length > MAX_PASSPHRASE_CHARS) {
    return err(unusable(`The first line of the passphrase file is no passphrase: ${file}`))
  }
  return ok(line)
}

function unusable(hint: string, cause?: unknown): Failure<'PASSPHRASE_WRONG'> & Refusal {
  return { ...failure('PASSPHRASE_WRONG', { cause }), hint }
}
