import { describe, expect, it, test } from 'vitest'
import { ABSENT_SCOPE, dnsWorld, optionOf, queryOf, rcodeOf, SCOPE } from '../../support/dns-world.ts'

const NAME = `${SCOPE}.cdn.example`
const [NOERROR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED] = [0, 2, 3, 4, 5] as const

describe('the answer for a scope', () => {
  it('is the addresses of its CDN, with the life time of the decision', async () => {
    const packet = await dnsWorld().ask({ name: NAME, subnet: '192.0.2.0/24' })
    expect(packet).toMatchObject({
      id: 4711,
      flag_qr: true,
      flag_aa: true,
      flag_rd: true,
      flag_ra: false,
      flag_tc: false,
    })
    expect(packet.questions).toEqual([{ name: NAME, type: 'A', class: 'IN' }])
    expect(packet.answers).toMatchObject([
      { name: NAME, type: 'A', ttl: 30, data: '192.0.2.1' },
      { name: NAME, type: 'A', ttl: 30, data: '192.0.2.2' },
    ])
  })

  it('holds only the addresses of the family asked for', async () => {
    const packet = await dnsWorld().ask({ name: NAME, type: 'AAAA', subnet: '2001:db8:1::/56' })
    expect(packet.answers).toMatchObject([{ type: 'AAAA', data: '2001:db8::1' }])
  })

  it('is no data, with SOA record, where the CDN has no address of the family', async () => {
    const packet = await dnsWorld().ask({ name: NAME, type: 'AAAA', subnet: '192.0.2.0/24' })
    expect(rcodeOf(packet)).toBe(NOERROR)
    expect(packet.answers).toEqual([])
    expect(packet.authorities).toMatchObject([{ name: 'cdn.example', type: 'SOA', ttl: 30, data: { serial: 7 } }])
  })

  it.each(['A', 'AAAA', 'CNAME', 'TXT', 'CAA', 'DS', 'ANY', 'SOA', 'NS'] as const)(
    'is the alias of a CDN with a host name, for %s too',
    async (type) => {
      const packet = await dnsWorld().ask({ name: NAME, type, subnet: '198.51.100.0/24' })
      expect(packet.answers).toMatchObject([{ name: NAME, type: 'CNAME', ttl: 20, data: 'edge.cdn-b.example' }])
      expect(packet.authorities).toEqual([])
    },
  )

  it.each(['CNAME', 'TXT', 'CAA', 'DS', 'SOA', 'NS'] as const)(
    'has no %s record where the CDN has addresses',
    async (type) => {
      const packet = await dnsWorld().ask({ name: NAME, type, subnet: '192.0.2.0/24' })
      expect(packet.answers).toEqual([])
      expect(packet.authorities).toMatchObject([{ type: 'SOA' }])
    },
  )

  it('is a word for ANY (RFC 8482)', async () => {
    const packet = await dnsWorld().ask({ name: NAME, type: 'ANY', subnet: '192.0.2.0/24' })
    expect(packet.answers).toMatchObject([{ type: 'HINFO', data: { cpu: 'RFC8482', os: '' } }])
  })

  it('is SERVFAIL with the reason where nobody may serve the client', async () => {
    const packet = await dnsWorld().ask({ name: NAME, subnet: '203.0.113.0/24' })
    expect(rcodeOf(packet)).toBe(SERVFAIL)
    expect(packet.answers).toEqual([])
    expect(optionOf(packet, 15)?.subarray(2).toString()).toBe('no CDN with a DNS target may serve this client')
  })

  it('comes for the resolver where there is no client subnet', async () => {
    const packet = await dnsWorld().ask({ name: NAME }, '192.0.2.99')
    expect(packet.answers).toMatchObject([{ data: '192.0.2.1' }, { data: '192.0.2.2' }])
    expect(packet.additionals).toEqual([])
  })

  it('keeps the spelling of the question', async () => {
    const name = `${SCOPE.toUpperCase()}.cDn.ExAmPlE`
    const packet = await dnsWorld().ask({ name, subnet: '198.51.100.0/24' })
    expect(packet.questions).toMatchObject([{ name }])
    expect(packet.answers).toMatchObject([{ name, data: 'edge.cdn-b.example' }])
  })

  it('waits for a scope that is not in memory', async () => {
    const packet = await dnsWorld({ notHeld: new Set([SCOPE]) }).ask({ name: NAME, subnet: '192.0.2.0/24' })
    expect(packet.answers).toHaveLength(2)
  })
})

