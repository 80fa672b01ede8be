/**
 * What a steering manifest may be, written from draft-pantos-content-steering-05 sections 4 and 5, and not from our code.
 * ETSI TS 103 998 has the same members for DASH, but no URIs of variants and renditions.
 */
export const STEERING_SCHEMA = {
  type: 'object',
  required: ['VERSION', 'TTL', 'PATHWAY-PRIORITY'],
  additionalProperties: false,
  properties: {
    VERSION: { const: 1 },
    TTL: { type: 'integer', minimum: 1 },
    'RELOAD-URI': { type: 'string', minLength: 1, pattern: '^[\\x21-\\x7e]+$' },
    'PATHWAY-PRIORITY': {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { $ref: '#/$defs/pathway' },
    },
    'PATHWAY-CLONES': {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['BASE-ID', 'ID', 'URI-REPLACEMENT'],
        additionalProperties: false,
        properties: {
          'BASE-ID': { $ref: '#/$defs/pathway' },
          ID: { $ref: '#/$defs/pathway' },
          'URI-REPLACEMENT': {
            type: 'object',
            minProperties: 1,
            additionalProperties: false,
            properties: {
              HOST: { type: 'string', pattern: '^[A-Za-z0-9.-]+(:[0-9]{1,5})?$' },
              PARAMS: { type: 'object', additionalProperties: { type: 'string' } },
            },
          },
        },
      },
    },
  },
  $defs: { pathway: { type: 'string', pattern: '^[A-Za-z0-9._-]+$' } },
} as const
