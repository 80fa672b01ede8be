/** The rules behind the diagnostics of named footprints; see `diagnosticClause`. */
export const NAMED_CLAUSES = {
  'not-named-footprints': {
    clause: '[NF] 4.2',
    explanation: 'the document is an array of namespaces, one namespace, or one named footprint',
  },
  'namespace-invalid': {
    clause: '[NF] 3.3.2',
    explanation: 'a namespace has a name, a type and the array "footprints"',
  },
  'namespace-twice': { clause: '[NF] 3.3.2', explanation: 'names of namespaces are unique' },
  'namespace-type-invalid': { clause: '[NF] 3.3.2', explanation: 'a namespace is of type coverage or resource' },
  'namespace-type-missing': { clause: '[NF] 3.3.2', explanation: 'a namespace is of type coverage or resource' },
  'named-invalid': {
    clause: '[NF] 3.3.1',
    explanation: 'a named footprint is an object with name, URI, expiry and definition',
  },
  'named-name-invalid': { clause: '[NF] 3.3.1', explanation: 'a named footprint has a name' },
  'named-expires-invalid': { clause: '[NF] 3.3.1', explanation: '"footprint-expires" is an RFC 3339 date and time' },
  'named-def-array': { clause: '[NF] 3.3.1', explanation: '"footprint-def" is one Footprint object' },
  'named-def-invalid': { clause: '[NF] 3.3.1', explanation: '"footprint-def" is one Footprint object' },
  'named-too-deep': { clause: 'ours', explanation: 'sub-footprints nest deeper than is read' },
  'named-name-twice': { clause: '[NF] 3.3.1', explanation: 'a name is unique in its namespace' },
  'named-uri-twice': { clause: '[NF] 3.3.1', explanation: 'a URI names one footprint' },
  'named-expires-after-parent': {
    clause: '[NF] 4.1',
    explanation: 'a parent is to be fetched less often than its sub-footprints',
  },
  'named-outside-parent': { clause: '[NF] 2.2', explanation: 'a sub-footprint is a part of its parent' },
  'named-siblings-overlap': {
    clause: '[NF] 2.6',
    explanation: 'an address belongs to at most one footprint of a level',
  },
  'named-generic-metadata': {
    clause: '[NF] 4.2',
    explanation: 'the object itself is sent, not a GenericMetadata object around it',
  },
  'subfootprints-invalid': { clause: '[NF] 3.3.1', explanation: '"subfootprints" is an array of named footprints' },
  'subfootprints-member': {
    clause: '[NF] 3.3.1',
    explanation: 'the member is called "subfootprints", although an example in 4.2 has "footprints"',
  },
  'subfootprints-twice': { clause: '[NF] 3.3.1', explanation: 'one member holds the sub-footprints' },
} as const
