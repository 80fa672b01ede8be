import { NAMED_CLAUSES } from './named-diagnostic-clauses.ts'

/** Where a rule stands, and what it says. */
export interface DiagnosticClause {
  /** An RFC with its section; `[NF]` draft-arolovitch-cdni-named-footprints-01, `[PF]` draft-warshavsky-private-features-metadata-02; `ours` where no text decides. */
  readonly clause: string
  readonly explanation: string
}

const CLAUSES = {
  ...NAMED_CLAUSES,
  'invalid-json': {
    clause: 'RFC 8008 5.2',
    explanation: 'the document is to be I-JSON (RFC 7493); this text is no JSON',
  },
  'duplicate-member': {
    clause: 'RFC 7493 2.3',
    explanation: 'two members of one object have the same name, so receivers would read different values',
  },
  'too-deep': { clause: 'ours', explanation: 'objects and arrays nest deeper than any CDNI document needs' },
  'too-large': { clause: 'ours', explanation: 'the document is beyond a limit that bounds the work it may cause' },
  'not-an-advertisement': {
    clause: 'RFC 8008 5.1',
    explanation: 'an advertisement is an object with the array "capabilities" (or RFC 9241 3.6)',
  },
  'diagnostics-truncated': { clause: 'ours', explanation: 'there is more to say than is kept' },
  'capability-invalid': {
    clause: 'RFC 8008 5.1',
    explanation: 'an FCI Base Object has a "capability-type" and a "capability-value"',
  },
  'capability-type-case': { clause: 'RFC 7736 2.2', explanation: 'payload types are registered in one spelling' },
  'capability-value-invalid': {
    clause: 'RFC 8008 5.1',
    explanation: 'the value is not what the capability type demands',
  },
  'capability-value-bare-list': {
    clause: 'RFC 8008 5.3',
    explanation: 'RFC 9241 4.2.2 prints bare lists, RFC 8008 wants them in a member',
  },
  'capability-name-invalid': { clause: 'RFC 8008 5.3', explanation: 'protocols, modes, types and fields are strings' },
  'capability-member-form': {
    clause: 'RFC 8259 3',
    explanation: 'a number, boolean or array is written as something else',
  },
  'capability-member-name': { clause: 'ours', explanation: 'the member is known under another name' },
  'endpoint-invalid': {
    clause: 'RFC 8006 4.3.3',
    explanation: 'an endpoint is a host name or an address with an optional port',
  },
  'redirect-dns-port': { clause: 'RFC 8804 2.4', explanation: 'a port in a DNS target MUST be ignored' },
  'redirect-path-prefix': {
    clause: 'RFC 8804 2.5',
    explanation: 'a path prefix begins with a slash and MUST end with one',
  },
  'capacity-draft-form': { clause: 'RFC 9808 2.2', explanation: 'the form is of a draft before the RFC' },
  'capacity-limit-invalid': {
    clause: 'RFC 9808 2.2',
    explanation: 'limits are whole numbers; one that is unreadable counts as 0, since dropping it would widen',
  },
  'capacity-soft-not-below-hard': {
    clause: 'RFC 9808 2.2',
    explanation: 'a soft limit MUST be less than the hard one',
  },
  'capacity-id-repeated': {
    clause: 'RFC 9808 2.2',
    explanation: 'ids of limits MUST be unique in the advertisement',
  },
  'telemetry-id-repeated': {
    clause: 'RFC 9808 2.1',
    explanation: 'ids of telemetry sources MUST be unique in the advertisement',
  },
  'telemetry-name-repeated': {
    clause: 'RFC 9808 2.1',
    explanation: 'names of metrics MUST be unique in their source',
  },
  'telemetry-source-unknown': {
    clause: 'RFC 9808 2.2',
    explanation: 'a limit names a telemetry source and a metric of the advertisement',
  },
  'private-feature-member': { clause: '[PF] 5', explanation: 'the member is called "features"' },
  'private-features-not-array': { clause: '[PF] 5', explanation: '"features" is an array' },
  'private-feature-invalid': {
    clause: '[PF] 5.1',
    explanation: 'a feature has the strings "feature-oid" and "feature-type"',
  },
  'private-feature-value-invalid': {
    clause: '[PF] 3.1',
    explanation: 'the value is not what the feature’s schema demands',
  },
  'private-feature-value-form': {
    clause: '[PF] 3.1',
    explanation: 'the value is written otherwise than the feature’s schema has it',
  },
  'private-feature-list-invalid': {
    clause: '[PF] 3',
    explanation: 'MI.PrivateFeatureList holds an array of features, each with owner, type and value',
  },
  'private-feature-name-invalid': {
    clause: '[PF] 4.1',
    explanation: 'a named feature is MI.PrivateFeature.<org id>.<feature id>, of letters and digits',
  },
  'private-feature-href': {
    clause: 'RFC 8006 4.3.1',
    explanation: 'an object with "href" is a Link, so no metadata may have such a member',
  },
  'private-feature-repeated': { clause: '[PF] 3', explanation: 'a list configures each feature once' },
  'metadata-invalid': { clause: 'RFC 8006 4.1.7', explanation: 'GenericMetadata has a type and a value' },
  'metadata-flag-invalid': { clause: 'RFC 8006 4.1.7', explanation: 'the flags of GenericMetadata are booleans' },
  'metadata-link': { clause: 'RFC 8006 4.3.1', explanation: 'an object with "href" stands for another one' },
  'metadata-type-repeated': {
    clause: 'RFC 8006 3.3',
    explanation: 'all but the first object of a type MUST be ignored',
  },
  'cdn-path-invalid': {
    clause: 'RFC 7975 4.8',
    explanation: 'a path is a list of CDN Provider IDs ("AS" number ":" qualifier)',
  },
  'max-hops-invalid': { clause: 'ours', explanation: 'a hop bound is a whole number of at least 0' },
  'location-acl-invalid': {
    clause: 'RFC 8006 4.2.2',
    explanation: 'a LocationACL holds an array of rules; one that cannot be read denies everybody',
  },
  'location-rule-invalid': { clause: 'RFC 8006 4.2.2.1', explanation: 'a LocationRule has footprints and an action' },
  'location-action-invalid': { clause: 'RFC 8006 4.2.2.1', explanation: 'the action is "allow" or "deny"' },
  'footprints-not-array': { clause: 'RFC 8008 5.1', explanation: '"footprints" is an array' },
  'footprint-invalid': {
    clause: 'RFC 8006 4.2.2.2',
    explanation: 'a Footprint object has a "footprint-type" and a "footprint-value"',
  },
  'footprint-type-unknown': {
    clause: 'RFC 8008 4',
    explanation: 'a constraint that is not understood holds for nobody, since ignoring it would widen',
  },
  'footprint-type-case': { clause: 'RFC 8006 4.2.2.2', explanation: 'footprint types are lower case' },
  'footprint-type-country': { clause: 'RFC 8006 4.3.8', explanation: 'the type is called "countrycode"' },
  'footprint-value-not-array': { clause: 'RFC 8006 4.2.2.2', explanation: '"footprint-value" is an array' },
  'footprint-value-empty': { clause: 'RFC 9241 3.6', explanation: 'a list without values matches nobody' },
  'footprint-empty': { clause: 'RFC 9388 2.2', explanation: 'these constraints exclude one another' },
  'footprint-null-v4v6': {
    clause: 'RFC 9388 2.2',
    explanation: 'no address is of both families; a footprintunion says "either"',
  },
  'footprint-combination-or': {
    clause: 'RFC 9388 2.2',
    explanation: 'different types narrow each other; this peer is set to [NF] 1.3, where they add up',
  },
  'footprint-too-complex': { clause: 'ours', explanation: 'unions multiply to more combinations than are computed' },
  'footprintunion-nested': { clause: 'RFC 9388 2.2', explanation: 'a footprintunion MUST NOT hold another one' },
  'footprint-source-invalid': {
    clause: '[NF] 3.3.3',
    explanation: 'a source has a type, a URI and the footprint types that it judges',
  },
  'footprint-source-unknown': {
    clause: '[NF] 3.3.3',
    explanation: 'the type of source is none of rfc8805 and private',
  },
  'footprint-source-case': { clause: '[NF] 3.3.3', explanation: 'source types are lower case' },
  'footprint-source-countrycode': {
    clause: '[NF] 3.3.3',
    explanation: 'here, and only here, the type is called "country"',
  },
  'footprint-source-fact-unknown': {
    clause: '[NF] 3.3.3',
    explanation: 'a source judges asn, country and subdivision',
  },
  'footprint-source-insecure': { clause: 'RFC 8805 3.1', explanation: 'a feed should be fetched over https' },
  'footprint-source-lacks-fact': {
    clause: '[NF] 3.2',
    explanation: 'the source does not judge what the footprint asks',
  },
  'footprint-source-named': {
    clause: '[NF] 3.2',
    explanation: 'the sources of a named footprint stand in its definition, not where it is referred to',
  },
  'footprint-source-needless': { clause: '[NF] 3.2', explanation: 'addresses are judged without any source' },
  'footprint-source-not-array': { clause: '[NF] 3.2', explanation: '"footprint-source" is an array' },
  'footprint-source-types-not-array': {
    clause: '[NF] 3.3.3',
    explanation: 'the footprint types of a source are an array',
  },
  'footprint-source-twice': {
    clause: '[NF] 3.2',
    explanation: 'a union and its member both name sources, and no text says which count',
  },
  'named-uri-invalid': { clause: '[NF] 3.1.2', explanation: 'a named footprint is referred to by an absolute URI' },
  'prefix-invalid': { clause: 'RFC 8006 4.3.5', explanation: 'the value is no CIDR block (RFC 8006 4.3.6 for IPv6)' },
  'prefix-family': { clause: 'RFC 8006 4.3.5', explanation: 'IPv4 belongs under ipv4cidr, IPv6 under ipv6cidr' },
  'prefix-short-ipv4': { clause: 'RFC 8006 4.3.5', explanation: 'an IPv4 address has four octets' },
  'prefix-short-ipv6': { clause: 'RFC 8006 4.3.6', explanation: 'an IPv6 address has eight groups, or "::"' },
  'prefix-host-bits': {
    clause: 'RFC 4632 3.1',
    explanation: 'bits beyond the prefix length are set; they are ignored',
  },
  'prefix-without-length': {
    clause: 'RFC 8006 4.3.5',
    explanation: 'a CIDR block has a length; a single address is a /32 or /128',
  },
  'prefix-ipv4-mapped': { clause: 'RFC 4291 2.5.5', explanation: 'IPv4-mapped addresses are matched as IPv4' },
  'asn-invalid': { clause: 'RFC 8006 4.3.7', explanation: 'an AS number is written "as64496"' },
  'asn-form': { clause: 'RFC 8006 4.3.7', explanation: 'an AS number is written "as64496"' },
  'asn-qualified': {
    clause: 'RFC 8006 4.3.7',
    explanation: 'an AS number has no qualifier; CDN Provider IDs have (RFC 7975 4.8)',
  },
  'asn-qualifier-ambiguous': {
    clause: 'RFC 8006 4.3.7',
    explanation: 'the qualifiers tell parts of one AS apart, which no data source does',
  },
  'country-invalid': { clause: 'RFC 8006 4.3.8', explanation: 'a country is an ISO 3166-1 code of two letters' },
  'country-case': { clause: 'RFC 8006 4.3.8', explanation: 'country codes are lower case' },
  'subdivision-invalid': {
    clause: 'RFC 9388 2.1.1',
    explanation: 'a subdivision is an ISO 3166-2 code such as "us-ny"',
  },
  'subdivision-case': { clause: 'RFC 9388 2.1.1', explanation: 'subdivision codes are lower case' },
  'expr-syntax': { clause: '[NF] 3.1.1', explanation: 'the text is no expression of the metadata expression language' },
  'expr-name': { clause: '[NF] 3.1.1', explanation: 'no variable or function of that name is evaluated' },
  'expr-type': {
    clause: '[NF] 3.1.1',
    explanation: 'an operator meets values of types that it does not compare or compute',
  },
  'expr-value': { clause: '[NF] 3.1.1', explanation: 'a literal is outside what its variable can be' },
  'expr-unsupported': {
    clause: '[NF] 3.1.1',
    explanation: 'the language has it, but no text says what exactly it does',
  },
  'expr-too-long': { clause: 'ours', explanation: 'the expression is longer than is read' },
  'expr-too-deep': { clause: 'ours', explanation: 'the expression nests deeper than is read' },
  'expr-too-complex': { clause: 'ours', explanation: 'evaluating the expression could take too long' },
  'expr-inner-quotes': { clause: '[NF] 2.4', explanation: 'quotation marks inside a JSON string are to be escaped' },
  'expr-sigil': { clause: '[NF] 2.4', explanation: 'variables have no "$" in the language' },
  'expr-sep': { clause: '[NF] 3.1.1.1', explanation: 'the variable is called "ep", not "sep"' },
  'expr-equals': { clause: '[NF] 2.4', explanation: 'equality is "=="; "=" assigns' },
  'expr-ipmatch-or': { clause: '[NF] 2.4', explanation: 'several prefixes stand in a list' },
  'expr-in': { clause: '[NF] 3.1.1', explanation: 'the language has no "in"' },
  'expr-keyword-case': { clause: '[NF] 3.1.1', explanation: 'keywords are lower case' },
  'expr-and-or': {
    clause: '[NF] 3.1.1',
    explanation: 'no text says whether "and" binds tighter than "or"; write parentheses',
  },
  'expr-never': { clause: '[NF] 3.1.1', explanation: 'nobody can meet the comparison' },
} as const satisfies Readonly<Record<string, DiagnosticClause>>

/** Every code that a reading reports; `Reading` takes no other. */
export type DiagnosticCode = keyof typeof CLAUSES

const BY_CODE: ReadonlyMap<string, DiagnosticClause> = new Map(Object.entries(CLAUSES))

/** The rule behind a diagnostic code; undefined for a code that is none of ours. */
export function diagnosticClause(code: string): DiagnosticClause | undefined {
  return BY_CODE.get(code)
}
