import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AltoPatchError,
  applyJsonPatch,
  applyMergePatch,
  versionOfAlto,
} from '../../src/broker/advertisements/alto-document.ts'

const LIMIT = 1_000_000

/** RFC 7396, appendix A. */
const MERGES: readonly (readonly [target: unknown, patch: unknown, result: unknown])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
]

describe('a merge patch', () => {
  it.each(MERGES)('on %j, %j, gives %j', (target, patch, result) => {
    expect(applyMergePatch(target, patch)).toEqual(result)
  })

  it('never reaches a prototype', () => {
    const patched = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":true},"constructor":{"a":1}}'))
    expect(Object.getPrototypeOf(patched)).toBe(Object.prototype)
    expect({}).not.toHaveProperty('polluted')
  })

  it('leaves its target alone, and applied twice is applied once', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const before = JSON.stringify(target)
        const once = applyMergePatch(target, patch)
        expect(JSON.stringify(target)).toBe(before)
        expect(applyMergePatch(once, patch)).toEqual(once)
      }),
    )
  })
})

/** RFC 9241 3.7.3. */
const DOCUMENT = {
  meta: { vtag: { 'resource-id': 'my-default-cdnifci', tag: 'dasdfa10ce8b059740bddsfasd8eb1d47853716' } },
  'cdni-advertisement': {
    'capabilities-with-footprints': [
      {
        'capability-type': 'FCI.DeliveryProtocol',
        'capability-value': { 'delivery-protocols': ['https/1.1'] },
        footprints: [{ 'footprint-type': 'ipv4cidr', 'footprint-value': ['203.0.113.0/24'] }],
      },
    ],
  },
}
const PATCH = [
  { op: 'replace', path: '/meta/vtag/tag', value: 'a10ce8b059740b0b2e3f8eb1d4785acd42231bfe' },
  {
    op: 'add',
    path: '/cdni-advertisement/capabilities-with-footprints/0/footprints/0/footprint-value/-',
    value: '192.0.2.0/24',
  },
]

describe('a JSON patch', () => {
  it('of RFC 9241 3.7.3 adds a prefix and gives the document another version', () => {
    const patched = applyJsonPatch(DOCUMENT, PATCH, LIMIT)
    expect(JSON.stringify(patched)).toContain('["203.0.113.0/24","192.0.2.0/24"]')
    expect(versionOfAlto(patched)).toEqual({
      resourceId: 'my-default-cdnifci',
      tag: 'a10ce8b059740b0b2e3f8eb1d4785acd42231bfe',
    })
    expect(JSON.stringify(DOCUMENT)).not.toContain('192.0.2.0/24')
  })

  it.each([
    ['an unknown operation', [{ op: 'increment', path: '/a' }]],
    ['no list', { op: 'add', path: '/a', value: 1 }],
    ['a path that is no pointer', [{ op: 'remove', path: 'a' }]],
    ['a path that leads nowhere', [{ op: 'replace', path: '/b/c', value: 1 }]],
    ['an index beyond the end', [{ op: 'add', path: '/a/9', value: 1 }]],
    ['the removal of what is not there', [{ op: 'remove', path: '/a/3' }]],
    ['a test that fails', [{ op: 'test', path: '/a/0', value: 2 }]],
    ['a move into itself', [{ op: 'move', from: '/a', path: '/a/0' }]],
    ['a prototype', [{ op: 'add', path: '/__proto__/polluted', value: true }]],
    ['an operation too many', Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a/0', value: 1 }))],
  ])('with %s is refused as a whole', (_name, patch) => {
    const target = { a: [1] }
    expect(() => applyJsonPatch(target, patch, LIMIT)).toThrow(AltoPatchError)
    expect(target).toEqual({ a: [1] })
  })

  it('that doubles the document with every copy ends at the limit', () => {
    const doubling = Array.from({ length: 60 }, (_, i) => ({ op: 'copy', from: '/a', path: `/a/${i}` }))
    expect(() => applyJsonPatch({ a: { x: 'x'.repeat(100) } }, doubling, LIMIT)).toThrow(/max_bytes/)
  })

  it('is applied or refused, whatever it holds', () => {
    const operation = fc.record({
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
      path: fc.constantFrom('', '/a', '/a/0', '/a/-', '/b/c', '/b', '/~0', '/a/01'),
      from: fc.constantFrom('', '/a', '/a/0', '/b'),
      value: fc.jsonValue(),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 8 }), (patch) => {
        try {
          expect(JSON.stringify(applyJsonPatch({ a: [1, 2], b: { c: 1 } }, patch, LIMIT))).toBeTypeOf('string')
        } catch (error) {
          expect(error).toBeInstanceOf(AltoPatchError)
        }
      }),
    )
  })
})
