// Adds up the results of the test runs named on the command line (JSON reports of vitest and Playwright) and ends with
// one line: `N passed, N failed`. Where a test was skipped it says which; with --no-skips that counts as a failure.
import { readFileSync } from 'node:fs'

interface Outcome {
  readonly name: string
  readonly status: 'passed' | 'failed' | 'skipped'
}

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
    readonly status: string
    readonly name: string
  }[]
}

interface PlaywrightSuite {
  readonly title: string
  readonly suites?: readonly PlaywrightSuite[]
  readonly specs?: readonly {
    readonly title: string
    readonly tests: readonly { readonly status: string }[]
  }[]
}

interface PlaywrightReport {
  readonly suites: readonly PlaywrightSuite[]
}

function fromVitest(report: VitestReport): Outcome[] {
  return report.testResults.flatMap((file): Outcome[] => {
    if (file.assertionResults.length === 0 && file.status === 'failed') {
      return [{ name: file.name, status: 'failed' }]
    }
    return file.assertionResults.map(({ fullName, status }) => ({
      name: fullName,
      status: status === 'passed' ? 'passed' : status === 'failed' ? 'failed' : 'skipped',
    }))
  })
}

function fromPlaywright(suite: PlaywrightSuite): Outcome[] {
  const own = (suite.specs ?? []).flatMap(({ title, tests }) =>
    tests.map(({ status }): Outcome => ({
      name: `${suite.title} › ${title}`,
      // `flaky` passed at a second try only, which we do not allow.
      status: status === 'expected' ? 'passed' : status === 'skipped' ? 'skipped' : 'failed',
    })),
  )
  return [...own, ...(suite.suites ?? []).flatMap(fromPlaywright)]
}

function read(file: string): Outcome[] {
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport | PlaywrightReport
  return 'testResults' in report
    ? fromVitest(report)
    : report.suites.flatMap((suite) => fromPlaywright(suite))
}

const args = process.argv.slice(2)
const outcomes = args.filter((arg) => !arg.startsWith('--')).flatMap(read)
const named = (status: Outcome['status']): string[] =>
  outcomes.filter((outcome) => outcome.status === status).map(({ name }) => name)
const skipped = named('skipped')
const failed = args.includes('--no-skips') ? [...named('failed'), ...skipped] : named('failed')
for (const name of failed) console.log(`failed: ${name}`)
for (const name of skipped) console.log(`skipped: ${name}`)
console.log(`${named('passed').length} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 && outcomes.length > 0 ? 0 : 1
