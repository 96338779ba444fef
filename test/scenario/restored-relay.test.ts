import SQLite from 'better-sqlite3'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Relay } from '#core/ports.ts'
import { failure } from '#shared/errors.ts'
import { err } from '#shared/result.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { hostile } from '#test/helpers/hostile-relay.ts'
import { copyDatabase, putBack } from '#test/helpers/relay-backup.ts'
import { Scenario, type Person } from '#test/helpers/scenario.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import { ShiftedClock } from '../unit/relay/harness.ts'

const HOUR_MS = 3_600_000

let scenario: Scenario
beforeEach(async () => {
  scenario = await Scenario.start()
})
afterEach(() => scenario.close())

function backUp(): string {
  const copy = join(scenario.folder, 'backup.db')
  copyDatabase(join(scenario.folder, 'relay-0'), copy)
  return copy
}

/** Stops the relay, puts an older copy in place and starts it again. */
async function restore(copy: string): Promise<void> {
  const stopped = await scenario.stopRelay()
  putBack(stopped.dataDir, copy)
  await stopped.restart()
}

/** How many delivery tokens the relay takes no more. */
function endedTokens(): number {
  const database = new SQLite(join(scenario.folder, 'relay-0', 'relay.db'), { readonly: true })
  try {
    return database
      .prepare<[], { count: number }>(
        'SELECT count(*) AS count FROM tokens WHERE ended_ms IS NOT NULL',
      )
      .all()
      .reduce((sum, { count }) => sum + count, 0)
  } finally {
    database.close()
  }
}

/** What the other side shows as theirs. */
function received(reader: Person, writer: Person): string[] {
  return reader
    .texts(writer)
    .filter((text) => text.startsWith('them: '))
    .map((text) => text.slice('them: '.length))
}

