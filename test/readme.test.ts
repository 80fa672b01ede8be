import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runCommand } from './support/cli-run.ts'
import { defined } from './support/defined.ts'
import { type ReadmeBroker, startReadmeBroker } from './support/readme-broker.ts'
import { type DocumentedCommand, documentedCommands } from './support/readme-commands.ts'
import { brokenLinks } from './support/readme-links.ts'
import { allOptions, faultOfMention, mentionsIn, optionsIn } from './support/readme-mentions.ts'
import { comparable } from './support/readme-sample.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** In the order in which a reader would go through them: the first look follows on the tour. */
const TOUR = ['README.md', 'docs/operations.md']
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** Commands that the tour under test does not run, and why. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ['npm ci && npm start', 'its output is that of the broker under test; .ci/run does npm ci in a fresh clone'],
  ['npm ci && npm test', 'this is a part of it'],
  ['export MOQ_BROKER_KEY=mqb_...', 'the broker under test has another key'],
  [
    'npx moq-broker serve --config broker.yaml',
    'runs until it is stopped; test/e2e/compose-services.test.ts starts it',
  ],
  ['bash deploy/make-secrets.sh', 'test/deployment.test.ts runs it'],
  ['docker compose up --build', 'needs Docker; test/e2e/compose-services.test.ts runs the command of each service'],
  ['export MOQ_BROKER_KEY=$(cat deploy/secrets/admin_key)', 'belongs to docker compose'],
])

/** What only asks is asked again until the broker has come to what the document shows. */
const ASKS =
  /^(?:dig|npx moq-broker (?:route|coverage|geo|provider (?:list|advertisement)|scope (?:show|list|events))|curl -s \S+\/readyz)\b/
const SETTLES_WITHIN_MS = 15_000

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

const commands = TOUR.flatMap((file) => documentedCommands(file, read(file)))

describe('the tour', () => {
  let broker: ReadmeBroker
  const documentedKeyId = defined(/mqb_(\w{10})_/.exec(read('README.md'))?.[1])

  /** Output as on a terminal: where a command fails, its message comes first. */
  async function outputOf({ command }: DocumentedCommand): Promise<string> {
    const { stdout, stderr } = await broker.run(command)
    return broker.asReader(command.includes('$?') ? stderr + stdout : stdout)
  }

  async function expectDocumented(documented: DocumentedCommand, deadline: AbortSignal): Promise<void> {
    const printed = comparable(await outputOf(documented), broker.keyId)
    const wanted = comparable(documented.output, documentedKeyId)
    if (printed !== wanted && ASKS.test(documented.command) && !deadline.aborted) {
      await expectDocumented(documented, deadline)
      return
    }
    expect(printed).toBe(wanted)
  }

  beforeAll(async () => {
    broker = await startReadmeBroker()
    return () => broker[Symbol.asyncDispose]()
  })

  it('begins with what npm start prints', () => {
    const start = defined(commands.find(({ command }) => command === 'npm ci && npm start'))
    expect(comparable(broker.asReader(broker.greeting), broker.keyId)).toBe(comparable(start.output, documentedKeyId))
  })

  it.each(
    commands
      .filter(({ command }) => !NOT_RUN.has(command))
      .map((documented) => [`${documented.file}:${documented.line} ${documented.command}`, documented] as const),
  )('%s', async (_, documented) => {
    await expectDocumented(documented, AbortSignal.timeout(SETTLES_WITHIN_MS))
  })

  it('has the metrics that the alarms speak of', async () => {
    const { stdout } = await broker.run('curl -s http://127.0.0.1:8080/metrics')
    const known = new Set([...stdout.matchAll(/^# TYPE (\w+)/gm)].map((match) => match[1]))
    const alarms = new Set(read('docs/operations.md').match(/\bmoq_broker_\w+/g))
    expect(alarms.size).toBeGreaterThan(4)
    expect([...alarms].filter((name) => !known.has(name))).toEqual([])
  })

  it('leaves out only commands that are still there', () => {
    const there = new Set(commands.map(({ command }) => command))
    expect([...NOT_RUN.keys()].filter((command) => !there.has(command))).toEqual([])
  })
})

describe('README.md, for scripts', () => {
  it('lists the exit codes as --help does', async () => {
    const { stdout } = await runCommand(['--help'])
    const inHelp = [...stdout.matchAll(/^ {2}(\d) {2}(.+)$/gm)].map(([, code, meaning]) => `| ${code} | ${meaning} |`)
    expect(inHelp.length).toBeGreaterThan(0)
    expect(read('README.md').match(/^\| \d \| .+ \|$/gm)).toEqual(inHelp)
  })
})

describe.each(DOCUMENTS)('%s', (file) => {
  const text = read(file)

  it('links only to what exists', () => {
    expect(brokenLinks(ROOT, file)).toEqual([])
  })

  it('mentions only commands and options that --help has', async () => {
    const faults = await Promise.all(mentionsIn(file, text).map(faultOfMention))
    expect(faults.filter((fault) => fault !== undefined)).toEqual([])
    const known = await allOptions()
    expect(optionsIn(file, text).filter(({ words }) => !words.every((word) => known.has(word)))).toEqual([])
  })

  it('mentions only npm scripts that the package has', () => {
    const Package = z.object({ scripts: z.record(z.string(), z.string()) })
    const { scripts } = Package.parse(JSON.parse(read('package.json')))
    const mentioned = [...text.matchAll(/\bnpm run (?:--silent )?([a-z:]+)/g)].map((match) => match[1] ?? '')
    expect(mentioned.filter((script) => scripts[script] === undefined)).toEqual([])
  })
})
