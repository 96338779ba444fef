import type { AppStateView, MessageView } from '#ipc/views.ts'
import { resetDrafts } from '../composer/drafts.ts'
import { call, on } from '../ipc/bridge.ts'
import { useApp } from './app.ts'
import { dropReply, resetReplies } from './composer.ts'
import {
  dropConversations,
  mergeConversations,
  resetConversations,
  setConversations,
  useConversations,
} from './conversations.ts'
import { openConversation } from './navigation.ts'
import { closeAllOverlays, openOverlay } from './overlays.ts'
import { addMessages, changeMessages, removeMessages, resetThreads } from './threads.ts'

/** Called with messages that were just added, after the stores have them. */
export type AddedListener = (messages: readonly MessageView[]) => void

/**
 * Connects the stores with the main process: listens first, then reads what there is, so that nothing falls
 * between. Resolves when the first screen can be drawn. Called once.
 */
export async function startFeed(onAdded: AddedListener): Promise<void> {
  on('app.stateChanged', (app) => void follow(app))
  on('connection.changed', (connection) => useApp.setState({ connection }))
  on('account.changed', (account) => useApp.setState({ app: { phase: 'ready', account } }))
  on('settings.changed', (settings) => useApp.setState({ settings }))
  on('relays.changed', (distrustedRelays) => useApp.setState({ distrustedRelays }))
  on('conversations.changed', mergeConversations)
  on('conversations.removed', (ids) => {
    dropConversations(ids)
    for (const id of ids) dropReply(id, null)
  })
  on('messages.added', (messages) => {
    addMessages(messages)
    onAdded(messages)
  })
  on('messages.changed', changeMessages)
  on('messages.removed', (removed) => {
    for (const { conversationId, seq } of removed) {
      removeMessages(conversationId, seq)
      dropReply(conversationId, seq)
    }
  })
  on('screen.lockChanged', ({ locked }) => useApp.setState({ screenLocked: locked }))
  on('conversation.requested', ({ conversationId }) => {
    closeAllOverlays()
    openConversation(conversationId)
  })
  on('link.opened', ({ link }) => {
    // The first run takes links itself.
    if (useApp.getState().app.phase !== 'first-run') openOverlay({ kind: 'add-contact', link })
  })

  const [settings, app] = await Promise.all([
    call('settings.get', undefined),
    call('app.getState', undefined),
  ])
  if (settings.ok) useApp.setState({ settings: settings.value })
  if (app.ok) await follow(app.value)
}

async function follow(app: AppStateView): Promise<void> {
  const before = useApp.getState().app.phase
  if (app.phase === 'ready' && before !== 'ready') await loadProfile()
  if (app.phase !== 'ready' && before === 'ready') {
    resetConversations()
    resetThreads()
    resetReplies()
    useApp.setState({ distrustedRelays: [] })
    closeAllOverlays()
  }
  if (app.phase === 'first-run') resetDrafts()
  useApp.setState({ app })
}

async function loadProfile(): Promise<void> {
  const [list, connection, settings, relays, open] = await Promise.all([
    call('conversations.list', undefined),
    call('network.getState', undefined),
    call('settings.get', undefined),
    call('relays.listDistrusted', undefined),
    call('window.getOpenConversation', undefined),
  ])
  if (list.ok) setConversations(list.value)
  if (connection.ok) useApp.setState({ connection: connection.value })
  if (settings.ok) useApp.setState({ settings: settings.value })
  if (relays.ok) useApp.setState({ distrustedRelays: relays.value })
  const last = open.ok ? open.value.conversationId : null
  if (last !== null && useConversations.getState().byId.has(last)) openConversation(last)
}
