import { afterEach, beforeEach, expect, test } from 'vitest'
import { Scenario } from '#test/helpers/scenario.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { valueOf } from '#test/helpers/value-of.ts'

let scenario: Scenario
beforeEach(async () => {
  scenario = await Scenario.start()
})
afterEach(() => scenario.close())

test.each([true, false])(
  'what waits while signed messages are switched to %s goes as it was written',
  async (after) => {
    const ada = await scenario.person('ada')
    const ben = await scenario.person('ben')
    valueOf(await ada.client.addContact(ben.address))
    const id = ada.conversationId(ben)
    valueOf(ada.client.updateConversation(id, { signedMessages: !after }))
    // There is no session yet: it is sealed later.
    const { signature } = ada.write(ben, 'written before')
    expect(signature).toBe(after ? 'none' : 'valid')
    valueOf(ada.client.updateConversation(id, { signedMessages: after }))

    await eventually('ben is asked', () => ben.knows(ada))
    valueOf(ben.client.acceptContact(ben.contactId(ada)))
    expect(await ben.sees(ada, 'written before')).toMatchObject({ signature })
  },
)
