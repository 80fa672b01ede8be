import { configureGlobal } from 'fast-check'

const LOCAL_RUNS = 100
const CI_RUNS = 500

function wholeNumberFrom(name: string): number | undefined {
  const text = process.env[name]
  if (text === undefined || text === '') return undefined
  if (!/^-?\d+$/.test(text)) throw new Error(`${name} must be a whole number, not "${text}"`)
  return Number(text)
}

// A failing property prints its seed and path; PROPERTY_SEED replays that run.
const seed = wholeNumberFrom('PROPERTY_SEED')
configureGlobal({
  numRuns: wholeNumberFrom('PROPERTY_RUNS') ?? (process.env['CI'] ? CI_RUNS : LOCAL_RUNS),
  ...(seed === undefined ? {} : { seed }),
})
