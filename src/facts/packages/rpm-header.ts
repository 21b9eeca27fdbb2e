import { MalformedRecord } from '../../formats/malformed-record.ts';
import { RpmHeader } from '../../formats/rpm-header.ts';
import type { RawPackage } from '../layer-facts.ts';
import { isOwnable, type OwnedFile } from './ownership.ts';
import { isPlainText } from './record.ts';
import { recordedSupplier, suppliedBy } from './recorded-supplier.ts';

/** rpmtag.h */
const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  packager: 1015,
  architecture: 1022,
  fileFlags: 1037,
  sourceRpm: 1044,
  folderIndexes: 1116,
  baseNames: 1117,
  folderNames: 1118,
  modularity: 5096,
} as const;
/** `NAME-VERSION-RELEASE.src.rpm` (or `.nosrc.rpm`). */
function rpmSource(file: string | undefined): RawPackage['source'] {
  const found = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(file ?? '');
  return found === null ? undefined : { name: found[1] ?? '', version: found[2] ?? '' };
}

/** rpmfiles.h, RPMFILE_GHOST: the package lists the file, and does not contain it. */
const GHOST = 1 << 6;

/** Files of the package that may record packages of their own. */
function* rpmFiles(header: RpmHeader, owner: string): Generator<OwnedFile> {
  const folders = header.strings(TAG.folderNames);
  const indexes = header.integers(TAG.folderIndexes);
  const flags = header.integers(TAG.fileFlags);
  const names = header.strings(TAG.baseNames);
  for (const [i, name] of names.entries())
    if (isOwnable(name) && ((flags[i] ?? 0) & GHOST) === 0)
      yield { owner, path: `${folders[indexes[i] ?? -1] ?? ''}${name}` };
}

interface RpmPackage {
  readonly found: RawPackage;
  readonly owned: Iterable<OwnedFile>;
}

/**
 * The package that a header blob of an rpm database speaks of, its version with the epoch in front
 * where it has one; undefined for a key that rpm keeps among its packages (`gpg-pubkey`). Throws
 * MalformedRecord.
 */
export function rpmPackage(blob: Uint8Array): RpmPackage | undefined {
  const header = new RpmHeader(blob);
  const name = header.text(TAG.name);
  const version = header.text(TAG.version);
  const release = header.text(TAG.release);
  if (!isPlainText(name) || !isPlainText(version) || !isPlainText(release))
    throw new MalformedRecord('a header has no name or no version');
  if (name === 'gpg-pubkey') return undefined;
  const epoch = header.integer(TAG.epoch);
  const license = header.text(TAG.license);
  const architecture = header.text(TAG.architecture);
  const source = rpmSource(header.text(TAG.sourceRpm));
  const modularity = header.text(TAG.modularity);
  const found: RawPackage = {
    type: 'rpm',
    name,
    version: `${epoch === undefined || epoch === 0 ? '' : `${epoch}:`}${version}-${release}`,
    licenses: isPlainText(license, 4096) ? [license] : [],
    ...(isPlainText(architecture) ? { architecture } : {}),
    ...(source !== undefined && isPlainText(source.name) ? { source } : {}),
    ...(isPlainText(modularity) ? { modularity } : {}),
    ...suppliedBy(
      recordedSupplier(header.text(TAG.vendor), 'organization') ??
        recordedSupplier(header.text(TAG.packager)),
    ),
  };
  return { found, owned: rpmFiles(header, name) };
}
