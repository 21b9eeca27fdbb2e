import type { RawPackage } from '../layer-facts.ts';
import type { OwnedFile } from './ownership.ts';
import {
  isPlainText,
  linesOf,
  MAX_PACKAGES,
  NOTHING,
  type RecordReader,
  textOf,
} from './record.ts';
import { recordedSupplier, suppliedBy } from './recorded-supplier.ts';
import { stanzaFields } from './stanza.ts';

const DPKG_DATABASE = 'var/lib/dpkg/';
const STATUS = /^var\/lib\/dpkg\/(?:status|status\.d\/[^/]+)$/;
const LIST = /^var\/lib\/dpkg\/info\/([^/:]+)(?::[^/]*)?\.list$/;
const SUMS = /^var\/lib\/dpkg\/status\.d\/([^/:]+)(?::[^/]*)?\.md5sums$/;

/** Characters; those of real packages have some thousand. */
const MAX_STANZA = 1024 * 1024;

/** States of a package without files (dpkg(1), "Package states"); all other states have some. */
const ABSENT = new Set(['not-installed', 'config-files']);

/** `Source: name (version)`; without a version, it is the package's own (deb-src-control(5)). */
function dpkgSource(
  field: string | undefined,
  name: string,
  version: string,
): RawPackage['source'] {
  const found = /^(\S+)(?:\s+\((\S+)\))?$/.exec((field ?? name).slice(0, 600));
  return found === null ? undefined : { name: found[1] ?? name, version: found[2] ?? version };
}

/** `want flag state`: the last word says what is on disk, whatever is wanted of the package. */
function isPresent(status: string | undefined): boolean {
  const state = /^\S+\s+\S+\s+(\S+)$/.exec((status ?? '').slice(0, 100))?.[1];
  return state !== undefined && !ABSENT.has(state);
}

function packageOf(fields: ReadonlyMap<string, string>): RawPackage | undefined {
  const name = fields.get('package');
  const version = fields.get('version');
  if (!isPlainText(name) || !isPlainText(version)) return undefined;
  const architecture = fields.get('architecture');
  const source = dpkgSource(fields.get('source'), name, version);
  return {
    type: 'deb',
    name,
    version,
    licenses: [],
    ...(isPlainText(architecture) ? { architecture } : {}),
    ...(source === undefined ? {} : { source }),
    ...suppliedBy(
      recordedSupplier(fields.get('maintainer')),
      recordedSupplier(fields.get('original-maintainer')),
    ),
  };
}

function* stanzasOf(text: string): Generator<string> {
  let from = 0;
  for (const { index, 0: blank } of text.matchAll(/\n[ \t\r]*\n/g)) {
    yield text.slice(from, index);
    from = index + blank.length;
  }
  yield text.slice(from);
}

/** dpkg's database, and distroless images' single records in `status.d`, which have no status. */
export const DPKG: RecordReader = {
  isDatabase: true,
  matches: (path) => path.startsWith(DPKG_DATABASE) && STATUS.test(path) && !SUMS.test(path),
  cap: 64 * 1024 * 1024,
  read: (content, path) => {
    const single = path.startsWith(`${DPKG_DATABASE}status.d/`);
    const packages: RawPackage[] = [];
    let broken = 0;
    for (const stanza of stanzasOf(textOf(content))) {
      if (packages.length > MAX_PACKAGES) break;
      if (stanza.length > MAX_STANZA) {
        broken += 1;
        continue;
      }
      const fields = stanzaFields(stanza);
      if (fields.size === 0 || (!single && !isPresent(fields.get('status')))) continue;
      const found = packageOf(fields);
      if (found === undefined) broken += 1;
      else packages.push(found);
    }
    return broken === 0
      ? { packages }
      : { packages, unreadable: `${broken} entries have no name or no version` };
  },
};

function* listed(text: string, owner: string): Generator<OwnedFile> {
  for (const line of linesOf(text)) if (line !== '') yield { owner, path: line };
}

/** Files of an installed package (`info/NAME.list`). */
export const DPKG_LIST: RecordReader = {
  matches: (path) => path.startsWith(DPKG_DATABASE) && LIST.test(path),
  cap: 16 * 1024 * 1024,
  read: (content, path) => {
    const owner = LIST.exec(path)?.[1];
    return owner === undefined ? NOTHING : { packages: [], owned: listed(textOf(content), owner) };
  },
};

/** Files of a package of a distroless image (`status.d/NAME.md5sums`): sum, two spaces, path. */
export const DPKG_SUMS: RecordReader = {
  matches: (path) => path.startsWith(DPKG_DATABASE) && SUMS.test(path),
  cap: 16 * 1024 * 1024,
  read: (content, path) => {
    const owner = SUMS.exec(path)?.[1];
    if (owner === undefined) return NOTHING;
    const paths = textOf(content).replace(/^\S+ [ *]/gm, '');
    return { packages: [], owned: listed(paths, owner) };
  },
};

/** The record for a `status.d/NAME.md5sums`; without it, the package's version is not known. */
export function recordOfSums(path: string): string | undefined {
  return SUMS.test(path) ? path.slice(0, -'.md5sums'.length) : undefined;
}

export const NO_RECORD = 'it lists files of a package whose version is not recorded';