describe('a relay restored from an older copy of its database', () => {
  test('gets again what it had taken and lost, and it arrives once', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'hi')
    await ben.showsState(ada, 'hi', 'delivered')
    ada.write(ben, 'before')
    await ada.showsState(ben, 'before', 'delivered')
    const copy = backUp()
    ada.write(ben, 'fetched')
    await ada.showsState(ben, 'fetched', 'delivered')
    await ben.close()
    ada.write(ben, 'lost one')
    ada.write(ben, 'lost two')
    await ada.showsState(ben, 'lost two', 'sent')

    await restore(copy)
    await ben.open()
    await ben.sees(ada, 'lost two')
    for (const text of ['lost one', 'lost two']) await ada.showsState(ben, text, 'delivered')
    expect(received(ben, ada).toSorted()).toEqual(['before', 'fetched', 'lost one', 'lost two'])
  })

  test('gets again what was under way while its users wrote on', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'hi')
    await ben.showsState(ada, 'hi', 'delivered')
    ada.write(ben, 'hello')
    await ada.showsState(ben, 'hello', 'delivered')
    const copy = backUp()
    await ada.close()
    ben.write(ada, 'waits for Ada')
    await ben.showsState(ada, 'waits for Ada', 'sent')
    await restore(copy)
    await ada.open()
    ada.write(ben, 'I am back')
    await ada.sees(ben, 'waits for Ada')
    await ben.showsState(ada, 'waits for Ada', 'delivered')
    await ada.showsState(ben, 'I am back', 'delivered')
    expect(received(ada, ben)).toEqual(['hi', 'waits for Ada'])
    expect(received(ben, ada)).toEqual(['hello', 'I am back'])
  })

  test('gets again the receipts that it has lost', async () => {
    let isReachable = true
    const wrapRelay = (relay: Relay): Relay => ({
      ...hostile(relay, {}),
      deposit: (...args) =>
        isReachable ? relay.deposit(...args) : Promise.resolve(err(failure('RELAY_UNREACHABLE'))),
    })
    const [ada, ben] = await scenario.friends('ada', 'ben', [{}, { wrapRelay }])
    ben.write(ada, 'hi')
    await ben.showsState(ada, 'hi', 'delivered')
    isReachable = false
    ada.write(ben, 'got it?')
    await ben.sees(ada, 'got it?')
    await ben.client.whenSettled()
    // The relay knows that Ben has it, and will not give it to him again.
    const copy = backUp()
    await ada.close()
    isReachable = true
    ben.client.reconnectNow()
    await eventually('the receipt is gone', () => ben.client.connection().waitingCount === 0)
    await restore(copy)
    await ada.open()
    await ada.showsState(ben, 'got it?', 'delivered')
    expect(received(ben, ada)).toEqual(['got it?'])
  })

  test('learns again who may write and who may not, and gives fresh prekeys', async () => {
    const cyd = await scenario.person('cyd')
    const copy = backUp()
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'hi')
    await ben.showsState(ada, 'hi', 'delivered')
    ada.write(ben, 'hello')
    await ada.showsState(ben, 'hello', 'delivered')

    // It knows neither of them any more, nor their tokens and keys.
    await restore(copy)
    ada.write(ben, 'still there?')
    ben.write(ada, 'are you?')
    // Its log has lost entries, which nobody can tell from a lie: they are asked, and go on with it (decision 0050).
    await eventually('both are asked', () =>
      [ada, ben].every(({ client }) => client.distrustedRelays().length > 0),
    )
    await eventually('what waited arrives', () => {
      for (const { client } of [ada, ben]) {
        for (const { host } of client.distrustedRelays()) valueOf(client.trustRelayAgain(host))
      }
      const [toBen, toAda] = [received(ben, ada), received(ada, ben)]
      return toBen.includes('still there?') && toAda.includes('are you?')
    })
    await ada.showsState(ben, 'still there?', 'delivered')
    valueOf(await cyd.client.addContact(ada.address))
    await eventually('the request arrives', () => ada.knows(cyd))
    expect([...received(ada, ben), ...received(ben, ada)]).toEqual([
      'hi',
      'are you?',
      'hello',
      'still there?',
    ])
  })

  test('does not let a blocked contact in again', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'hi')
    await ben.showsState(ada, 'hi', 'delivered')
    const copy = backUp()
    valueOf(ada.client.blockContact(ada.contactId(ben)))
    await ada.client.whenSettled()
    ben.write(ada, 'refused')
    await ben.showsState(ada, 'refused', 'failed')
    await restore(copy)
    await eventually('the token is withdrawn again', () => endedTokens() === 1)
    const before = ada.messages(ben).length
    ben.write(ada, 'and now?')
    // The relay has just been restored: what it refuses may pass, so this is not a failure yet.
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(ada.messages(ben)).toHaveLength(before)
    expect(ben.messages(ada).at(-1)).toMatchObject({ text: 'and now?', state: 'waiting' })
  })

  test('is found out by time alone, where it does not know that it is an older copy', async () => {
    const clock = new ShiftedClock()
    const [ada, ben] = await scenario.friends('ada', 'ben', [{ clock }])
    ben.write(ada, 'hi')
    await ben.showsState(ada, 'hi', 'delivered')
    ada.write(ben, 'hello')
    await ada.showsState(ben, 'hello', 'delivered')
    const stopped = await scenario.stopRelay()
    const copy = join(scenario.folder, 'backup.db')
    const mark = join(scenario.folder, 'backup.era')
    copyDatabase(stopped.dataDir, copy)
    copyFileSync(join(stopped.dataDir, 'relay.era'), mark)
    await stopped.restart()
    await ben.close()
    ada.write(ben, 'lost')
    await ada.showsState(ben, 'lost', 'sent')
    const again = await scenario.stopRelay()
    putBack(again.dataDir, copy)
    copyFileSync(mark, join(again.dataDir, 'relay.era'))
    await again.restart()
    await ben.open()
    await ben.online()
    await ben.client.whenSettled()
    expect(received(ben, ada)).toEqual(['hello'])

    await ada.close()
    clock.shiftMs = 2 * HOUR_MS
    await ada.open()
    await ben.sees(ada, 'lost')
    await ada.showsState(ben, 'lost', 'delivered')
    expect(received(ben, ada)).toEqual(['hello', 'lost'])
  })
})
