import type { DecodedPacket } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import { drawAnswer } from '../../../src/routing/dns/client-answer.ts'
import { dnsWorld, OTHER_SCOPE, SCOPE } from '../../support/dns-world.ts'

const NAME = `${SCOPE}.cdn.example`

describe('kept answers', () => {
  it('spare the source the same question, per name and client', async () => {
    const world = dnsWorld()
    for (const name of [NAME, NAME, `${OTHER_SCOPE}.cdn.example`]) {
      await world.ask({ name, subnet: '192.0.2.0/24' })
      await world.ask({ name, type: 'AAAA', subnet: '192.0.2.0/24' })
    }
    await world.ask({ name: NAME, subnet: '192.0.4.0/24' })
    expect(world.asked).toHaveLength(3)
  })

  it('serve every client of the prefix for which they are the same, and nobody beside it', async () => {
    const world = dnsWorld()
    const scopes: unknown[] = []
    for (const subnet of ['192.0.2.0/24', '192.0.0.0/24', '192.0.3.128/25', '192.0.4.0/24', '192.1.0.0/24']) {
      const packet = await world.ask({ name: NAME, subnet })
      scopes.push([packet.answers?.[0]?.type, scopeOf(packet)])
    }
    expect(world.asked.map(({ client }) => client)).toEqual(['192.0.2.0', '192.0.4.0', '192.1.0.0'])
    expect(scopes).toEqual([
      ['A', 22],
      ['A', 22],
      ['A', 22],
      ['CNAME', 24],
      ['CNAME', 16],
    ])
  })

  it('of a prefix are dropped with the version, as those of a client', async () => {
    let version = 1
    const world = dnsWorld({ version: () => version })
    await world.ask({ name: NAME, subnet: '192.0.2.0/24' })
    version = 2
    world.clock += 1
    await world.ask({ name: NAME, subnet: '192.0.1.0/24' })
    await world.ask({ name: NAME, subnet: '192.0.2.0/24' })
    expect(world.asked.map(({ client }) => client)).toEqual(['192.0.2.0', '192.0.1.0'])
  })

  it('of an IPv6 prefix do not serve an address that carries an IPv4 client', async () => {
    const answer = ({ client }: { readonly client: string }) =>
      ({
        kind: 'alias',
        host: client.includes(':') ? 'six.example' : 'four.example',
        ttlSeconds: 5,
        sameForBits: 0,
      }) as const
    const world = dnsWorld({ answer })
    const hosts: unknown[] = []
    for (const subnet of ['2001:db8::/48', '2002:c000:200::/48', '2a00::/48']) {
      hosts.push((await world.ask({ name: NAME, subnet })).answers?.[0])
    }
    expect(hosts).toMatchObject([{ data: 'six.example' }, { data: 'four.example' }, { data: 'six.example' }])
    expect(world.asked).toHaveLength(2)
  })

  it('that are drawn are asked for once, and each network gets its own', async () => {
    const among = ['a', 'b'].map((provider) => ({
      provider,
      weight: 50,
      target: { kind: 'alias' as const, host: `${provider}.example`, ttlSeconds: 5 },
    }))
    const world = dnsWorld({ answer: () => ({ kind: 'drawn', among, sameForBits: 8 }), tableEntries: 4_096 })
    const hosts = new Map<unknown, number>()
    for (let round = 0; round < 2; round++) {
      for (let network = 0; network < 200; network++) {
        const packet = await world.ask({ name: NAME, subnet: `10.9.${network}.0/24` })
        expect(scopeOf(packet)).toBe(24)
        const data = packet.answers?.flatMap((answer) => (answer.type === 'CNAME' ? answer.data : []))[0]
        const value = BigInt(0x0a090000 + network * 256)
        expect({ kind: 'alias', host: data, ttlSeconds: 5 }).toEqual(drawAnswer(among, { version: 4, value }))
        hosts.set(data, (hosts.get(data) ?? 0) + 1)
      }
    }
    expect(world.asked).toHaveLength(1)
    expect(new Set(hosts.keys())).toEqual(new Set(['a.example', 'b.example']))
    await world.ask({ name: NAME, subnet: '11.0.0.0/24' })
    expect(world.asked).toHaveLength(2)
  })

  it('are found under any spelling of the name', async () => {
    const world = dnsWorld()
    for (const name of [NAME, NAME.toUpperCase(), 'ANY.cdn.example', 'any.CDN.example', 'aNy.cdn.example']) {
      await world.ask({ name, subnet: '192.0.2.0/24' })
    }
    expect(world.asked).toHaveLength(2)
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

function scopeOf({ additionals = [] }: DecodedPacket): number | undefined {
  const [option] = additionals.flatMap((record) => (record.type === 'OPT' ? record.options : []))
  return option?.data?.[3]
}
