// Account names that look like one another (RELAY-API §4.4). Names are ASCII already, so what is left of Unicode's
// confusables (UTS #39) are a few letters and digits, pairs of letters that run together, and separators that are
// easily missed.

const SEPARATORS = /[._-]/g
const LIKE_L = /[1i]/g
const LIKE_O = /0/g
const LIKE_M = /rn/g
const LIKE_W = /vv/g

/**
 * What a name looks like: two names with the same skeleton are taken for one another. Not a name itself, and never
 * shown.
 * @param name - matches `NAME_PATTERN`.
 */
export function nameSkeleton(name: string): string {
  return name
    .replace(SEPARATORS, '')
    .replace(LIKE_L, 'l')
    .replace(LIKE_O, 'o')
    .replace(LIKE_M, 'm')
    .replace(LIKE_W, 'w')
}

/** Makes a check for names that are, or look like, one of `names`. */
export function reservedNames(names: readonly string[]): (name: string) => boolean {
  const skeletons = new Set(names.map(nameSkeleton))
  return (name) => skeletons.has(nameSkeleton(name))
}

/** Names that people take for the relay's own (after RFC 2142 and what operators are called). */
export const RESERVED_NAMES: readonly string[] = [
  'abuse',
  'admin',
  'administrator',
  'billing',
  'everyone',
  'help',
  'helpdesk',
  'hostmaster',
  'info',
  'mail',
  'mailer-daemon',
  'moderator',
  'noc',
  'no-reply',
  'nobody',
  'official',
  'operator',
  'owner',
  'postmaster',
  'relay',
  'root',
  'security',
  'service',
  'sotto',
  'sotto-team',
  'staff',
  'superuser',
  'support',
  'sysadmin',
  'system',
  'team',
  'trust',
  'verification',
  'verify',
  'webmaster',
]
