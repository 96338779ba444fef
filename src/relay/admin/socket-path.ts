import { resolve } from 'node:path'
import { sha256 } from '#crypto/primitives.ts'
import { encodeHex, encodeUtf8 } from '#shared/bytes.ts'

const SOCKET_FILE = 'admin.sock'
/** The shortest limit of the systems that have such sockets (macOS: 104 bytes with the zero at the end). */
const MAX_SOCKET_PATH_BYTES = 103

/**
 * Where a relay listens for its operator: a socket in its folder, on Windows a named pipe.
 * @param configured - the setting `adminSocket`
 * @returns `null` where there is neither a folder nor a setting.
 * @throws RangeError where the path is longer than the system takes.
 */
export function adminSocketPath(
  dataDir: string | null,
  configured: string | null,
  platform: NodeJS.Platform = process.platform,
): string | null {
  if (configured === null && dataDir === null) return null
  if (platform === 'win32') {
    const name = configured ?? encodeHex(sha256(encodeUtf8(resolve(dataDir ?? ''))).subarray(0, 8))
    return `\\\\.\\pipe\\sotto-relay-${name}`
  }
  const path = configured ?? resolve(dataDir ?? '', SOCKET_FILE)
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new RangeError(
      `The path of the socket for "relay admin" is too long (${path}). Set a shorter one with adminSocket.`,
    )
  }
  return path
}
