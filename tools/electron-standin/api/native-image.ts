import { readFileSync } from 'node:fs'
import { loudClass } from '../loud.ts'

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const PNG_WIDTH_OFFSET = 16
const PNG_HEIGHT_OFFSET = 20

/** An image as the bytes it was made from. Only PNG has a size; nothing is drawn. */
export class NativeImage {
  #bytes: Buffer
  #isTemplate = false

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  isEmpty(): boolean {
    return this.#bytes.length === 0
  }
  getSize(): { width: number; height: number } {
    if (!this.#bytes.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)) {
      return { width: 0, height: 0 }
    }
    return {
      width: this.#bytes.readUInt32BE(PNG_WIDTH_OFFSET),
      height: this.#bytes.readUInt32BE(PNG_HEIGHT_OFFSET),
    }
  }
  toPNG(): Buffer {
    return Buffer.from(this.#bytes)
  }
  toDataURL(): string {
    return `data:image/png;base64,${this.#bytes.toString('base64')}`
  }
  resize(_options: object): NativeImage {
    return new NativeImage(this.#bytes)
  }
  /** Only the first representation is kept. */
  addRepresentation({ buffer, dataURL }: { buffer?: Buffer; dataURL?: string }): void {
    if (!this.isEmpty()) return
    this.#bytes = buffer ?? bytesOfDataUrl(dataURL ?? '')
  }
  setTemplateImage(isTemplate: boolean): void {
    this.#isTemplate = isTemplate
  }
  isTemplateImage(): boolean {
    return this.#isTemplate
  }
}
loudClass('nativeImage', NativeImage)

function bytesOfDataUrl(url: string): Buffer {
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
}

function readImage(path: string): NativeImage {
  try {
    return new NativeImage(readFileSync(path))
  } catch {
    return new NativeImage(Buffer.alloc(0)) // Electron, too, makes an empty image of a missing file.
  }
}

export const nativeImage = {
  createEmpty: (): NativeImage => new NativeImage(Buffer.alloc(0)),
  createFromPath: readImage,
  createFromBuffer: (bytes: Buffer): NativeImage => new NativeImage(Buffer.from(bytes)),
  createFromDataURL: (url: string): NativeImage => new NativeImage(bytesOfDataUrl(url)),
}
