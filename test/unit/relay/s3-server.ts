import S3rver from '@20minutes/s3rver'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { S3Options } from '#relay/blobs/s3-blob-store.ts'

/** A server that speaks S3, checks signatures, and keeps its objects in a folder. */
export interface S3Server {
  readonly options: S3Options
  /** How many objects it holds. */
  count(): number
  close(): Promise<void>
}

const BUCKET = 'attachments'
/** The only credentials it knows. */
const CREDENTIAL = 'S3RVER'

export async function startS3Server(): Promise<S3Server> {
  const directory = mkdtempSync(join(tmpdir(), 'sotto-s3-'))
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name: BUCKET }],
  })
  const { port } = await server.run()
  return {
    options: {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      bucket: BUCKET,
      prefix: 'relay/',
      accessKeyId: CREDENTIAL,
      secretAccessKey: CREDENTIAL,
      sessionToken: null,
    },
    count: () => globSync(join(directory, BUCKET, '**/*_object')).length,
    close: async () => {
      await server.close()
      rmSync(directory, { recursive: true })
    },
  }
}
