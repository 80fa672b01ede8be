import { beforeAll, expect, it } from 'vitest'
import { defined } from '../support/defined.ts'
import { describeWithPrograms } from '../support/describe-with-programs.ts'
import { eventually } from '../support/eventually.ts'
import { type ReadmeBroker, startReadmeBroker } from '../support/readme-broker.ts'

const ADDRESSES = new Map([
  ['cdn-a', '127.0.0.11'],
  ['cdn-b', '127.0.0.12'],
  ['cdn-c', '127.0.0.13'],
])

describeWithPrograms(['dig'], 'a broker that dig asks', () => {
  let broker: ReadmeBroker

  beforeAll(async () => {
    broker = await startReadmeBroker()
    return () => broker[Symbol.asyncDispose]()
  })

  async function ask(...args: readonly string[]): Promise<string> {
    const { stdout } = await broker.run(`dig @127.0.0.1 -p 5300 +tries=1 +time=5 ${args.join(' ')}`)
    return stdout
  }

  async function routeOf(client: string): Promise<string> {
    const { stdout } = await broker.run(`npx moq-broker route ${client} --json`)
    return defined(/"provider": ?"(cdn-[abc])"/.exec(stdout)?.[1])
  }

  it.each([
    ['192.0.2.0/24', '127.0.0.11'],
    ['198.51.100.0/24', '127.0.0.12'],
    ['203.0.113.0/24', '127.0.0.13'],
  ])('sends %s to %s, over UDP and TCP', async (subnet, address) => {
    for (const transport of ['+notcp', '+tcp']) {
      const text = await ask('demo.cdn.example', `+subnet=${subnet}`, transport)
      expect(text).toContain('status: NOERROR')
      expect(text).toMatch(/flags: qr aa rd;/)
      expect(text).toMatch(new RegExp(`^demo\\.cdn\\.example\\.\\s+30\\s+IN\\s+A\\s+${address}$`, 'm'))
      expect(text).toMatch(new RegExp(`CLIENT-SUBNET: ${subnet}/[1-9]`))
      expect(text).toMatch(/COOKIE: [0-9a-f]{48} \(good\)/)
    }
  })

  it('knows the scope by its id too, in any spelling', async () => {
    const name = `${defined(/^Scope demo {2}(\S+)/m.exec(broker.greeting)?.[1]).toUpperCase()}.Cdn.Example`
    expect(await ask(name, '+subnet=192.0.2.0/24', '+short')).toBe('127.0.0.11\n')
    expect(await ask(name)).toContain(`;${name}.`)
  })

  it.each(['192.0.2.64/28', '198.51.100.64/28', '203.0.113.192/28', '2001:db8:1::/56', '2001:db8:f004::/56'])(
    'answers for %s as GET /route does for its first address',
    async (subnet) => {
      const cdn = await routeOf(subnet.split('/')[0] ?? '')
      const why = await ask('_explain.demo.cdn.example', 'TXT', `+subnet=${subnet}`, '+short')
      expect(/^"1\. (cdn-[abc]):/m.exec(why)?.[1]).toBe(cdn)
      const address = await ask('demo.cdn.example', `+subnet=${subnet}`, '+short')
      expect(address).toBe(`${ADDRESSES.get(cdn)}\n`)
    },
  )

  it('is an authority: SOA, NS, NXDOMAIN, no data, REFUSED', async () => {
    expect(await ask('cdn.example', 'SOA', '+short')).toMatch(/^ns1\.cdn\.example\. hostmaster\.cdn\.example\. 1 7200 /)
    expect(await ask('cdn.example', 'NS')).toMatch(
      /ADDITIONAL SECTION:\nns1\.cdn\.example\.\s+3600\s+IN\s+A\s+127\.0\.0\.1/,
    )
    const absent = await ask('nobody.cdn.example')
    expect(absent).toContain('status: NXDOMAIN')
    expect(absent).toMatch(/AUTHORITY SECTION:\ncdn\.example\.\s+60\s+IN\s+SOA/)
    const noData = await ask('demo.cdn.example', 'AAAA', '+subnet=192.0.2.0/24')
    expect(noData).toMatch(/status: NOERROR[^]*ANSWER: 0, AUTHORITY: 1[^]*CLIENT-SUBNET: 192\.0\.2\.0\/24\/0/)
    expect(await ask('example.org')).toContain('status: REFUSED')
    expect(await ask('cdn.example', 'AXFR')).toContain('Transfer failed')
    expect(await ask('demo.cdn.example', 'ANY')).toContain('"RFC8482"')
    expect(await ask('demo.cdn.example', '+edns=7', '+noednsnegotiation')).toContain('status: BADVERS')
  })

  it('explains over TCP, where dig goes by itself when it has no cookie', async () => {
    const text = await ask('_explain.demo.cdn.example', 'TXT', '+nocookie', '+subnet=192.0.2.64/27')
    expect(text).toContain('(TCP)')
    expect(text).toContain('"client 192.0.2.64: 127.0.0.12, for 30 s"')
    expect(await ask('_explain.demo.cdn.example', 'TXT', '+nocookie', '+ignore')).toMatch(/flags: qr [a-z ]*tc/)
  })

  it('takes another CDN when one is drained, without delay', async () => {
    await broker.run('npx moq-broker provider drain cdn-b --reason "secret plans"')
    await eventually(
      'the drained CDN is not named any more',
      async () => (await ask('demo.cdn.example', '+subnet=198.51.100.0/24', '+short')) === '127.0.0.11\n',
      1_000,
    )
    const why = await ask('_explain.demo.cdn.example', 'TXT', '+subnet=198.51.100.0/24')
    expect(why).toContain('"not cdn-b: drained"')
    expect(why).not.toContain('secret plans')
    await broker.run('npx moq-broker provider enable cdn-b')
  })

  it('counts what it answered', async () => {
    const { stdout: metrics } = await broker.run('curl -s http://127.0.0.1:8080/metrics')
    expect(metrics).toMatch(/moq_broker_dns_answers_total\{transport="udp",type="A",rcode="NXDOMAIN"\} [1-9]/)
    expect(metrics).toMatch(/moq_broker_dns_answer_seconds_count \d/)
  })
})
