import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createRelay, failureWith, RELAYS, RFC_3339, relaySchema, resultOf } from '../support/cloudflare-answers.ts'
import { startTestCdn, type TestCdn } from '../support/lab-cdn.ts'

describe('listing relays', () => {
  async function createdRelays(cdn: TestCdn): Promise<void> {
    for (const name of ['1', '2', '3', '4', '5']) await createRelay(cdn, name)
  }
  async function names(cdn: TestCdn, query: Record<string, string>): Promise<readonly z.infer<typeof relaySchema>[]> {
    const { json } = await cdn.call('GET', `${RELAYS}?${new URLSearchParams(query)}`)
    return resultOf(json, z.array(relaySchema))
  }

  it('shows metadata alone, newest first, and how many match', async () => {
    const cdn = await startTestCdn('cloudflare')
    const first = await createRelay(cdn, '1')
    await createRelay(cdn, '2')

    const { json } = await cdn.call('GET', RELAYS)

    const times = { created: expect.stringMatching(RFC_3339), modified: expect.stringMatching(RFC_3339) }
    expect(json).toEqual({
      success: true,
      errors: [],
      messages: [],
      result: [
        { uid: expect.any(String), name: '2', ...times },
        { uid: first, name: '1', ...times },
      ],
      result_info: { count: 2, total: 2 },
    })
  })

  it.each([
    ['created_before', 'false', ['5', '4', '3', '2', '1']],
    ['created_after', 'true', ['1', '2', '3', '4', '5']],
  ])('pages by %s without gap or repetition, even when the clock stands still', async (bound, asc, expected) => {
    const cdn = await startTestCdn('cloudflare', { now: () => 1_000 })
    await createdRelays(cdn)

    const seen: string[] = []
    let last: string | undefined
    do {
      const page = await names(cdn, { per_page: '2', asc, ...(last !== undefined && { [bound]: last }) })
      seen.push(...page.map(({ name }) => name))
      last = page.at(-1)?.created
    } while (last !== undefined)

    expect(seen).toEqual(expected)
  })

  it('counts in `total` what the bounds let through', async () => {
    const cdn = await startTestCdn('cloudflare')
    await createdRelays(cdn)
    const [, , third] = await names(cdn, {})

    const { json } = await cdn.call('GET', `${RELAYS}?per_page=1&created_before=${third?.created}`)

    expect(json).toMatchObject({ result: [{ name: '2' }], result_info: { count: 1, total: 2 } })
  })

  it('clamps per_page above the maximum', async () => {
    const cdn = await startTestCdn('cloudflare')
    for (let i = 0; i < 55; i += 1) await createRelay(cdn)

    expect(await names(cdn, { per_page: '1000' })).toHaveLength(50)
    expect(await names(cdn, {})).toHaveLength(20)
  })

  it.each(['created_before=yesterday', 'per_page=0', 'per_page=x', 'asc=perhaps'])('refuses ?%s', async (query) => {
    const cdn = await startTestCdn('cloudflare')

    expect(await cdn.call('GET', `${RELAYS}?${query}`)).toMatchObject({ status: 400, json: failureWith(21004) })
  })
})
