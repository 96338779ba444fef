import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeHex, encodeUtf8 } from '#shared/bytes.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { writeFileAtomically } from './atomic-file.ts'

const FILE_NAME = 'profile.json'
const VERSION = 1
const PROFILE_ID_BYTES = 16

const ProfileFileSchema = v.strictObject({
  version: v.literal(VERSION),
  /** Names the keychain's entry; 16 random bytes, in hexadecimal. */
  profileId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  protection: v.picklist(['keychain', 'vault']),
})
const NewerFileSchema = v.object({ version: v.pipe(v.number(), v.gtValue(VERSION)) })

/** The one readable file of a profile: where its keys are. No name, no address. */
export type ProfileFile = Readonly<v.InferOutput<typeof ProfileFileSchema>>

/** Reads the file of a profile's folder. */
export async function readProfileFile(
  folder: string,
): Promise<Result<ProfileFile, Failure<'PROFILE_MISSING' | 'STORE_DAMAGED' | 'STORE_TOO_NEW'>>> {
  let text: string
  try {
    text = await readFile(join(folder, FILE_NAME), 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      return err(failure('PROFILE_MISSING'))
    }
    throw cause
  }
  const content = parseJson(text)
  const parsed = v.safeParse(ProfileFileSchema, content)
  if (parsed.success) return ok(parsed.output)
  return err(failure(v.is(NewerFileSchema, content) ? 'STORE_TOO_NEW' : 'STORE_DAMAGED'))
}

/**
 * Writes the file of a new profile, whole and durable, in place of any before. The folder must exist. Every profile gets
 * an id of its own, so that its keys never take another's place in the keychain.
 */
export async function createProfileFile(
  folder: string,
  protection: ProfileFile['protection'],
): Promise<Result<ProfileFile, Failure<'STORE_FULL'>>> {
  const profileId = encodeHex(randomBytes(PROFILE_ID_BYTES))
  const file: ProfileFile = { version: VERSION, profileId, protection }
  const bytes = encodeUtf8(`${JSON.stringify(file, null, 2)}\n`)
  const written = await writeFileAtomically(join(folder, FILE_NAME), bytes)
  return written.ok ? ok(file) : written
}

/** Removes the file; the folder is no profile then. */
export async function removeProfileFile(folder: string): Promise<void> {
  await rm(join(folder, FILE_NAME), { force: true })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
