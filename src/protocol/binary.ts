import { decodeUtf8, encodeUtf8 } from '#shared/bytes.ts'

/**
 * Writes fixed layouts: big-endian integers and byte strings, one after the other (PROTOCOL §1).
 * Integers out of range throw `RangeError`: the caller has a bug.
 */
export class BinaryWriter {
  readonly #parts: Uint8Array[] = []
  #length = 0

  bytes(value: Uint8Array): this {
    this.#parts.push(value)
    this.#length += value.length
    return this
  }

  uint8(value: number): this {
    return this.#integer(value, 1)
  }

  uint16(value: number): this {
    return this.#integer(value, 2)
  }

  uint32(value: number): this {
    return this.#integer(value, 4)
  }

  /** A whole number up to 2^53 − 1 in eight bytes. */
  uint64(value: number): this {
    return this.#integer(value, 8)
  }

  /** Bytes after their length as uint16. */
  prefixed(value: Uint8Array): this {
    return this.uint16(value.length).bytes(value)
  }

  /** UTF-8 text after its length in bytes as uint16. */
  text(value: string): this {
    return this.prefixed(encodeUtf8(value))
  }

  finish(): Uint8Array<ArrayBuffer> {
    const joined = new Uint8Array(this.#length)
    let offset = 0
    for (const part of this.#parts) {
      joined.set(part, offset)
      offset += part.length
    }
    return joined
  }

  #integer(value: number, size: number): this {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** size) {
      throw new RangeError(`not an unsigned integer of ${String(size)} bytes`)
    }
    const encoded = new Uint8Array(size)
    for (let i = size - 1, rest = value; i >= 0; i--) {
      encoded[i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    return this.bytes(encoded)
  }
}

/**
 * Reads what {@link BinaryWriter} wrote. It never throws on hostile input: once a read runs past the end, or finds
 * something malformed, every further read gives empty values and {@link BinaryReader.finish} says `false`.
 */
export class BinaryReader {
  readonly #source: Uint8Array
  #offset = 0
  #failed = false

  constructor(source: Uint8Array) {
    this.#source = source
  }

  /** A copy of the next `length` bytes; empty after a failure. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    const end = this.#offset + length
    if (this.#failed || end > this.#source.length) {
      this.#failed = true
      return new Uint8Array(0)
    }
    const value = new Uint8Array(length)
    value.set(this.#source.subarray(this.#offset, end))
    this.#offset = end
    return value
  }

  uint8(): number {
    return this.#integer(1)
  }

  uint16(): number {
    return this.#integer(2)
  }

  uint32(): number {
    return this.#integer(4)
  }

  /** Eight bytes as a number; values above 2^53 − 1 fail. */
  uint64(): number {
    return this.#integer(8)
  }

  prefixed(): Uint8Array<ArrayBuffer> {
    return this.bytes(this.uint16())
  }

  text(): string {
    const value = decodeUtf8(this.prefixed())
    if (value === null) this.#failed = true
    return value ?? ''
  }

  /** Fails the whole reading where a value that was read is not acceptable. */
  require(condition: boolean): void {
    if (!condition) this.#failed = true
  }

  /** Whether reading may go on. */
  get ok(): boolean {
    return !this.#failed
  }

  /** Whether everything was read without a failure and nothing is left over. */
  finish(): boolean {
    return !this.#failed && this.#offset === this.#source.length
  }

  #integer(size: number): number {
    let value = 0
    for (const byte of this.bytes(size)) value = value * 256 + byte
    if (!Number.isSafeInteger(value)) this.#failed = true
    return value
  }
}
