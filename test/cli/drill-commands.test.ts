import { describe, expect, it, vi } from 'vitest'
import type { DrillReport, DrillVerdict } from '../../src/broker/drills/drill-service.ts'
import { runCommand } from '../support/cli-run.ts'
import { startFrontApi } from '../support/http-broker.ts'

async function setUp() {
  const { api, url } = await startFrontApi()
  const cli = (...args: readonly string[]) =>
    runCommand(args, { env: { MOQ_BROKER_URL: url, MOQ_BROKER_KEY: 'mqb_operator' }, now: api.now })
  return { api, cli }
}

function note(report: DrillReport, event: string): DrillReport {
  return { ...report, timeline: [...report.timeline, { at: report.startedAt + 500, event, detail: 'so it goes' }] }
}

function endWith(report: DrillReport, verdict: DrillVerdict): DrillReport {
  return { ...report, state: 'ended', verdict, because: 'so it was', endedAt: report.startedAt + 900 }
}

describe('drill run', () => {
  it.each([
    ['succeeded', 0],
    ['failed', 5],
    ['invalid', 6],
    ['blocked', 6],
    ['interrupted', 6],
  ] as const)('follows the drill to its end and ends with the code of the verdict %s', async (verdict, exitCode) => {
    const { api, cli } = await setUp()
    const entries = ['inject', 'end']
    vi.spyOn(api.drills, 'get').mockImplementation(async (id) => {
      const report = api.drills.reports.get(id)
      const event = entries.shift()
      if (report === undefined || event === undefined) return report
      const next = note(report, event)
      api.drills.reports.set(id, next)
      return event === 'end' ? endWith(next, verdict) : next
    })
    const run = await cli('drill', 'run', '--provider', 'alpha', '--hold', '2s', '--budget', '1s')
    expect(run.exitCode).toBe(exitCode)
    expect(run.stderr).toBe('started: steady state\ninject: so it goes\nend: so it goes\n')
    expect(run.stdout).toContain(`${verdict.toUpperCase()}: so it was`)
    expect(run.stdout).toMatch(/^ +0 ms {2}inject {3}so it goes$/m)
  })

  it('sends what was asked for', async () => {
    const { api, cli } = await setUp()
    const start = vi.spyOn(api.drills, 'start').mockImplementation(async (request, by) => {
      const draft: DrillReport = {
        id: 'd1',
        provider: request.provider,
        method: request.method,
        scope: request.scope ?? '',
        hypothesis: request.hypothesis ?? '',
        state: 'running',
        requestedBy: by,
        startedAt: api.now,
        measured: {
          objectsBefore: 0,
          objectsDuring: 0,
          objectsLost: 0,
          longestGapMs: 0,
          probesBefore: 0,
          probesDuring: 0,
        },
        timeline: [],
      }
      return endWith(draft, 'succeeded')
    })
    await cli('scope', 'create', '--name', 'demo')
    const [scope] = [...api.scopes.views.keys()]
    const options = ['--method', 'fault', '--hold', '1500ms', '--budget', '2s', '--hypothesis', 'nobody notices']
    await cli('drill', 'run', '--provider', 'alpha', '--scope', 'demo', ...options)
    const hypothesis = 'nobody notices'
    const request = { provider: 'alpha', method: 'fault', scope, holdMs: 1500, budgetMs: 2000, hypothesis }
    expect(start).toHaveBeenCalledWith(request, 'operator-id')
  })

  it('prints the report alone as JSON', async () => {
    const { api, cli } = await setUp()
    vi.spyOn(api.drills, 'get').mockImplementation(async (id) => {
      const report = api.drills.reports.get(id)
      return report === undefined ? undefined : endWith(report, 'failed')
    })
    const run = await cli('drill', 'run', '--provider', 'alpha', '--json')
    expect(run.exitCode).toBe(5)
    expect(JSON.parse(run.stdout)).toMatchObject({ verdict: 'failed', because: 'so it was' })
  })
})

describe('drill show, list and abort', () => {
  it('tell of drills that run and that have ended', async () => {
    const { api, cli } = await setUp()
    expect((await cli('drill', 'list')).stdout).toContain('No drills.')
    await api.drills.start({ provider: 'alpha', method: 'drain' }, 'me')
    expect((await cli('drill', 'show', 'drill-0')).stdout).toContain('RUNNING')
    expect((await cli('drill', 'abort', 'drill-0', '--reason', 'enough')).stdout).toContain('INTERRUPTED')
    expect((await cli('drill', 'list')).stdout).toMatch(/^drill-0 +alpha +drain +0 s ago +interrupted/m)
    expect(await cli('drill', 'show', 'drill-9')).toMatchObject({ exitCode: 3 })
    expect(await cli('drill', 'abort', 'drill-0')).toMatchObject({ exitCode: 4 })
  })
})
