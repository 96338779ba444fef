import type { AccountView, ContactView, ConversationView, MessageView } from '#shared/views.ts'
import { printable } from './output.ts'

/** Local time, to the second: `2026-11-21 03:40:12`. */
export function localTime(timeMs: number): string {
  const time = new Date(timeMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}

/** Four digits apart: `0a1b 2c3d …`. */
export function groupedHex(hex: string): string {
  return hex.match(/.{1,4}/g)?.join(' ') ?? ''
}

export function accountText(account: AccountView, folder: string): string {
  return [
    `Address:      ${account.address}`,
    `Name:         ${printable(account.displayName) || '(none)'}`,
    `Fingerprint:  ${groupedHex(account.fingerprint)}`,
    `Relay:        ${account.registered ? 'knows the account' : 'not reached yet'}`,
    `Profile:      ${folder}`,
  ].join('\n')
}

const RELATIONS: Record<ContactView['relation'], string> = {
  'request-out': 'asked',
  'request-in': 'asks to write to you',
  accepted: 'contact',
  blocked: 'blocked',
}

export function contactText(contact: ContactView): string {
  const facts = [
    RELATIONS[contact.relation],
    ...(contact.verifiedAtMs === null ? [] : ['verified']),
    ...(contact.identityChanged ? ['KEYS CHANGED'] : []),
  ]
  return `${contact.address}  ${printable(contact.title)}  (${facts.join(', ')})`
}

export function conversationText(conversation: ConversationView): string {
  const { contact, lastMessage, unreadCount } = conversation
  const unread = unreadCount === 0 ? '' : `  ${unreadCount} unread`
  const last = lastMessage === null ? '' : `\n    ${messageText(lastMessage, contact)}`
  return `${contactText(contact)}${unread}${last}`
}

/** A message with its author and time; further lines are set in, so that none passes for another message. */
export function messageText(message: MessageView, contact: ContactView): string {
  const author = message.author === 'me' ? 'me' : contact.address
  const state = message.author === 'me' ? ` [${message.state}]` : ''
  const warning = message.signature === 'invalid' ? ' [INVALID SIGNATURE]' : ''
  const text = bodyOf(message).replaceAll('\n', '\n      ')
  return `${localTime(message.sentAtMs)}  ${author}${state}${warning}: ${text}`
}

function bodyOf(message: MessageView): string {
  if (message.kind === 'notice') return `(${message.notice ?? 'notice'})`
  if (message.kind === 'unreadable') return '(could not be opened; asked for again)'
  return printable(message.text)
}
