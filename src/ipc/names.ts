import type { CallName, EventName } from './contract.ts'

// The names of the contract alone, for the preload script: with them it stays small, since the schemas (and the
// schema library) are left to the main process. The types make a missing or an extra name a compile error.

/** The one channel of calls, page to main. */
export const CALL_CHANNEL = 'sotto:call'
/** The one channel of events, main to page. */
export const EVENT_CHANNEL = 'sotto:event'

const calls: Readonly<Record<CallName, true>> = {
  'app.getState': true,
  'app.retry': true,
  'app.unlockVault': true,
  'onboarding.checkRelay': true,
  'onboarding.checkName': true,
  'onboarding.createAccount': true,
  'localRelay.get': true,
  'localRelay.start': true,
  'localRelay.stop': true,
  'account.get': true,
  'account.updateProfile': true,
  'account.createInvite': true,
  'account.delete': true,
  'links.preview': true,
  'links.openOutside': true,
  'clipboard.writeText': true,
  'contacts.add': true,
  'contacts.get': true,
  'contacts.rename': true,
  'contacts.accept': true,
  'contacts.block': true,
  'contacts.unblock': true,
  'contacts.remove': true,
  'contacts.safetyNumber': true,
  'contacts.setVerified': true,
  'contacts.compareQr': true,
  'contacts.acceptIdentity': true,
  'conversations.list': true,
  'conversations.get': true,
  'conversations.update': true,
  'conversations.markRead': true,
  'conversations.clear': true,
  'messages.page': true,
  'messages.send': true,
  'messages.retry': true,
  'messages.remove': true,
  'messages.search': true,
  'messages.inspect': true,
  'messages.tamper': true,
  'settings.get': true,
  'settings.update': true,
  'network.getState': true,
  'network.reconnect': true,
  'network.testProxy': true,
  'relays.listDistrusted': true,
  'relays.trustAgain': true,
  'keys.getHealth': true,
  'about.get': true,
  'about.getDiagnostics': true,
  'window.setOpenConversation': true,
  'window.getOpenConversation': true,
  'window.reportReady': true,
}

const events: Readonly<Record<EventName, true>> = {
  'app.stateChanged': true,
  'connection.changed': true,
  'account.changed': true,
  'localRelay.changed': true,
  'settings.changed': true,
  'relays.changed': true,
  'conversations.changed': true,
  'conversations.removed': true,
  'messages.added': true,
  'messages.changed': true,
  'messages.removed': true,
  'conversation.requested': true,
  'link.opened': true,
  'menu.chosen': true,
  'screen.lockChanged': true,
}

/** Every call of the contract. */
export const CALL_NAMES: ReadonlySet<string> = new Set(Object.keys(calls))
/** Every event of the contract. */
export const EVENT_NAMES: ReadonlySet<string> = new Set(Object.keys(events))
