import { Ajv } from 'ajv';

const text = { type: 'string', minLength: 1 } as const;
const element = { type: 'string', pattern: '^SPDXRef-[A-Za-z0-9.-]+$' } as const;

function closed(properties: object, required: readonly string[]): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** 7.5 and 7.6: who, with an address in parentheses, or nobody. */
const party = {
  type: 'string',
  pattern: '^(?:NOASSERTION|(?:Person|Organization): [^()\\n]+(?: \\([^() ]+@[^() ]+\\))?)$',
};

/**
 * The rules of SPDX 2.3 for the fields that we write, after clauses 6, 7, 10 and 11 of the
 * specification; stricter than its JSON schema, which no npm package ships and whose text is not
 * ours to commit. docs/attestations.md says how to check with the official one.
 */
const RULES = closed(
  {
    spdxVersion: { const: 'SPDX-2.3' },
    dataLicense: { const: 'CC0-1.0' },
    SPDXID: { const: 'SPDXRef-DOCUMENT' },
    name: text,
    documentNamespace: { type: 'string', pattern: '^https://[^\\s#]+$' },
    creationInfo: closed(
      {
        created: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' },
        creators: {
          type: 'array',
          minItems: 1,
          items: { type: 'string', pattern: '^(Tool|Person|Organization): .+' },
        },
      },
      ['created', 'creators'],
    ),
    packages: {
      type: 'array',
      items: closed(
        {
          SPDXID: element,
          name: { type: 'string' },
          versionInfo: text,
          primaryPackagePurpose: { enum: ['CONTAINER', 'OPERATING_SYSTEM', 'LIBRARY', 'FILE'] },
          supplier: party,
          originator: party,
          downloadLocation: { const: 'NOASSERTION' },
          filesAnalyzed: { const: false },
          licenseConcluded: { const: 'NOASSERTION' },
          licenseDeclared: text,
          copyrightText: { const: 'NOASSERTION' },
          summary: { type: 'string' },
          comment: text,
          sourceInfo: { type: 'string' },
          checksums: {
            type: 'array',
            items: closed(
              {
                algorithm: { const: 'SHA256' },
                checksumValue: { type: 'string', pattern: '^[0-9a-f]{64}$' },
              },
              ['algorithm', 'checksumValue'],
            ),
          },
          externalRefs: {
            type: 'array',
            items: closed(
              {
                referenceCategory: { const: 'PACKAGE-MANAGER' },
                referenceType: { const: 'purl' },
                referenceLocator: { type: 'string', pattern: '^pkg:\\S+$' },
              },
              ['referenceCategory', 'referenceType', 'referenceLocator'],
            ),
          },
        },
        ['SPDXID', 'name', 'downloadLocation', 'supplier'],
      ),
    },
    relationships: {
      type: 'array',
      items: closed(
        {
          spdxElementId: element,
          relationshipType: { enum: ['DESCRIBES', 'CONTAINS'] },
          relatedSpdxElement: element,
        },
        ['spdxElementId', 'relationshipType', 'relatedSpdxElement'],
      ),
    },
    hasExtractedLicensingInfos: {
      type: 'array',
      items: closed(
        {
          licenseId: { type: 'string', pattern: '^LicenseRef-[A-Za-z0-9.-]+$' },
          extractedText: text,
          name: text,
        },
        ['licenseId', 'extractedText'],
      ),
    },
  },
  ['spdxVersion', 'dataLicense', 'SPDXID', 'name', 'documentNamespace', 'creationInfo'],
);

interface Written {
  readonly packages: readonly { readonly SPDXID: string; readonly licenseDeclared: string }[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relatedSpdxElement: string;
  }[];
  readonly hasExtractedLicensingInfos?: readonly { readonly licenseId: string }[];
}

const validate = new Ajv({ allErrors: true }).compile<Written>(RULES);

/**
 * What is wrong with a document: by form, and by what no schema can say (ids unique, references
 * resolved).
 */
export function spdxErrors(document: unknown): unknown[] {
  const written: unknown = JSON.parse(JSON.stringify(document));
  if (!validate(written)) return validate.errors ?? [];
  const ids = written.packages.map(({ SPDXID }) => SPDXID);
  const known = new Set([...ids, 'SPDXRef-DOCUMENT']);
  const licenses = new Set(
    (written.hasExtractedLicensingInfos ?? []).map(({ licenseId }) => licenseId),
  );
  const refs = written.packages.flatMap(
    ({ licenseDeclared }) => licenseDeclared.match(/LicenseRef-[A-Za-z0-9.-]+/g) ?? [],
  );
  return [
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `twice: ${id}`),
    ...written.relationships
      .flatMap((r) => [r.spdxElementId, r.relatedSpdxElement])
      .filter((id) => !known.has(id))
      .map((id) => `not in the document: ${id}`),
    ...refs.filter((ref) => !licenses.has(ref)).map((ref) => `not defined: ${ref}`),
    ...[...licenses].filter((id) => !refs.includes(id)).map((id) => `not used: ${id}`),
  ];
}
