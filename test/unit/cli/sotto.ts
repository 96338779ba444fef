import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import type { Keychain } from '#core/ports.ts'
import { makeKeychain, type MakeKeychain } from '#keychain/profile-keychain.ts'
import { runCommandLine } from '#cli/run.ts'
import { memoryKeychain } from '#test/helpers/memory-keychain.ts'

export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** The whole of standard input, or a stream of it. */
  readonly stdin?: string | Readable
  readonly env?: Record<string, string>
  readonly interrupted?: AbortSignal
  /** Called with each piece of standard output. */
  readonly onOutput?: (text: string) => void
}

/** The command line of one person: a profile folder, and a keychain in memory that lives on between runs. */
export class Sotto {
  readonly folder: string
  readonly #keychains = new Map<string, Keychain>()

  constructor(folder: string) {
    this.folder = folder
  }

  /** Runs one command on this person's profile. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return runSotto(args, {
      ...options,
      env: { SOTTO_PROFILE: this.folder, ...options.env },
      makeKeychain: (folder, profile, passphrase) => this.#keychain(folder, profile, passphrase),
    })
  }

  /** Runs a command that must succeed, and gives what it printed. */
  async print(...args: readonly string[]): Promise<string> {
    const ended = await this.run(args)
    if (ended.exitCode !== 0) throw new Error(`sotto ${args.join(' ')}: ${ended.stderr}`)
    return ended.stdout.trimEnd()
  }

  /** The same, with `--json`: one value per line. */
  async json<T>(...args: readonly string[]): Promise<T[]> {
    return jsonLines<T>(await this.print(...args, '--json'))
  }

  #keychain: MakeKeychain = (folder, profile, passphrase) => {
    if (profile.protection === 'vault') return makeKeychain(folder, profile, passphrase)
    const known = this.#keychains.get(profile.profileId) ?? memoryKeychain()
    this.#keychains.set(profile.profileId, known)
    return known
  }
}

/** Runs the command line without a person, as a shell would. */
export async function runSotto(
  args: readonly string[],
  {
    stdin = '',
    env = {},
    interrupted,
    onOutput,
    makeKeychain: keychain = makeKeychain,
  }: RunOptions & { readonly makeKeychain?: MakeKeychain } = {},
): Promise<Ended> {
  const stdout = new TextSink(onOutput)
  const stderr = new TextSink()
  const exitCode = await runCommandLine(args, {
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout,
    stderr,
    env,
    interrupted: interrupted ?? new AbortController().signal,
    makeKeychain: keychain,
  })
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

export function jsonLines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

class TextSink extends Writable {
  text = ''
  readonly #onText: ((text: string) => void) | undefined

  constructor(onText?: (text: string) => void) {
    super()
    this.#onText = onText
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString('utf8')
    this.text += text
    this.#onText?.(text)
    done()
  }
}

/** Two people who are each other's contacts. */
export async function twoFriends(host: string, folder: string): Promise<[Sotto, Sotto]> {
  const ada = new Sotto(join(folder, 'cli-ada'))
  const ben = new Sotto(join(folder, 'cli-ben'))
  await ada.print('init', 'ada', '--relay', host, '--display-name', 'Ada')
  await ben.print('init', 'ben', '--relay', host, '--display-name', 'Ben')
  await ben.print('add', await ada.print('invite'))
  await ada.print('receive')
  return [ada, ben]
}
