import { describe, expect, it } from 'vitest'
import { runCommand } from '../support/cli-run.ts'

describe('wrong usage', () => {
  it.each([
    ['an unknown command', ['scpoe'], "unknown command 'scpoe'\n(Did you mean scope?)"],
    ['an unknown subcommand', ['scope', 'creat'], '(Did you mean create?)'],
    ['an unknown option', ['scope', 'list', '--jsn'], '(Did you mean --json?)'],
    ['a missing argument', ['scope', 'show'], "missing required argument 'scope'"],
    ['too many arguments', ['scope', 'list', 'x'], 'too many arguments'],
    ['a missing provider', ['drill', 'run'], '--provider: name the CDN to lose'],
    [
      'a duration without a unit',
      ['drill', 'run', '--provider', 'a', '--hold', '5'],
      '--hold: write a number and a unit',
    ],
    ['a time limit of no duration', ['scope', 'list', '--timeout', 'soon'], '--timeout: write a number and a unit'],
    ['an unknown method', ['drill', 'run', '--provider', 'a', '--method', 'x'], '--method: must be drain or fault'],
    ['an unknown role', ['key', 'create', 'x', '--role', 'root'], '--role: must be reader, operator or admin'],
    ['a drain for no time', ['provider', 'drain', 'a', '--for', '10ms'], '--for: must be 1s or more'],
    ['a URL that is none', ['scope', 'list', '--url', 'localhost:8080'], 'must be an absolute http:// or https:// URL'],
    ['a password in the URL', ['scope', 'list', '--url', 'http://u:p@h'], 'without user information'],
    ['serve without a file', ['serve'], "required option '--config <file>' not specified"],
    [
      'a listen address without a port',
      ['serve', '--config', 'x', '--listen', 'localhost'],
      '--listen: must be HOST:PORT',
    ],
    ['a port that is none', ['start', '--port', '70000'], '--port: must be a number from 0 to 65535'],
    ['a lab without a folder', ['lab'], "required option '--data <dir>' not specified"],
  ])('%s ends with 2 and says what is wrong', async (_, args, message) => {
    const run = await runCommand(args)
    expect(run).toMatchObject({ exitCode: 2, stdout: '' })
    expect(run.stderr).toContain(message)
  })

  it('prints no password of a URL', async () => {
    expect((await runCommand(['scope', 'list', '--url', 'http://user:hunter2@h'])).stderr).not.toContain('hunter2')
  })
})

describe('help', () => {
  it.each([
    [['--help']],
    [['scope', '--help']],
    [['serve', '--help']],
    [['lab', '--help']],
    [['drill', 'run', '--help']],
  ])('%j goes to stdout and ends with 0', async (args) => {
    const run = await runCommand(args)
    expect(run).toMatchObject({ exitCode: 0, stderr: '' })
    expect(run.stdout).toMatch(/^Usage: moq-broker /)
  })

  it('documents every exit code', async () => {
    const { stdout } = await runCommand(['--help'])
    expect([...stdout.matchAll(/^ {2}(\d) {2}\S/gm)].map((match) => match[1])).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
    ])
  })

  it('of a group without a command is wrong usage', async () => {
    const run = await runCommand(['scope'])
    expect(run).toMatchObject({ exitCode: 2, stdout: '' })
    expect(run.stderr).toContain('create [options]')
  })
})
