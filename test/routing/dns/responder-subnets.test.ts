import { describe, expect, it, test } from 'vitest'
import { dnsWorld, queryOf, SCOPE, subnetOf, withOption } from '../../support/dns-world.ts'

const NAME = `${SCOPE}.cdn.example`
const [NOERROR, FORMERR] = [0, 1] as const

describe('client subnets (RFC 7871)', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.0', 22],
    ['198.51.100.0/24', '198.51.100.0', 16],
    ['198.51.0.0/8', '198.0.0.0', 16],
    ['2001:db8:1::/56', '2001:db8:1::', 48],
    ['2001:db8:2::/48', '2001:db8:2::', 32],
    ['192.0.2.77/32', '192.0.2.77', 22],
    ['::ffff:192.0.2.0/120', '::ffff:192.0.2.0', 118],
    ['64:ff9b::192.0.2.0/120', '64:ff9b::192.0.2.0', 118],
    ['2002:c000:0200::/40', '2002:c000:200::', 38],
  ])('%s is asked for as itself and answered with its scope', async (subnet, _, scope) => {
    const packet = await dnsWorld().ask({ name: NAME, subnet })
    const [, bits] = subnet.split('/')
    expect(subnetOf(packet)).toMatchObject({ source: Number(bits), scope })
  })

  it.each([
    ['198.51.100.77/32', '198.51.100.0'],
    ['2001:db8:2:3456::/64', '2001:db8:2:3400::'],
    ['::ffff:192.0.2.77/128', '192.0.2.0'],
    ['64:ff9b::c000:24d/128', '192.0.2.0'],
    ['2002:c000:24d::/48', '192.0.2.0'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdb2/128', '192.0.2.0'],
  ])('%s is cut to what may be used: %s', async (subnet, client) => {
    const world = dnsWorld()
    await world.ask({ name: NAME, subnet })
    expect(world.asked).toMatchObject([{ client }])
  })

  it.each(['0.0.0.0/0', '::/0', '2001::/32', '::ffff:0:0/96', '64:ff9b::/96', '2002::/16'])(
    '%s names no client, so the resolver is asked for, and the scope is no wider than the source',
    async (subnet) => {
      const world = dnsWorld()
      const packet = await world.ask({ name: NAME, subnet }, '192.0.2.9')
      expect(world.asked).toMatchObject([{ client: '192.0.2.9' }])
      expect(subnetOf(packet).scope).toBe(subnetOf(packet).source)
    },
  )

  it('may be of no family where it names no client', async () => {
    const query = withOption(queryOf({ name: NAME, edns: true }), 8, Buffer.from([0, 0, 0, 0]))
    const world = dnsWorld()
    const response = await world.responder.respond(query, '192.0.2.9', 'udp')
    expect(response?.readUInt8(3)).toBe(NOERROR)
  })

  it.each([
    ['an unknown family', [0, 3, 24, 0, 192, 0, 2]],
    ['family 0 with bits', [0, 0, 8, 0, 192]],
    ['more bits than IPv4 has', [0, 1, 33, 0, 192, 0, 2, 1, 128]],
    ['more bits than IPv6 has', [0, 2, 129, 0, ...Array.from({ length: 17 }, () => 1)]],
    ['a scope in a query', [0, 1, 24, 24, 192, 0, 2]],
    ['too few bytes', [0, 1, 24, 0, 192, 0]],
    ['too many bytes', [0, 1, 24, 0, 192, 0, 2, 0]],
    ['bits beyond the source prefix', [0, 1, 23, 0, 192, 0, 3]],
    ['no prefix lengths', [0, 1]],
    ['nothing at all', []],
  ])('%s is FORMERR', async (_, bytes) => {
    const query = withOption(queryOf({ name: NAME, edns: true }), 8, Buffer.from(bytes))
    const response = await dnsWorld().responder.respond(query, '192.0.2.9', 'udp')
    expect(response?.readUInt8(3)).toBe(FORMERR)
    // EDNS as such is understood.
    expect(response?.readUInt16BE(10)).toBe(1)
  })

  it('do not matter where the answer is the same for all: negative and static ones', async () => {
    const world = dnsWorld()
    const subnet = '192.0.2.0/24'
    expect(subnetOf(await world.ask({ name: NAME, type: 'AAAA', subnet })).scope).toBe(0)
    expect(subnetOf(await world.ask({ name: `x.${NAME}`, subnet })).scope).toBe(0)
    expect(subnetOf(await world.ask({ name: 'cdn.example', type: 'NS', subnet })).scope).toBe(0)
    expect(subnetOf(await world.ask({ name: 'elsewhere.example', subnet })).scope).toBe(0)
  })
})
