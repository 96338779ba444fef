import * as v from 'valibot'
import type { Client } from '#core/client.ts'
import { failure } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'
import { ConversationIdView, type AboutView } from '#shared/views.ts'
import type { Handlers, HandlersOf } from './handlers.ts'

const OPEN_CONVERSATION = 'openConversation'

export interface SystemActions {
  /** Says whether the link was on the list of what may be opened. */
  readonly openOutside: (url: string) => boolean
  readonly writeClipboard: (text: string) => Promise<void>
  readonly about: () => AboutView
  readonly diagnostics: () => string
  readonly conversationShown: (conversationId: number | null) => void
  /** The page listens and has what it shows: what waited for it can come. */
  readonly pageReady: () => void
}

export function systemHandlers(
  openClient: () => Client | null,
  actions: SystemActions,
): HandlersOf<'clipboard' | 'about' | 'window'> & Pick<Handlers, 'links.openOutside'> {
  return {
    'links.openOutside': ({ url }) =>
      actions.openOutside(url) ? ok(undefined) : err(failure('FORBIDDEN')),
    'clipboard.writeText': async ({ text }) => ok(await actions.writeClipboard(text)),
    'about.get': () => ok(actions.about()),
    'about.getDiagnostics': () => ok(actions.diagnostics()),
    'window.setOpenConversation': ({ conversationId }) => {
      actions.conversationShown(conversationId)
      openClient()?.writeShellValue(OPEN_CONVERSATION, conversationId)
      return ok(undefined)
    },
    'window.getOpenConversation': () => {
      const stored = openClient()?.readShellValue(OPEN_CONVERSATION)
      return ok({ conversationId: v.is(ConversationIdView, stored) ? stored : null })
    },
    'window.reportReady': () => {
      actions.pageReady()
      return ok(undefined)
    },
  }
}
