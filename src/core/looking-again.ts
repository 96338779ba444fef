import { nextSizeForContact } from '#crypto/key-log.ts'
import type { ErrorCode, Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { hostOf, type Address } from '#protocol/address.ts'
import type { Context } from './context.ts'
import { checkGrowth, distrust, fetchProvenChain } from './relay-logs.ts'

/**
 * Looks again at a name at the sizes of the log up to `size` at which its owner looks too (PROTOCOL §18.7), in a turn of
 * its host. Nothing is asked about a name that was never looked at.
 * @returns whether the name's chain has grown.
 */
export async function lookAgainUpTo(
  context: Context,
  address: Address,
  size: number,
): Promise<Result<boolean, Failure<ErrorCode>>> {
  let hasGrown = false
  for (;;) {
    const followed = context.store.relayLogs.followed(address)
    const next = followed && nextSizeForContact(followed.size)
    if (next === null || next > size) return ok(hasGrown)
    const then = await fetchProvenChain(context, address, { size: next })
    if (!then.ok) {
      if (then.error.code !== 'ACCOUNT_UNKNOWN') return then
      // A name that was in the log can't be missing from it later.
      return err(distrust(context, hostOf(address), 'entry-replaced', null))
    }
    const grown = await checkGrowth(context, address, then.value)
    if (!grown.ok) return grown
    hasGrown ||= grown.value
  }
}
