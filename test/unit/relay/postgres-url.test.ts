import { describe, expect, test } from 'vitest'
import { relayConfig } from '#relay/config.ts'
import { describeDatabase, parseDatabaseUrl } from '#relay/postgres/database-url.ts'
import { valueOf } from '#test/helpers/value-of.ts'

describe('the URL of a database', () => {
  test('names servers, user, password and database', () => {
    const url = 'postgresql://relay:p%40ss%3Aword@db1:6000,db2,[fd00::3]:7000/sotto'
    expect(valueOf(parseDatabaseUrl(url))).toEqual({
      hosts: [
        { host: 'db1', port: 6000 },
        { host: 'db2', port: 5432 },
        { host: 'fd00::3', port: 7000 },
      ],
      user: 'relay',
      password: 'p@ss:word',
      database: 'sotto',
      tls: 'verify-full',
      rootCertFile: null,
    })
  })

  test('is shown without user and password', () => {
    const address = valueOf(parseDatabaseUrl('postgres://relay:secret@db1,[fd00::3]:7000/sotto'))
    expect(describeDatabase(address)).toBe('db1:5432,[fd00::3]:7000/sotto')
  })

  test.each([
    ['postgres://u@localhost/d', 'disable'],
    ['postgres://u@127.0.0.1,[::1]/d', 'disable'],
    ['postgres://u@/d?host=/run/postgresql', 'disable'],
    ['postgres://u@localhost,db2/d', 'verify-full'],
    ['postgres://u@10.0.0.1/d', 'verify-full'],
    ['postgres://u@10.0.0.1/d?sslmode=require', 'require'],
    ['postgres://u@localhost/d?sslmode=verify-ca&sslrootcert=/ca.pem', 'verify-ca'],
    ['postgres://u@db/d?target_session_attrs=read-write', 'verify-full'],
  ])('%s speaks TLS: %s', (url, tls) => {
    expect(valueOf(parseDatabaseUrl(url)).tls).toBe(tls)
  })

  test.each([
    ['mysql://u:hunter2@h/d', /must look like/],
    ['postgres://u:hunter2@h', /must look like/],
    ['postgres://u:hunter2@h/d#x', /must look like/],
    ['postgres://:hunter2@h/d', /name a user/],
    ['postgres://h/d', /name a user/],
    ['postgres://u:hunter2@h/', /name a database/],
    ['postgres://u:hunter2@/d', /one or more hosts/],
    ['postgres://u:hunter2@h,,i/d', /one or more hosts/],
    ['postgres://u:hunter2@h:70000/d', /one or more hosts/],
    ['postgres://u:hunter2%@h/d', /percent-encoded/],
    ['postgres://u:hunter2@h/d?sslmode=prefer', /sslmode must be one of/],
    ['postgres://u:hunter2@h/d?target_session_attrs=any', /primary/],
    ['postgres://u:hunter2@h/d?connect_timeout=3', /unknown parameter: connect_timeout/],
  ])('%s is refused in plain words, without the password', (database, why) => {
    const config = relayConfig({ database })
    if (config.ok) throw new Error('it was accepted')
    expect(config.error).toMatchObject({ code: 'INVALID_INPUT', cause: expect.stringMatching(why) })
    expect(JSON.stringify(config.error)).not.toContain('hunter2')
  })
})
