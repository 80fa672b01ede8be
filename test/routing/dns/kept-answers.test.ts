import { describe, expect, it } from 'vitest'
import { dnsWorld, OTHER_SCOPE, SCOPE } from '../../support/dns-world.ts'

const NAME = `${SCOPE}.cdn.example`

describe('kept answers', () => {
  it('spare the source the same question, per name and client', async () => {
    const world = dnsWorld()
    for (const name of [NAME, NAME, `${OTHER_SCOPE}.cdn.example`]) {
      await world.ask({ name, subnet: '192.0.2.0/24' })
      await world.ask({ name, type: 'AAAA', subnet: '192.0.2.0/24' })
    }
    await world.ask({ name: NAME, subnet: '192.0.3.0/24' })
    expect(world.asked).toHaveLength(3)
  })

  it('are asked for anew when the version has changed, a millisecond later, and after a minute', async () => {
    let version = 1
    const world = dnsWorld({ version: () => version })
    const ask = async (): Promise<number> => {
      await world.ask({ name: NAME, subnet: '192.0.2.0/24' })
      return world.asked.length
    }
    expect([await ask(), await ask()]).toEqual([1, 1])
    version = 2
    world.clock += 1
    expect([await ask(), await ask()]).toEqual([2, 2])
    world.clock += 60_000
    expect(await ask()).toBe(3)
  })

  it('are believed for a second where there are no versions', async () => {
    const world = dnsWorld({ version: () => undefined })
    await world.ask({ name: NAME })
    world.clock += 999
    await world.ask({ name: NAME })
    expect(world.asked).toHaveLength(1)
    world.clock += 1
    await world.ask({ name: NAME })
    expect(world.asked).toHaveLength(2)
  })

  it('fill in for a second while a newer one is loaded', async () => {
    const notHeld = new Set<string>()
    let [version, host] = [1, 'old.example']
    const world = dnsWorld({
      notHeld,
      version: () => version,
      answer: () => ({ kind: 'alias', host, ttlSeconds: 5, sameForBits: 0 }),
    })
    const ask = async (): Promise<unknown> => (await world.ask({ name: NAME })).answers?.[0]
    expect(await ask()).toMatchObject({ data: 'old.example' })
    notHeld.add(SCOPE)
    version = 2
    world.clock += 1
    host = 'new.example'
    expect(await ask()).toMatchObject({ data: 'old.example' })
    expect(await ask()).toMatchObject({ data: 'new.example' })
    world.clock += 1_000
    version = 3
    host = 'newer.example'
    expect(await ask()).toMatchObject({ data: 'newer.example' })
  })

  it('stay apart where their places in the table collide', async () => {
    const answer = ({ client }: { readonly client: string }) =>
      ({ kind: 'addresses', addresses: [client], ttlSeconds: 5, sameForBits: 24 }) as const
    const world = dnsWorld({ tableEntries: 8, answer })
    for (let round = 0; round < 3; round++) {
      for (let network = 0; network < 40; network++) {
        const packet = await world.ask({ name: NAME, subnet: `10.0.${network}.0/24` })
        expect(packet.answers).toMatchObject([{ data: `10.0.${network}.0` }])
      }
    }
  })
})
