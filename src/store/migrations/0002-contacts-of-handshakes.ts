import type { Migration } from './migration.ts'

/** Whose session an accepted handshake began, so that its later messages find it under any label (PROTOCOL §5.3). */
export const contactsOfHandshakes: Migration = {
  version: 2,
  up: (connection) => {
    connection.exec(`
      ALTER TABLE handshakes ADD COLUMN contact_id INTEGER REFERENCES contacts (id) ON DELETE SET NULL;
      CREATE INDEX handshakes_by_contact ON handshakes (contact_id);`)
  },
}
