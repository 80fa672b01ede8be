import { describe, expect, test } from 'vitest'
import { footprintOf } from '../../../src/fci/footprint-algebra.ts'
import type { ClientFacts } from '../../../src/fci/match-footprint.ts'
import { compileExpression } from '../../../src/fci/mel/evaluate-expression.ts'
import { factsOf } from '../../../src/fci/mel/expression.ts'
import { matchesGlob } from '../../../src/fci/mel/glob.ts'
import { MelError, positionIn } from '../../../src/fci/mel/mel-error.ts'
import { printExpression } from '../../../src/fci/mel/print-expression.ts'
import { readExpression } from '../../../src/fci/mel/read-expression.ts'
import { reduceExpression } from '../../../src/fci/mel/reduce-expression.ts'
import { parseAddress } from '../../../src/fci/prefix.ts'

const LENIENT = { lenient: true, qualifiersOf: () => 1 }

function read(text: string, lenient = true) {
  return readExpression(text, { ...LENIENT, lenient })
}

function faultOf(text: string, lenient = true): string {
  try {
    read(text, lenient)
  } catch (error) {
    if (!(error instanceof MelError)) throw error
    const { line, column } = positionIn(text, error.at)
    return `${error.fault} ${line}:${column}`
  }
  return 'none'
}

function client(address: string, facts: Omit<ClientFacts, 'address'> = {}): ClientFacts {
  const parsed = parseAddress(address)
  if (parsed === undefined) throw new Error(`${address} is no address`)
  return { address: parsed, ...facts }
}

function evaluate(text: string, facts: ClientFacts): boolean | undefined {
  return compileExpression(read(text).expression)(facts)
}

describe('the strict form of an expression', () => {
  test.each([
    ['ep.country=="US"', 'ep.country == "us"'],
    ['"us" == ep.country', 'ep.country == "us"'],
    ['ep.asn == "as64496"', 'ep.asn == 64496'],
    ['not ep.ipv4addr ipmatch "10.0.0.0/8"', 'not ( ep.ipv4addr ipmatch "10.0.0.0/8" )'],
    ['ep.ipv4addr ipmatch "10.0.0.1"', 'ep.ipv4addr ipmatch "10.0.0.1/32"'],
    ['ep.ipv6addr == "2001:DB8:0::1"', 'ep.ipv6addr == "2001:db8::1"'],
    [
      'ep.ipv4addr ipmatch ["10.0.0.0/8", "192.0.2.0/24"]',
      'ep.ipv4addr ipmatch "10.0.0.0/8" or ep.ipv4addr ipmatch "192.0.2.0/24"',
    ],
    ['ep.asn == 60000 + 4 * 1124', 'ep.asn == 64496'],
    ['ep.asn == 1 or ep.asn == 2 or ep.asn == 3', 'ep.asn == 1 or ep.asn == 2 or ep.asn == 3'],
    ['ep.asn == 1 or (ep.asn == 2 or ep.asn == 3)', 'ep.asn == 1 or ( ep.asn == 2 or ep.asn == 3 )'],
    ['ep.asn > -5', 'ep.asn > -5'],
    ['- ep.asn % 2 == 0', '( ( -( ep.asn ) ) % 2 ) == 0'],
    ["ep.country . '-\"x\\\\' == ep.subdivision", 'ep.subdivision == ( ep.country . "-\\"x\\\\" )'],
    ['ep.country %*= "U?"', 'ep.country globmatchi "U?"'],
    ['ep.country !*= "u*"', 'ep.country !globmatch "u*"'],
    ['ep.asn == 1 ? true : ep.asn < 4 ? false : true', '( ep.asn == 1 ) ? true : ( ( ep.asn < 4 ) ? false : true )'],
  ])('of %s is %s', (text, strict) => {
    expect(printExpression(read(text).expression)).toBe(strict)
    expect(printExpression(read(strict, false).expression)).toBe(strict)
  })
})

