import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';

/** A record as the OSV schema has it; `modified` and `affected` where a test does not say. */
export function advisory(id: string, given: Readonly<Record<string, unknown>> = {}) {
  return { schema_version: '1.7.0', id, modified: '2026-11-20T00:00:00Z', affected: [], ...given };
}

/** One entry of `affected`: a range from the first event to the next, in the ecosystem's order. */
export function affects(
  ecosystem: string,
  name: string,
  events: readonly Readonly<Record<string, string>>[],
  more: Readonly<Record<string, unknown>> = {},
) {
  return {
    package: { ecosystem, name },
    ranges: [{ type: 'ECOSYSTEM', events }],
    ...more,
  };
}

/** The export of an ecosystem: each record in a member that is named by its id. */
export function exportZip(
  records: readonly { readonly id: string; readonly [more: string]: unknown }[],
): Buffer {
  const members = records.map((one) => [`${one.id}.json`, strToU8(JSON.stringify(one))] as const);
  return zipOf(Object.fromEntries(members));
}

/** A zip archive of these members, packed on 2026-11-20. */
export function zipOf(members: Readonly<Record<string, Uint8Array>>): Buffer {
  return Buffer.from(zipSync(members, { mtime: '2026-11-20T00:00:00' }));
}

/** Puts an export into a folder as OSV's server has it. */
export function putExport(folder: string, ecosystem: string, zip: Uint8Array): void {
  mkdirSync(join(folder, ecosystem), { recursive: true });
  writeFileSync(join(folder, ecosystem, 'all.zip'), zip);
}
