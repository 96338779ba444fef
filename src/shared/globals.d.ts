// The two web globals that every runtime of Sotto has (Node, Electron's main process, the page), declared
// by hand so that shared code compiles without the DOM's and Node's type libraries.
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(input?: Uint8Array): string
}