describe('what peers write otherwise', () => {
  test.each([
    ['$ep.country == "us"', 'ep.country == "us"', ['expr-sigil']],
    ['$sep.asn == 1', 'ep.asn == 1', ['expr-sigil', 'expr-sep']],
    ['ep.asn = 1', 'ep.asn == 1', ['expr-equals']],
    ['ep.asn == 1234:1', 'ep.asn == 1234', ['asn-qualified']],
    ['ep.asn == 1 OR ep.asn == 2', 'ep.asn == 1 or ep.asn == 2', ['expr-keyword-case']],
    ['ep.country in ["us", "ca"]', 'ep.country == "us" or ep.country == "ca"', ['expr-in']],
    [
      'ep.ipv4addr !ipmatch ("10.0.0.0/8" or "192.0.2.0/24")',
      'ep.ipv4addr !ipmatch "10.0.0.0/8" and ep.ipv4addr !ipmatch "192.0.2.0/24"',
      ['expr-ipmatch-or'],
    ],
    ['ep.ipv4addr ipmatch "10.1.1/24"', 'ep.ipv4addr ipmatch "10.1.1.0/24"', ['prefix-short-ipv4']],
    ['ep.ipv6addr ipmatch "2001:db8:1/48"', 'ep.ipv6addr ipmatch "2001:db8:1::/48"', ['prefix-short-ipv6']],
  ])('as in %s is read as %s, and refused strictly', (text, strict, codes) => {
    const { expression, notes } = read(text)
    expect(printExpression(expression)).toBe(strict)
    expect(notes.map(({ code }) => code)).toEqual(codes)
    expect(faultOf(text, false).split(' ')[0]).toBe(codes[0])
  })

  test.each([
    ['ep.asn == 1 or ep.asn == 2 and ep.country == "us"', ['expr-and-or']],
    ['ep.asn == 1 or (ep.asn == 2 and ep.country == "us")', []],
    ['ep.ipv6addr ipmatch "10.0.0.0/8"', ['expr-never']],
    ['ep.country == "usa"', ['expr-never']],
    ['ep.ipv4addr ipmatch "10.0.0.1/8"', ['prefix-host-bits']],
  ])('with a doubt as in %s is read strictly too, and the doubt is told', (text, codes) => {
    expect(read(text, false).notes.map(({ code }) => code)).toEqual(codes)
  })
})

describe('a broken expression', () => {
  test.each([
    ['', 'expr-syntax 1:1'],
    ['ep.country ==', 'expr-syntax 1:14'],
    ['( ep.asn == 1', 'expr-syntax 1:14'],
    ['ep.asn == 1 )', 'expr-syntax 1:13'],
    ['ep.asn == 1\n  and\n  ep.ans == 2', 'expr-name 3:3'],
    ['upper(ep.country, "a") == "A"', 'expr-type 1:1'],
    ['ep.country', 'expr-type 1:1'],
    ['ep.country == 1', 'expr-type 1:15'],
    ['ep.asn and true', 'expr-type 1:1'],
    ['not ep.asn', 'expr-type 1:5'],
    ['1 + 1.5 == 2', 'expr-type 1:5'],
    ['ep.asn < "a"', 'expr-type 1:8'],
    ['ep.asn == 1 == true', 'expr-syntax 1:13'],
    ['ep.asn == not true', 'expr-syntax 1:11'],
    ['ep.ipv4addr == "10.0.0.0/8"', 'expr-type 1:16'],
    ['ep.ipv4addr ipmatch "10.1/24"', 'expr-value 1:21'],
    ['ep.ipv4addr ipmatch ep.country', 'expr-type 1:21'],
    ['ep.country *= ep.subdivision', 'expr-type 1:15'],
    ['ep.country ~= "(u"', 'expr-value 1:15'],
    ['ep.country !regexmatch "(u)\\\\1"', 'expr-unsupported 1:24'],
    ['ep.country ~= ep.subdivision', 'expr-type 1:15'],
    ['req.uri == "/"', 'expr-unsupported 1:1'],
    ['match(ep.country, "u") == "u"', 'expr-unsupported 1:1'],
    ['ep.colour == "red"', 'expr-name 1:1'],
    ['ep.asn & 1 == 1', 'expr-unsupported 1:8'],
    ['ep.country == "us', 'expr-syntax 1:15'],
    ['ep.country == "u\\x"', 'expr-syntax 1:17'],
    ['ep.country."x" == "usx"', 'expr-syntax 1:11'],
    ['ep.country == "us" # us', 'expr-syntax 1:20'],
    ['ep.asn == 99999999999999999999', 'expr-value 1:11'],
    ['["a"] == ep.country', 'expr-syntax 1:1'],
    ['upper(ep.country) in ["US"]', 'expr-syntax 1:1'],
  ])('%j fails with %s', (text, fault) => {
    expect(faultOf(text)).toBe(fault)
  })

  test('whose AS number has several qualifiers in the document is refused', () => {
    expect(() =>
      readExpression('ep.asn == 1234:1', { lenient: true, qualifiersOf: (asn) => (asn === 1234 ? 2 : 0) }),
    ).toThrow(expect.objectContaining({ fault: 'asn-qualifier-ambiguous' }))
  })

  test.each([
    ['beyond 8 KiB', ' '.repeat(8181) + 'ep.asn == 1 ', 'expr-too-long'],
    ['of 65 levels', `${'not '.repeat(63)}ep.asn == 1`, 'expr-too-deep'],
    ['of a long sum', `ep.asn == 0${' + 1'.repeat(64)}`, 'expr-too-deep'],
    ['of a thousand parentheses', `${'('.repeat(1000)}ep.asn == 1${')'.repeat(1000)}`, 'expr-too-deep'],
    ['of eight thousand exclamation marks', '!'.repeat(8000), 'expr-too-deep'],
    ['of many steps', `ep.asn in [${'1,'.repeat(3900)}1]`, 'expr-too-complex'],
    ['with a costly glob', `"${'a'.repeat(4000)}" . ep.country *= "${'*a'.repeat(1900)}"`, 'expr-too-complex'],
  ])('%s is refused', (_, text, fault) => {
    expect(faultOf(text).split(' ')[0]).toBe(fault)
  })

  test('just within the limits is read', () => {
    expect(faultOf(`${' '.repeat(8181)}ep.asn == 1`)).toBe('none')
    expect(faultOf(`${'not '.repeat(62)}ep.asn == 1`)).toBe('none')
    expect(faultOf(`${'('.repeat(190)}ep.asn == 1${')'.repeat(190)}`)).toBe('none')
    expect(faultOf(`ep.asn in [${'1,'.repeat(3000)}1]`)).toBe('none')
  })
})

