import { expect, test, vi } from 'vitest'

vi.mock('electron', () => ({ app: {} }))
const { parseLaunchArguments } = await import('../../../src/main/launch-arguments.ts')

const DEFAULTS = { profile: 'default', link: null, background: false, smokeTest: false }
const LINK = 'sotto://add?v=1&a=ada%40relay.example.org'

test.each<[string[], object]>([
  [[], {}],
  [['--profile', 'work'], { profile: 'work' }],
  [['--profile=work'], { profile: 'work' }],
  [['--background'], { background: true }],
  [['--smoke-test'], { smokeTest: true }],
  [[LINK], { link: LINK }],
  [['--inspect=0', '--user-data-dir=/tmp/x', '.', '--', LINK], { link: LINK }],
  [['https://example.org'], {}],
])('%j', (argv, expected) => {
  expect(parseLaunchArguments(argv)).toEqual({ ...DEFAULTS, ...expected })
})

test.each(['../other', 'a/b', '', '.hidden', 'x'.repeat(33), 'naïve'])(
  'the profile name %j is refused',
  (name) => {
    expect(parseLaunchArguments([`--profile=${name}`])).toBeNull()
  },
)

test('a link that is too long is not a link', () => {
  expect(parseLaunchArguments([LINK + 'x'.repeat(2_000)])?.link).toBeNull()
})

test('a link cannot pass as a switch', () => {
  const argv = ['--', 'sotto://add?v=1', '--profile=other']
  expect(parseLaunchArguments(argv)?.profile).toBe('default')
})
