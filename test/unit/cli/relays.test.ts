import SQLite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '#cli/exit-codes.ts'
import type { RelayTrustView } from '#shared/views.ts'
import { Scenario } from '#test/helpers/scenario.ts'
import { twoFriends, type Sotto } from './sotto.ts'

describe('sotto, at a relay that lies about keys', () => {
  let scenario: Scenario
  let ada: Sotto
  const benAddress = () => `ben@${scenario.host}`

  beforeAll(async () => {
    scenario = await Scenario.start()
    ;[ada] = await twoFriends(scenario.host, scenario.folder)
  })
  afterAll(() => scenario.close())

  it('says so, sends nothing, shows the evidence, and goes on when told to', async () => {
    const none = await ada.run(['relays'])
    expect(none).toMatchObject({ exitCode: EXIT.done, stdout: '' })
    expect(none.stderr).toContain('No relay is distrusted')

    const { restart } = await scenario.stopRelay()
    const database = new SQLite(scenario.relayDatabase)
    database.prepare("DELETE FROM meta WHERE name = 'log key'").run()
    database.close()
    await restart()
    await ada.run(['receive'])

    const sent = await ada.run(['send', benAddress(), 'while distrusted'])
    expect(sent.exitCode).toBe(EXIT.identity)
    expect(sent.stderr).toContain('sotto relays')
    const [relay] = await ada.json<RelayTrustView>('relays')
    expect(relay).toMatchObject({ host: scenario.host, isOwn: true, reason: 'key-changed' })
    const shown = await ada.print('relays')
    expect(shown).toContain('It signs its log of keys with another key than before.')
    expect(shown).toContain('"checkpoint"')

    expect((await ada.run(['relays', '--trust-again', 'not a host'])).exitCode).toBe(EXIT.usage)
    await ada.run(['relays', '--trust-again', scenario.host])
    expect(await ada.json<RelayTrustView>('relays')).toEqual([])
    await ada.run(['receive'])
    const messages = await ada.json<{ text: string; state: string }>('messages', benAddress())
    expect(messages.find(({ text }) => text === 'while distrusted')?.state).not.toBe('waiting')
  })
})
