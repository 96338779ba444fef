import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'

const FULL = new Set<unknown>(['ENOSPC', 'EDQUOT'])

/**
 * Writes a file that is there whole, readable by its owner only, and durable when this resolves; or unchanged.
 * One writer at a time (the profile's lock sees to that).
 */
export async function writeFileAtomically(
  path: string,
  content: Uint8Array,
): Promise<Result<void, Failure<'STORE_FULL'>>> {
  const draft = `${path}.new`
  try {
    await rm(draft, { force: true })
    await withFile(draft, 'wx', async (file) => {
      await file.writeFile(content)
      await file.sync()
    })
    await rename(draft, path)
    // Makes the rename durable. Windows offers no such call and needs none.
    if (process.platform !== 'win32') await withFile(dirname(path), 'r', (folder) => folder.sync())
    return ok(undefined)
  } catch (cause) {
    await rm(draft, { force: true })
    if (cause instanceof Error && 'code' in cause && FULL.has(cause.code)) {
      return err(failure('STORE_FULL', { cause }))
    }
    throw cause
  }
}

async function withFile(
  path: string,
  flags: string,
  work: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await work(file)
  } finally {
    await file.close()
  }
}
