import { createReadStream } from 'node:fs'
import { mkdir, open, rm, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { makeFolder } from '../data-folder.ts'
import { StorageFullError } from '../storage.ts'
import { systemCode } from '../system-error.ts'
import { BlobMissingError, BlobStoreError, type BlobStore } from './blob-store.ts'

export interface FileBlobStoreOptions {
  readonly folder: string
  /** Space on the disk that is left to the rest. */
  readonly reserveBytes: number
  /** Remove the folder at the end: it was for this process alone. */
  readonly temporary?: boolean
}

const KEY_PATTERN = /^[0-9a-f]{32}$/
const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Parts as files, in 256 folders by the beginning of their keys. */
export class FileBlobStore implements BlobStore {
  readonly #options: FileBlobStoreOptions
  /** Folders that are durable. */
  readonly #folders = new Set<string>()

  /** @throws Error with a sentence for the operator where the folder cannot be made. */
  static async open(options: FileBlobStoreOptions): Promise<FileBlobStore> {
    makeFolder(options.folder)
    await syncFolder(dirname(options.folder))
    return new FileBlobStore(options)
  }

  private constructor(options: FileBlobStoreOptions) {
    this.#options = options
  }

  async put(key: string, body: Readable, length: number): Promise<void> {
    const path = this.#path(key)
    try {
      await this.#checkSpace(length)
      const folder = await this.#folder(path)
      const handle = await open(path, 'w', 0o600)
      try {
        await write(handle, body, length)
      } finally {
        await handle.close()
      }
      // The name of the file must be durable, too.
      await syncFolder(folder)
    } catch (cause) {
      if (cause instanceof StorageFullError) throw cause
      if (NO_SPACE.has(systemCode(cause))) throw new StorageFullError('no space left', { cause })
      throw new BlobStoreError('a part was not stored', { cause })
    }
  }

  async get(key: string, from: number, to: number): Promise<Readable> {
    const path = this.#path(key)
    try {
      const handle = await open(path, 'r')
      return createReadStream('', { fd: handle, start: from, end: to - 1 })
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') throw new BlobMissingError('a part is gone', { cause })
      throw new BlobStoreError('a part cannot be read', { cause })
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.#path(key)
    try {
      await unlink(path)
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') return
      throw new BlobStoreError('a part cannot be removed', { cause })
    }
  }

  async close(): Promise<void> {
    const { folder, temporary } = this.#options
    if (temporary) await rm(folder, { recursive: true, force: true })
  }

  #path(key: string): string {
    if (!KEY_PATTERN.test(key)) throw new TypeError('not a key of a part')
    return join(this.#options.folder, key.slice(0, 2), key)
  }

  async #folder(path: string): Promise<string> {
    const folder = dirname(path)
    if (!this.#folders.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await syncFolder(this.#options.folder)
      this.#folders.add(folder)
    }
    return folder
  }

  async #checkSpace(length: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#options.folder)
    if (bavail * bsize - length < this.#options.reserveBytes) {
      throw new StorageFullError('the reserve is reached')
    }
  }
}

async function write(handle: FileHandle, body: Readable, length: number): Promise<void> {
  await handle.writeFile(body)
  const { size } = await handle.stat()
  if (size !== length) throw new RangeError('a part has another length')
  await handle.sync()
}
