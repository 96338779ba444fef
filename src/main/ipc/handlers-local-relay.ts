import { ok } from '#shared/result.ts'
import type { LocalRelay } from '../local-relay/local-relay.ts'
import type { HandlersOf } from './handlers.ts'

export function localRelayHandlers(relay: LocalRelay): HandlersOf<'localRelay'> {
  return {
    'localRelay.get': () => ok(relay.view()),
    'localRelay.start': ({ network }) => relay.start(network),
    'localRelay.stop': async () => ok(await relay.stop()),
  }
}
