import type { Digest } from '../../model/digest.ts';
import type { LockedImage, LockedPackages } from '../../model/lock.ts';
import type { Package } from '../../model/packages.ts';
import { formatReference } from '../../model/reference.ts';
import type { Material } from '../../model/statement.ts';
import type { NeededImage, ResolvedImage } from '../external-images.ts';
import { maskText } from '../mask.ts';

/** The images of a build as the lock holds them; one whose digest was not found is left out. */
export function lockedImages(
  needed: readonly NeededImage[],
  resolved: readonly ResolvedImage[],
): ReadonlyMap<string, LockedImage> {
  const found = new Map(resolved.map((image) => [image.name, image]));
  return new Map(
    needed.flatMap(({ reference }): [string, LockedImage][] => {
      const name = formatReference(reference);
      const image = found.get(name);
      const digest = reference.digest ?? image?.digest;
      if (digest === undefined) return [];
      const local = reference.digest === undefined && image?.local === true;
      return [[name, { digest, local, platforms: image?.platforms ?? new Map<string, Digest>() }]];
    }),
  );
}

/** What own layers installed: the image's packages, except those with the base's version. */
export function lockedPackages(
  image: readonly Package[],
  base: readonly Package[],
): LockedPackages {
  return byType(ownPackages(image, base));
}

/**
 * The version that an install command got: of the own layers, and of the base where they have no
 * package of that name, since what is there already in the version that the archive has is not
 * installed again.
 */
export function presentPackages(
  image: readonly Package[],
  base: readonly Package[],
): LockedPackages {
  const own = ownPackages(image, base);
  const names = new Set(own.map(({ type, name }) => `${type} ${name}`));
  return byType([...own, ...image.filter(({ type, name }) => !names.has(`${type} ${name}`))]);
}

function ownPackages(image: readonly Package[], base: readonly Package[]): readonly Package[] {
  const inherited = new Set(base.map(keyOf));
  return image.filter((one) => !inherited.has(keyOf(one)));
}

function byType(packages: readonly Package[]): LockedPackages {
  const types = new Map<string, Set<string>>();
  for (const one of packages) {
    const lines = types.get(one.type) ?? new Set();
    types.set(one.type, lines.add(lineOf(one)));
  }
  return new Map([...types].map(([type, lines]) => [type, [...lines].sort()]));
}

function keyOf(one: Package): string {
  return `${one.type} ${lineOf(one)}`;
}

/** White space and control characters, which a hostile record may hold, are written as in a URL. */
function lineOf({ name, version }: Package): string {
  const word = (text: string): string =>
    text
      .replaceAll(/\p{Cs}/gu, '\ufffd')
      .replaceAll(/[\s%\u0000-\u001f\u007f-\u009f\p{Cf}]/gu, encodeURIComponent);
  return `${word(name === '' ? '-' : name)} ${word(version)}`;
}

/**
 * Files and repositories that the build fetched itself, by address. An address with a secret is
 * listed apart, masked.
 */
export function lockedRemotes(materials: readonly Material[]): {
  readonly remotes: ReadonlyMap<string, string>;
  readonly secret: readonly string[];
} {
  const all = materials.flatMap(({ uri, digest }): [string, string][] => {
    if (!/^(?:https?|git|ssh):\/\/\S+$/.test(uri)) return [];
    const { sha256, sha1 } = digest;
    if (sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256)) return [[uri, `sha256:${sha256}`]];
    return sha1 !== undefined && /^[0-9a-f]{40}$/.test(sha1) ? [[uri, `sha1:${sha1}`]] : [];
  });
  return {
    remotes: new Map(all.filter(([uri]) => !holdsSecret(uri))),
    secret: all.filter(([uri]) => holdsSecret(uri)).map(([uri]) => maskText(withoutQuery(uri))),
  };
}

/** A password, a token's shape, or a signed address: it must not get into git. */
function holdsSecret(uri: string): boolean {
  return (
    maskText(uri) !== uri ||
    /[?&](?=[^?=&]*(?:sig|token|key|secret|passw|credential|auth))[^?=&]*=/i.test(uri)
  );
}

function withoutQuery(uri: string): string {
  return uri.replace(/\?.*/s, '?…');
}