describe('evaluation', () => {
  const us = client('192.0.2.7', { country: 'us', asn: 64496 })

  test.each([
    ['ep.country == "us" and ep.subdivision == "us-ny"', undefined],
    ['ep.country == "de" and ep.subdivision == "us-ny"', false],
    ['ep.country == "us" or ep.subdivision == "us-ny"', true],
    ['ep.country == "de" or ep.subdivision == "us-ny"', undefined],
    ['ep.country == "us" and not (ep.subdivision == "us-ny")', undefined],
    ['not (ep.ipv6addr ipmatch "::/0")', true],
    ['ep.ipv6addr != "2001:db8::1"', false],
    ['ep.ipv6addr !ipmatch "2001:db8::/32"', false],
    ['ep.ipv6addr == nil', true],
    ['ep.ipv4addr != nil', true],
    ['ep.subdivision == nil', undefined],
    ['ep.asn / 0 == 1', undefined],
    ['not (ep.asn / 0 == 1)', undefined],
    ['ep.asn / 10 == 6449', true],
    ['ep.asn * 9007199254740991 > 0', undefined],
    ['integer("12") == 12', true],
    ['integer(ep.country) == 12', undefined],
    ['upper(ep.country) == "US"', true],
    ['ep.country < "uz"', true],
    ['string(ep.asn) . "x" == "64496x"', true],
    ['integer(2.9) == 2', true],
    ['1.0 / 2.0 == 0.5', true],
    ['(ep.subdivision == "us-ny") ? true : true', undefined],
    ['ep.country == upper("us")', true],
  ])('of %s for a client of unknown subdivision is %s', (text, expected) => {
    expect(evaluate(text, us)).toBe(expected)
  })

  test('takes a country from the subdivision', () => {
    expect(evaluate('ep.country == "ca"', client('192.0.2.7', { country: 'us', subdivision: 'ca-on' }))).toBe(true)
  })
})

test.each([
  ['', '', true],
  ['*', 'anything', true],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-b-b', false],
  ['?', '', false],
  ['u?-*', 'us-ny', true],
  ['*ny', 'us-ny-ny', true],
  ['us', 'us-ny', false],
  ['US', 'us', false],
])('the glob %j on %j is %s', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected)
})

describe('reduction', () => {
  test('names the facts that an expression reads', () => {
    expect(
      [...factsOf(read('ep.asn < 5 and (ep.country == "us" ? true : ep.ipv4addr == nil)').expression)].sort(),
    ).toEqual(['ep.asn', 'ep.country', 'ep.ipv4addr'])
  })

  test('demands the subdivision where it is excluded from a country', () => {
    const { expression } = read('ep.country == "us" and not (ep.subdivision == "ca-on")')
    expect(reduceExpression(expression, 256)).toEqual([{ countries: ['us'], excluded: { subdivisions: ['ca-on'] } }])
  })

  test('keeps what would multiply out to too much as an expression, which says the same', () => {
    const text = Array.from(
      { length: 40 },
      (_, i) => `(ep.asn == ${i} or ep.country == "us" or ep.subdivision == "ca-on")`,
    ).join(' and ')
    const { expression } = read(text)
    const started = performance.now()
    const reduced = footprintOf(reduceExpression(expression, 256))
    expect(performance.now() - started).toBeLessThan(2000)
    expect(reduced.kind === 'some' && reduced.anyOf.length <= 256).toBe(true)
  })

  test('takes bounded time on the worst that fits into the limits', () => {
    const atoms = [
      'ep.asn==1',
      'ep.country=="us"',
      'ep.asn<9',
      'ep.ipv4addr ipmatch "10.0.0.0/8"',
      'ep.subdivision!="us-ny"',
    ]
    const clause = (i: number): string => `(${atoms[i % 5]} or ${atoms[(i + 1) % 5]} and ${atoms[(i + 3) % 5]})`
    const flat = Array.from({ length: 110 }, (_, i) => clause(i)).join(' and ')
    const excluded = Array.from({ length: 300 }, (_, i) => `not (ep.asn == ${i})`).join(' and ')
    const started = performance.now()
    for (const text of [flat, `not (${flat})`, excluded, `not (${excluded})`])
      reduceExpression(read(text).expression, 256)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
