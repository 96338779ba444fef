import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { randomBytes } from '#crypto/primitives.ts'
import { BODY_BYTES } from '../relay-subjects.ts'
import {
  freePort,
  isInstalled,
  ServerProcess,
  Unacknowledged,
  type Peer,
  type Receiver,
  type Sender,
} from './peer.ts'

// As much of XMPP as a login, messages and stream management (XEP-0198: the acknowledgements) need.

const SENDERS = 16
const OPEN_STREAM =
  "<?xml version='1.0'?><stream:stream to='localhost' xmlns='jabber:client' " +
  "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
const SM = "xmlns='urn:xmpp:sm:3'"

/** A logged-in client; `onText` gets what the server sends, as it comes. */
class Connection {
  readonly #socket: Socket
  #pending = ''
  #awaited: { readonly text: string; readonly resolve: () => void } | null = null
  onText: (text: string) => void = () => undefined

  constructor(port: number, onClose: () => void) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('utf8')
    this.#socket.on('data', (chunk: string) => this.#read(chunk))
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', onClose)
  }

  async logIn(name: string): Promise<void> {
    const credentials = Buffer.from(`\0${name}\0secret`).toString('base64')
    await this.ask(OPEN_STREAM, '</stream:features>')
    await this.ask(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${credentials}</auth>`,
      '<success',
    )
    await this.ask(OPEN_STREAM, '</stream:features>')
    await this.ask(
      "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
      '</iq>',
    )
  }

  /** Writes, and waits for a piece of the answer. */
  ask(xml: string, expected: string): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { text: expected, resolve }
      this.write(xml)
    })
  }

  write(xml: string): void {
    this.#socket.write(xml)
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: string): void {
    if (this.#awaited === null) {
      this.onText(chunk)
      return
    }
    this.#pending += chunk
    if (!this.#pending.includes(this.#awaited.text)) return
    const { resolve } = this.#awaited
    this.#awaited = null
    this.#pending = ''
    resolve()
  }
}

/** Counts the ends of an element in text that comes in pieces. */
function counter(element: string, found: () => void): (text: string) => void {
  let tail = ''
  return (chunk) => {
    const all = tail + chunk
    let at = all.indexOf(element)
    let end = 0
    for (; at >= 0; at = all.indexOf(element, end)) {
      end = at + element.length
      found()
    }
    tail = all.slice(Math.max(end, all.length - element.length + 1))
  }
}

/** Prosody with its default file store, as Debian packages it; `null` where it is not installed. */
export async function prosody(folder: string): Promise<Peer | null> {
  if (!isInstalled('prosody')) return null
  const port = await freePort()
  const data = join(folder, 'data')
  const accounts = join(data, 'localhost', 'accounts')
  mkdirSync(accounts, { recursive: true })
  const config = join(folder, 'prosody.cfg.lua')
  writeFileSync(
    config,
    `
run_as_root = true
daemonize = false
pidfile = "${folder}/prosody.pid"
data_path = "${data}"
log = { error = "${folder}/prosody.log" }
modules_enabled = { "saslauth", "smacks" }
modules_disabled = { "s2s" }
authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
c2s_ports = { ${port} }
c2s_interfaces = { "127.0.0.1" }
VirtualHost "localhost"
`,
  )
  const server = new ServerProcess('prosody', ['-F', '--config', config], port)
  const body = Buffer.from(randomBytes((BODY_BYTES * 3) / 4)).toString('base64')
  const addAccount = (name: string): void =>
    writeFileSync(join(accounts, `${name}.dat`), 'return {\n\t["password"] = "secret";\n};\n')
  for (let sender = 0; sender < 3 * SENDERS; sender++) addAccount(`s${sender}`)
  let senders = 0

  return {
    name: 'Prosody (file store)',
    promise: 'written to a file, not synced',
    onlinePerSecond: 600,
    start: () => server.start(),
    kill: () => server.kill(),
    prepare: async (recipients) => {
      for (let recipient = 0; recipient < recipients; recipient++) addAccount(`r${recipient}`)
    },
    sender: async (): Promise<Sender> => {
      const waiting = new Unacknowledged()
      const connection = new Connection(port, () => waiting.end())
      await connection.logIn(`s${senders++ % (3 * SENDERS)}`)
      await connection.ask(`<enable ${SM}/>`, '<enabled')
      let sent = 0
      let acknowledged = 0
      let text = ''
      connection.onText = (chunk) => {
        text += chunk
        for (const [, handled] of text.matchAll(/<a [^>]*h='(\d+)'[^>]*>/g)) {
          while (acknowledged < Number(handled)) waiting.acknowledge(++acknowledged)
        }
        text = text.slice(text.lastIndexOf('<'))
      }
      return {
        send: (recipient) => {
          sent += 1
          connection.write(
            `<message to='r${recipient}@localhost' type='chat' id='${sent}'>` +
              `<body>${body}</body></message><r ${SM}/>`,
          )
          return waiting.wait(sent)
        },
        close: () => connection.close(),
      }
    },
    receiver: async (recipient, received): Promise<Receiver> => {
      const connection = new Connection(port, () => undefined)
      await connection.logIn(`r${recipient}`)
      connection.onText = counter('</message>', received)
      connection.write('<presence/>')
      return { close: () => connection.close() }
    },
  }
}
