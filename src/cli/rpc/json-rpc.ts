import * as v from 'valibot'

// JSON-RPC 2.0 (https://www.jsonrpc.org/specification), one message a line.

/** The codes of the specification (§5.1), and ours for a use case that was refused. */
export const RPC_CODE = {
  parseError: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internalError: -32_603,
  refused: -32_000,
} as const

export type RpcId = string | number | null

export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data: unknown
}

export type RpcResponse = {
  readonly jsonrpc: '2.0'
  readonly id: RpcId
} & ({ readonly result: unknown } | { readonly error: RpcError })

const Id = v.union([v.string(), v.number(), v.null_()])

const Request = v.strictObject({
  jsonrpc: v.literal('2.0'),
  id: v.optional(Id),
  method: v.string(),
  params: v.optional(v.union([v.array(v.unknown()), v.record(v.string(), v.unknown())])),
})
/** A request; a notification where it has no `id`. */
export type RpcRequest = v.InferOutput<typeof Request>

/** One message as it came: a request, or what cannot be answered but with an error. */
export type Incoming =
  | { readonly kind: 'request'; readonly request: RpcRequest }
  | { readonly kind: 'invalid'; readonly id: RpcId }

/** Checks one member of a message. */
export function readRequest(value: unknown): Incoming {
  const parsed = v.safeParse(Request, value)
  if (parsed.success) return { kind: 'request', request: parsed.output }
  const withId = v.safeParse(v.object({ id: Id }), value)
  return { kind: 'invalid', id: withId.success ? withId.output.id : null }
}
