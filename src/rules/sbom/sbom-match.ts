import type { FilesystemFact } from '../../model/facts.ts';
import type { Package } from '../../model/packages.ts';
import { fileName } from '../../model/path.ts';
import { readPurl } from '../../model/purl.ts';
import type { SbomContent, SbomPart } from './sbom-content.ts';

/** Minimum share of the image's packages in an SBOM; below it, it is partial or another image's. */
export const SBOM_COVERAGE = 0.75;

/** Share of an unsigned SBOM's OS packages that the image may lack: source or from other stages. */
export const FOREIGN_SHARE = 0.1;

/** How much of what is found in the image an SBOM names. */
interface SbomCoverage {
  /** Packages found in the image, each version once. */
  readonly total: number;
  readonly named: number;
  readonly missing: readonly Package[];
}

const OS_TYPES = new Set(['deb', 'apk', 'rpm', 'alpm']);

/** `NAME@VERSION` with and without the purl's namespace: tools disagree on what the name is. */
function purlKeys(purl: string): string[] {
  const read = readPurl(purl);
  if (read?.version === undefined) return [];
  const { path, version } = read;
  const full = path.join('/');
  return [full, fileName(full)].map((name) => key(name, version));
}

/** Folds one package's spellings: Python separators, Java colon, Debian and RPM epoch, Go's v. */
function key(name: string, version: string): string {
  const folded = name.replace(/[-_.]+/g, '-').replaceAll(':', '/');
  return `${folded}@${version.replace(/^(?:\d+:|v(?=\d))/, '')}`.toLowerCase();
}

function partKeys({ name, version, group, purls }: SbomPart): string[] {
  const keys = purls.flatMap(purlKeys);
  // Without a version it can only be a package that records none.
  keys.push(key(name, version ?? ''));
  if (group !== undefined) keys.push(key(`${group}/${name}`, version ?? ''));
  return keys;
}

/** Compares an SBOM with the image's packages; the same package in two places counts once. */
export function sbomCoverage(content: SbomContent, packages: readonly Package[]): SbomCoverage {
  const named = new Set(content.parts.flatMap(partKeys));
  const ours = new Map(
    packages.map((found) => [`${found.type} ${found.name}@${found.version}`, found]),
  );
  const missing = [...ours.values()].filter(
    (found) =>
      ![key(found.name, found.version), ...purlKeys(found.purl)].some((one) => named.has(one)),
  );
  return { total: ours.size, named: ours.size - missing.length, missing };
}

/** OS packages that the SBOM names and the image lacks, by name: version spellings differ. */
export function foreignOsParts(
  content: SbomContent,
  packages: readonly Package[],
): readonly SbomPart[] {
  const bare = (name: string): string => key(fileName(name), '');
  const ours = new Set(packages.map(({ name }) => bare(name)));
  return osParts(content).filter(
    ({ name, purls }) =>
      ![name, ...purls.map((purl) => readPurl(purl)?.path.join('/'))].some(
        (one) => one !== undefined && ours.has(bare(one)),
      ),
  );
}

/** Parts that are packages of an operating system, by their purls. */
export function osParts(content: SbomContent): readonly SbomPart[] {
  return content.parts.filter(({ purls }) =>
    purls.some((purl) => OS_TYPES.has(readPurl(purl)?.type ?? '')),
  );
}

/** True where the SBOM names files and programs, and the image holds none of them. */
export function namesForeignFiles(content: SbomContent, filesystem: FilesystemFact): boolean {
  const files = content.parts.filter(({ isFile }) => isFile);
  if (files.length === 0 || files.length < content.parts.length) return false;
  if (files.some(({ name }) => filesystem.has(name.replace(/^(?:\.?\/)+/, '')))) return false;
  const names = new Set(files.map(({ name }) => fileName(name)));
  return filesystem.executables.find(({ path }) => names.has(fileName(path))) === undefined;
}
