import { Ajv } from 'ajv';
import { yamlTable } from '../fakes/table.ts';

interface Written {
  readonly packages: readonly { readonly SPDXID: string; readonly licenseDeclared: string }[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relatedSpdxElement: string;
  }[];
  readonly hasExtractedLicensingInfos?: readonly { readonly licenseId: string }[];
}

/**
 * The rules of SPDX 2.3 for the fields that we write, after clauses 6, 7, 10 and 11 of the
 * specification; stricter than its JSON schema, which no npm package ships and whose text is not
 * ours to commit. docs/attestations.md says how to check with the official one.
 */
const RULES = yamlTable('test/trust/spdx-rules.yaml') as object;
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
