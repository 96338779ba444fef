import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { RelayConfig } from '../config.ts'
import { SettingsError } from '../settings/effective.ts'
import type { BlobStore } from './blob-store.ts'
import { FileBlobStore } from './file-blob-store.ts'
import { S3BlobStore, type S3Options } from './s3-blob-store.ts'

type Environment = Readonly<Record<string, string | undefined>>

const BLOBS_FOLDER = 'blobs'
const DEFAULT_REGION = 'us-east-1'
const BUCKET_PATTERN = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const URL_PATTERN = /^[a-z][a-z0-9+.-]*:\/\//i
const PREFIX_PATTERN = /^([A-Za-z0-9_-]+\/)*$/

/**
 * Reads `s3://bucket/prefix`, with endpoint, region and credentials from the environment, by the names that other
 * programs for S3 know.
 * @throws SettingsError with a sentence for the operator.
 */
export function s3Options(place: string, environment: Environment): S3Options {
  const [bucket = '', ...path] = place.slice('s3://'.length).split('/')
  const prefix = path.filter((part) => part !== '').join('/')
  const options = { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
  if (!BUCKET_PATTERN.test(bucket) || !PREFIX_PATTERN.test(options.prefix)) {
    throw new SettingsError(`${place} does not look like s3://bucket or s3://bucket/prefix.`)
  }
  const needed = (name: string): string => {
    const value = environment[name]
    if (value === undefined || value === '') {
      throw new SettingsError(`Attachments in S3 need ${name} in the environment.`)
    }
    return value
  }
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? DEFAULT_REGION
  const endpoint =
    environment['AWS_ENDPOINT_URL_S3'] ??
    environment['AWS_ENDPOINT_URL'] ??
    needed('AWS_ENDPOINT_URL_S3')
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw new SettingsError(`The endpoint for S3 is not a URL: ${endpoint}`)
  }
  return {
    ...options,
    region,
    endpoint: new URL(endpoint).origin,
    accessKeyId: needed('AWS_ACCESS_KEY_ID'),
    secretAccessKey: needed('AWS_SECRET_ACCESS_KEY'),
    sessionToken: environment['AWS_SESSION_TOKEN'] ?? null,
  }
}

/**
 * Opens the store for attachments that a relay is configured with. A relay without a data folder has a temporary one.
 * @throws SettingsError or Error with a sentence for the operator, or what the system says.
 */
export async function openBlobStore(
  { blobs, database, dataDir, limits }: RelayConfig,
  environment: Environment = process.env,
): Promise<BlobStore> {
  const reserveBytes = limits.blobReserveBytes
  if (blobs?.startsWith('s3://')) return S3BlobStore.open(s3Options(blobs, environment))
  if (blobs !== null && URL_PATTERN.test(blobs)) {
    throw new SettingsError(`${blobs} is neither a folder nor s3://bucket/prefix (setting blobs).`)
  }
  if (blobs !== null) return FileBlobStore.open({ folder: resolve(blobs), reserveBytes })
  if (database !== null) {
    throw new SettingsError(
      'Say where attachments lie, for all relays over this database: --blobs, a folder that they share or s3://bucket.',
    )
  }
  if (dataDir !== null) {
    return FileBlobStore.open({ folder: resolve(dataDir, BLOBS_FOLDER), reserveBytes })
  }
  const folder = await mkdtemp(join(tmpdir(), 'sotto-relay-blobs-'))
  return FileBlobStore.open({ folder, reserveBytes, temporary: true })
}
