import { err, ok, type Result } from '../model/result.ts';
import { isObject, listOf, objectOf, parseUntrustedJson, textOf } from './untrusted-json.ts';

/** What an SBOM from anywhere says is in the image. */
export interface ReadSbom {
  readonly format: 'cyclonedx' | 'spdx';
  /** `1.6`, `2.3`. */
  readonly version: string;
  /** Package URLs, as written. */
  readonly purls: readonly string[];
  /** Names and versions of all entries that are packages, those with a purl too. */
  readonly names: readonly { readonly name: string; readonly version: string }[];
}

interface Entry {
  readonly name: string;
  readonly version: string;
  readonly purl: string | undefined;
}

const MAX_ENTRIES = 500_000;
// What the image is or how it runs, not a package in it.
const NOT_PACKAGES = new Set(['file', 'operating-system', 'container', 'cryptographic-asset']);
const NOT_PACKAGE_PURPOSES = new Set([
  'FILE',
  'OPERATING_SYSTEM',
  'OPERATING-SYSTEM',
  'CONTAINER',
  'SOURCE',
]);

/**
 * Reads the predicate of an SBOM attestation: CycloneDX JSON 1.2 to 1.7 or SPDX JSON 2.2 and 2.3, also wrapped
 * as `{Data: ...}`, as older cosign did. The predicate is hostile: every field is checked, lists are cut at 500,000 entries.
 * The error says why it cannot be read.
 */
export function parseSbom(predicate: unknown): Result<ReadSbom> {
  const document = unwrapped(predicate);
  if (!document.ok) return document;
  if (!isObject(document.value)) return err('the SBOM is no JSON object');
  const { bomFormat, specVersion, spdxVersion } = document.value;
  if (bomFormat === 'CycloneDX') return readCyclonedx(document.value, textOf(specVersion, 20));
  if (spdxVersion !== undefined) return readSpdx(document.value, textOf(spdxVersion, 20));
  if ('@graph' in document.value) return err('SPDX 3 documents are not read; SPDX 2.3 is');
  return err('the SBOM is neither CycloneDX JSON nor SPDX JSON');
}

function unwrapped(predicate: unknown): Result<unknown> {
  if (!isObject(predicate) || !('Data' in predicate)) return ok(predicate);
  const data = predicate['Data'];
  return typeof data === 'string'
    ? parseUntrustedJson(data, 'the SBOM in the predicate')
    : ok(data);
}

function readCyclonedx(
  document: Readonly<Record<string, unknown>>,
  version: string | undefined,
): Result<ReadSbom> {
  if (version === undefined || !/^1\.[2-7]$/.test(version))
    return err('the CycloneDX version of the SBOM is not known');
  const entries: Entry[] = [];
  // Components nest; a queue in place of recursion, so that depth costs nothing.
  const queue: (readonly unknown[])[] = [listOf(document['components'], MAX_ENTRIES)];
  for (let list = queue.pop(); list !== undefined; list = queue.pop())
    for (const item of list) {
      if (entries.length >= MAX_ENTRIES) return ok(summary('cyclonedx', version, entries));
      const component = objectOf(item);
      if (component['components'] !== undefined)
        queue.push(listOf(component['components'], MAX_ENTRIES));
      const { type, name, version: of, group, purl } = component;
      if (NOT_PACKAGES.has(textOf(type, 40) ?? '')) continue;
      const prefix = textOf(group);
      const full = textOf(name);
      if (full !== undefined && full !== '')
        entries.push({
          name: prefix === undefined || prefix === '' ? full : `${prefix}/${full}`,
          version: textOf(of) ?? '',
          purl: textOf(purl),
        });
    }
  return ok(summary('cyclonedx', version, entries));
}

function readSpdx(
  document: Readonly<Record<string, unknown>>,
  spdxVersion: string | undefined,
): Result<ReadSbom> {
  const version = /^SPDX-(2\.[23])$/.exec(spdxVersion ?? '')?.[1];
  if (version === undefined) return err('the SPDX version of the SBOM is not known');
  const entries = listOf(document['packages'], MAX_ENTRIES).flatMap((item): Entry[] => {
    const found = objectOf(item);
    if (NOT_PACKAGE_PURPOSES.has(textOf(found['primaryPackagePurpose'], 40) ?? '')) return [];
    const name = textOf(found['name']);
    const purl = purlOf(found['externalRefs']);
    // The image itself, where the document gives it no purpose.
    if (name === undefined || name === '' || purl?.startsWith('pkg:oci/') === true) return [];
    return [{ name, version: textOf(found['versionInfo']) ?? '', purl }];
  });
  return ok(summary('spdx', version, entries));
}

function purlOf(references: unknown): string | undefined {
  for (const item of listOf(references, 100)) {
    const reference = objectOf(item);
    if (reference['referenceType'] === 'purl') return textOf(reference['referenceLocator']);
  }
  return undefined;
}

function summary(
  format: 'cyclonedx' | 'spdx',
  version: string,
  entries: readonly Entry[],
): ReadSbom {
  return {
    format,
    version,
    purls: entries.flatMap(({ purl }) => (purl === undefined || purl === '' ? [] : [purl])),
    names: entries.map(({ name, version: of }) => ({ name, version: of })),
  };
}
