import type { Address, Contact, ContactId, Relation } from '#core/model.ts'
import type { ContactTable } from '#core/ports.ts'
import type { Connection, Row, SqlValue, Statement } from './connection.ts'
import type { SqliteMessageTable } from './message-table.ts'
import { bytes, bytesOrNull, flag, integer, integerOrNull, localId, oneOf, text } from './row.ts'

const RELATIONS: readonly Relation[] = ['request-out', 'request-in', 'accepted', 'blocked']
const TOKEN_KINDS = ['invite', 'grant'] as const

export class SqliteContactTable implements ContactTable {
  readonly #connection: Connection
  readonly #messages: SqliteMessageTable
  readonly #add: Statement
  readonly #get: Statement
  readonly #byAddress: Statement
  readonly #byInboundLabel: Statement
  readonly #list: Statement
  readonly #update: Statement
  readonly #conversationOf: Statement
  readonly #remove: Statement

  constructor(connection: Connection, messages: SqliteMessageTable) {
    this.#connection = connection
    this.#messages = messages
    this.#add = connection.statement(`
      INSERT INTO contacts VALUES (
        NULL, @address, @displayName, @petname, @signingKey, @relation, @verifiedAtMs, @changedSigningKey,
        @outboundToken, @outboundTokenKind, @inboundToken, @inboundLabel, @inboundTokenRegistered,
        @inboundTokenGranted, @knocked, @createdAtMs
      )`)
    this.#get = connection.statement('SELECT * FROM contacts WHERE id = ?')
    this.#byAddress = connection.statement('SELECT * FROM contacts WHERE address = ?')
    this.#byInboundLabel = connection.statement('SELECT * FROM contacts WHERE inbound_label = ?')
    this.#list = connection.statement('SELECT * FROM contacts ORDER BY id')
    this.#update = connection.statement(`
      UPDATE contacts SET
        display_name = @displayName, petname = @petname, signing_key = @signingKey, relation = @relation,
        verified_at_ms = @verifiedAtMs, changed_signing_key = @changedSigningKey,
        outbound_token = @outboundToken, outbound_token_kind = @outboundTokenKind,
        inbound_token = @inboundToken, inbound_label = @inboundLabel,
        inbound_token_registered = @inboundTokenRegistered,
        inbound_token_granted = @inboundTokenGranted, knocked = @knocked, created_at_ms = @createdAtMs
      WHERE id = @id`)
    this.#conversationOf = connection.statement('SELECT id FROM conversations WHERE contact_id = ?')
    this.#remove = connection.statement('DELETE FROM contacts WHERE id = ?')
  }

  add(contact: Omit<Contact, 'id'>): Contact {
    const { id } = this.#add.run(toValues(contact))
    return { ...contact, id: id as ContactId }
  }

  get(id: ContactId): Contact | null {
    return toContactOrNull(this.#get.get(id))
  }

  byAddress(address: Address): Contact | null {
    return toContactOrNull(this.#byAddress.get(address))
  }

  byInboundLabel(label: Uint8Array): Contact | null {
    return toContactOrNull(this.#byInboundLabel.get(label))
  }

  list(): Contact[] {
    return this.#list.all().map(toContact)
  }

  update(id: ContactId, change: Partial<Omit<Contact, 'id' | 'address'>>): Contact {
    const contact = this.get(id)
    if (contact === null) throw new RangeError('no such contact')
    const changed = { ...contact, ...change }
    this.#update.run({ ...toValues(changed), id })
    return changed
  }

  remove(id: ContactId): void {
    this.#connection.atomically(() => {
      const conversation = this.#conversationOf.get(id)
      if (conversation !== undefined) this.#messages.removeAll(localId(conversation, 'id'))
      this.#remove.run(id)
    })
  }
}

function toValues(contact: Omit<Contact, 'id'>): Record<string, SqlValue> {
  return {
    ...contact,
    inboundTokenRegistered: Number(contact.inboundTokenRegistered),
    inboundTokenGranted: Number(contact.inboundTokenGranted),
    knocked: Number(contact.knocked),
  }
}

function toContactOrNull(row: Row | undefined): Contact | null {
  return row === undefined ? null : toContact(row)
}

function toContact(row: Row): Contact {
  return {
    id: localId(row, 'id'),
    address: text(row, 'address') as Address,
    displayName: text(row, 'display_name'),
    petname: text(row, 'petname'),
    signingKey: bytes(row, 'signing_key'),
    relation: oneOf(row, 'relation', RELATIONS),
    verifiedAtMs: integerOrNull(row, 'verified_at_ms'),
    changedSigningKey: bytesOrNull(row, 'changed_signing_key'),
    outboundToken: bytesOrNull(row, 'outbound_token'),
    outboundTokenKind:
      row['outbound_token_kind'] === null ? null : oneOf(row, 'outbound_token_kind', TOKEN_KINDS),
    inboundToken: bytes(row, 'inbound_token'),
    inboundLabel: bytes(row, 'inbound_label'),
    inboundTokenRegistered: flag(row, 'inbound_token_registered'),
    inboundTokenGranted: flag(row, 'inbound_token_granted'),
    knocked: flag(row, 'knocked'),
    createdAtMs: integer(row, 'created_at_ms'),
  }
}