describe('names', () => {
  test.each([
    ['cdn.example', 'SOA', NOERROR, ['SOA']],
    ['cdn.example', 'NS', NOERROR, ['NS', 'NS', 'NS']],
    ['cdn.example', 'A', NOERROR, ['A', 'A']],
    ['cdn.example', 'TXT', NOERROR, []],
    ['any.cdn.example', 'A', NOERROR, ['A', 'A']],
    ['DEMO.cdn.example', 'A', NOERROR, ['A', 'A']],
    ['_explain.demo.cdn.example', 'TXT', NOERROR, ['TXT', 'TXT']],
    ['ns1.cdn.example', 'A', NOERROR, ['A']],
    ['NS1.cdn.example', 'AAAA', NOERROR, ['AAAA']],
    ['ns1.cdn.example', 'TXT', NOERROR, []],
    ['ns2.hosts.cdn.example', 'AAAA', NOERROR, []],
    ['hosts.cdn.example', 'A', NOERROR, []],
    ['elsewhere.cdn.example', 'A', NXDOMAIN, []],
    [`${ABSENT_SCOPE}.cdn.example`, 'A', NXDOMAIN, []],
    [`www.${SCOPE}.cdn.example`, 'A', NXDOMAIN, []],
    ['x.any.cdn.example', 'A', NXDOMAIN, []],
    ['_explain.cdn.example', 'A', NOERROR, []],
    [`_explain.${ABSENT_SCOPE}.cdn.example`, 'TXT', NXDOMAIN, []],
    ['x._explain.cdn.example', 'TXT', NXDOMAIN, []],
    ['example', 'SOA', REFUSED, []],
    ['cdn.example.net', 'A', REFUSED, []],
    ['xcdn.example', 'A', REFUSED, []],
    ['.', 'NS', REFUSED, []],
    ['cdn.example', 'AXFR', REFUSED, []],
    ['cdn.example', 'IXFR', REFUSED, []],
    ['cdn.example', 'TKEY', NOTIMP, []],
  ] as const)('%s %s', async (name, type, rcode, answers) => {
    const packet = await dnsWorld().ask({ name, type, subnet: '192.0.2.0/24' }, undefined, 'tcp')
    expect(rcodeOf(packet)).toBe(rcode)
    expect((packet.answers ?? []).map((record) => record.type)).toEqual(answers)
    const negative = rcode === NXDOMAIN || (rcode === NOERROR && answers.length === 0)
    expect((packet.authorities ?? []).map((record) => record.type)).toEqual(negative ? ['SOA'] : [])
    expect(packet.flag_aa).toBe(rcode === NOERROR || rcode === NXDOMAIN)
  })

  it('has no alias at the apex, where it could not stand beside SOA', async () => {
    const world = dnsWorld()
    expect((await world.ask({ name: 'cdn.example', subnet: '198.51.100.0/24' })).answers).toEqual([])
    expect((await world.ask({ name: 'any.cdn.example', subnet: '198.51.100.0/24' })).answers).toMatchObject([
      { type: 'CNAME' },
    ])
  })

  it('gives the addresses of its name servers with their names', async () => {
    const packet = await dnsWorld().ask({ name: 'cdn.example', type: 'NS' })
    expect(packet.additionals).toMatchObject([
      { name: 'ns1.cdn.example', data: '192.0.2.53' },
      { name: 'ns1.cdn.example', data: '2001:db8::53' },
      { name: 'ns2.hosts.cdn.example', data: '198.51.100.53' },
    ])
  })

  it('does not take a label with a dot inside for two labels', async () => {
    const query = queryOf({ name: `xx_explain.cdn.example` })
    // Makes "xx_explain" "_explain.x": one label of ten bytes.
    query.write('ns2.hosts_', 13, 'latin1')
    const world = dnsWorld()
    const response = await world.responder.respond(query, '192.0.2.1', 'udp')
    expect(response?.readUInt8(3)).toBe(NXDOMAIN)
  })

  it('does not ask the source again for a scope that was absent a moment ago', async () => {
    const world = dnsWorld()
    await world.ask({ name: `${ABSENT_SCOPE}.cdn.example` })
    await world.ask({ name: `${ABSENT_SCOPE}.cdn.example` })
    expect(world.asked).toHaveLength(1)
    world.clock += 2_001
    await world.ask({ name: `${ABSENT_SCOPE}.cdn.example` })
    expect(world.asked).toHaveLength(2)
  })
})
