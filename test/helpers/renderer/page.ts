import { ANSWERS } from './fake-answers.ts'
import { FakeMain } from './fake-main.ts'
import { isScenarioName, SCENARIOS } from './scenarios.ts'

// Runs before the interface's own entry: gives it a main process that answers from memory.

const wanted = new URLSearchParams(location.search).get('scenario') ?? 'some'
if (!isScenarioName(wanted)) throw new RangeError(`no scenario ${wanted}`)
const fake = new FakeMain(SCENARIOS[wanted](), ANSWERS)
// `main` is for specs, which play the other side and the network with it.
Object.assign(window, { sotto: fake.bridge(), main: fake })
