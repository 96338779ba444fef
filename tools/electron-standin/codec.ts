import { createCodec } from './page/codec.ts'

/** The codec of the main process's side. */
export const codec = createCodec()
