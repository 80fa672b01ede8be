import fc from 'fast-check'

const ADDRESS = ['192.0.2.1', '192.0.2.7', '2001:db8::1', '0.0.0.0', '::']
const PREFIX = [
  '192.0.2.0/24',
  '192.0.2.0/25',
  '192.0.2.6/31',
  '0.0.0.0/0',
  '2001:db8::/120',
  '2001:db8::8/126',
  '::/0',
]

const quoted = (values: readonly string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...values).map((value) => JSON.stringify(value))

const country = quoted(['us', 'US', 'ca', 'de', 'usa'])
const subdivision = quoted(['us-ny', 'us-nj', 'ca-on', 'US-NY', 'ny'])
const asn = fc.constantFrom('64496', '64497', '64498', '-1', '4294967296', '"as64496"')
const addressFact = fc.constantFrom('ep.ipv4addr', 'ep.ipv6addr')
const equality = fc.constantFrom('==', '!=')
const fact = fc.constantFrom('ep.asn', 'ep.country', 'ep.subdivision', 'ep.ipv4addr', 'ep.ipv6addr')

const joinWords = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((words) => words.join(' '))

/** Conditions that the algebra can say. */
const algebraic = fc.oneof(
  joinWords(fc.constant('ep.country'), equality, country),
  joinWords(country, equality, fc.constant('ep.country')),
  joinWords(fc.constant('ep.subdivision'), equality, subdivision),
  joinWords(fc.constant('ep.asn'), equality, asn),
  joinWords(addressFact, equality, quoted(ADDRESS)),
  joinWords(addressFact, fc.constantFrom('ipmatch', '!ipmatch'), quoted([...ADDRESS, ...PREFIX])),
  joinWords(fact, equality, fc.constant('nil')),
  fc.constantFrom('true', 'false', '1 == 1', '1 / 0 == 1'),
)

/** Conditions that only evaluation can tell. */
const computed = fc.oneof(
  joinWords(fc.constant('ep.asn'), fc.constantFrom('<', '>=', '<=', '>'), fc.constantFrom('64497', '64496 + 1')),
  fc.constantFrom(
    'ep.asn % 2 == 0',
    '- ep.asn < -64497',
    'ep.asn / ( ep.asn - 64497 ) > 0',
    'upper(ep.country) . "-" == "US-"',
    'ep.subdivision globmatch "us-*"',
    'ep.subdivision !%*= "US-N?"',
    'ep.subdivision ~= "^us-n(y|j)$"',
    'ep.country regexmatchi "^[T-V]"',
    'ep.country !regexmatch "s$"',
    'ep.country < "d"',
    'ep.country == upper(lower(ep.country))',
    'string(ep.asn) *= "*97"',
    'integer("64496") == ep.asn * 1',
    'ep.ipv4addr == ep.ipv6addr',
    'ep.ipv4addr != ep.ipv6addr',
    '( ep.country == "us" ) == ( ep.asn == 64496 )',
    '( ep.country == "us" ? ep.ipv4addr : ep.ipv6addr ) ipmatch "192.0.2.0/25"',
  ),
)

const nested = (condition: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .letrec<{ any: string }>((tie) => ({
      any: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        condition,
        fc
          .tuple(tie('any'), fc.constantFrom('and', 'or'), tie('any'))
          .map(([a, operator, b]) => `( ${a} ${operator} ${b} )`),
        fc
          .tuple(tie('any'), tie('any'), tie('any'))
          .map(([a, b, c]) => `( ${a} ) and ( ${b} ) and ( ${c} )`)
          .map((text) => `( ${text} )`),
        tie('any').map((a) => `not ( ${a} )`),
        tie('any').map((a) => `!( ${a} )`),
        fc.tuple(tie('any'), tie('any'), tie('any')).map(([a, b, c]) => `( ( ${a} ) ? ( ${b} ) : ( ${c} ) )`),
      ),
    }))
    .any.map((text) => (text.startsWith('not') ? `( ${text} )` : text))

/** Valid expressions of conditions that the algebra can say. */
export const anyAlgebraicExpression: fc.Arbitrary<string> = nested(algebraic)

/** Valid expressions, strictly written. */
export const anyExpression: fc.Arbitrary<string> = nested(
  fc.oneof({ weight: 3, arbitrary: algebraic }, { weight: 1, arbitrary: computed }),
)

/** Valid expressions with a piece taken out, put in or repeated. */
export const anyBrokenExpression: fc.Arbitrary<string> = fc
  .tuple(
    anyExpression,
    fc.nat(),
    fc.nat({ max: 12 }),
    fc.constantFrom(
      '',
      '(',
      ')',
      '"',
      "'",
      '$',
      '!',
      '=',
      ' . ',
      ':',
      '?',
      '[',
      ',',
      '\\',
      'not ',
      ' in ',
      '9'.repeat(20),
      '\u0000',
      'é',
      '((((',
      '~=',
    ),
    fc.nat({ max: 3 }),
  )
  .map(([text, at, drop, put, times]) => {
    const cut = at % (text.length + 1)
    return text.slice(0, cut) + put.repeat(times) + text.slice(cut + drop)
  })
