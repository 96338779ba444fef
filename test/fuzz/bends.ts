import fc, { type Arbitrary } from 'fast-check'
import { decodeUtf8, encodeUtf8 } from '#shared/bytes.ts'
import type { RawRequest } from './raw-http.ts'
import { mutated } from './schema-arbitrary.ts'

// A right request, made wrong in one place.

/** How a request is changed; the numbers choose the place. */
export type Bend =
  | { readonly kind: 'method'; readonly method: string }
  | { readonly kind: 'target'; readonly place: number; readonly text: string; readonly cut: number }
  | { readonly kind: 'drop' | 'repeat'; readonly place: number }
  | { readonly kind: 'header'; readonly place: number; readonly value: string }
  | { readonly kind: 'add'; readonly name: string; readonly value: string }
  | { readonly kind: 'truncate'; readonly place: number }
  | { readonly kind: 'bytes'; readonly place: number; readonly bytes: Uint8Array }
  | { readonly kind: 'member'; readonly seed: number }

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']

/** @param name - of headers. @param value - of headers. */
export function bend(name: Arbitrary<string>, value: Arbitrary<string>): Arbitrary<Bend> {
  const place = fc.nat(10_000)
  return fc.oneof(
    fc.record({ kind: fc.constant('method' as const), method: fc.constantFrom(...METHODS) }),
    fc.record({
      kind: fc.constant('target' as const),
      place,
      text: fc.constantFrom(
        '',
        '/',
        '0',
        '-1',
        'A',
        '%00',
        '%ff',
        '?after=1',
        '&after=2',
        '9'.repeat(30),
      ),
      cut: fc.nat(3),
    }),
    fc.record({ kind: fc.constantFrom('drop' as const, 'repeat'), place }),
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('header' as const), place, value }) },
    fc.record({ kind: fc.constant('add' as const), name, value }),
    fc.record({ kind: fc.constant('truncate' as const), place }),
    fc.record({
      kind: fc.constant('bytes' as const),
      place,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
    }),
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('member' as const), seed: place }) },
  )
}

function bentJson(body: Uint8Array, seed: number): Uint8Array {
  let value: unknown
  try {
    value = JSON.parse(decodeUtf8(body) ?? '')
  } catch {
    return body
  }
  const [changed] = fc.sample(mutated(value), { seed, numRuns: 1 })
  return encodeUtf8(JSON.stringify(changed) ?? '')
}

export function bent<Request extends RawRequest>(request: Request, how: Bend): Request {
  const { target, headers, body } = request
  switch (how.kind) {
    case 'method':
      return { ...request, method: how.method }
    case 'target': {
      const at = 1 + (how.place % target.length)
      return { ...request, target: target.slice(0, at) + how.text + target.slice(at + how.cut) }
    }
    case 'drop':
      return { ...request, headers: headers.toSpliced(how.place % (headers.length + 1), 1) }
    case 'repeat':
      return {
        ...request,
        headers: [...headers, ...headers.slice(how.place % (headers.length + 1))],
      }
    case 'header': {
      const at = how.place % Math.max(1, headers.length)
      return {
        ...request,
        headers: headers.map(([name, old], index) => [name, index === at ? how.value : old]),
      }
    }
    case 'add':
      return { ...request, headers: [...headers, [how.name, how.value]] }
    case 'truncate':
      return { ...request, body: body.subarray(0, how.place % (body.length + 1)) }
    case 'bytes': {
      const at = how.place % (body.length + 1)
      const rest = body.subarray(at + how.bytes.length)
      return { ...request, body: Buffer.concat([body.subarray(0, at), how.bytes, rest]) }
    }
    case 'member':
      return { ...request, body: bentJson(body, how.seed) }
  }
}
