import { type Digest, parseDigest } from '../model/digest.ts';
import type { DockerfileModel, ExternalImage } from '../model/dockerfile.ts';
import type { UsedImage } from '../model/facts.ts';
import { formatReference, parseReference, withDefaultTag } from '../model/reference.ts';
import type { Material } from '../model/statement.ts';

/** An image that this build, or its lock file, pinned to a digest. */
export interface EnforcedImage {
  /** A reference as the Dockerfile writes it, variables put in. */
  readonly text: string;
  readonly digest: Digest;
}

/**
 * `pkg:docker/node@22-slim?platform=linux%2Famd64` as an image's name; undefined for other package
 * URLs, and for a `pkg:oci` that lacks a repository: BuildKit writes those for OCI layouts, and
 * their name is the build's own for them.
 */
export function imageOfPurl(uri: string): string | undefined {
  if (layoutOfPurl(uri) !== undefined) return undefined;
  const found = /^pkg:(?:docker|oci)\/([^?#]+)/.exec(uri)?.[1];
  if (found === undefined) return undefined;
  try {
    const at = found.lastIndexOf('@');
    const name = decodeURIComponent(at < 0 ? found : found.slice(0, at));
    const version = at < 0 ? '' : decodeURIComponent(found.slice(at + 1));
    if (version === '') return name;
    return parseDigest(version) === undefined ? `${name}:${version}` : `${name}@${version}`;
  } catch {
    return undefined;
  }
}

/** The name that a build gave to an OCI layout it took as context: `pkg:oci/base?digest=...`. */
function layoutOfPurl(uri: string): string | undefined {
  if (/[?&]repository_url=/.test(uri)) return undefined;
  return /^pkg:oci\/([\w.-]{1,128})(?:[@?#]|$)/.exec(uri)?.[1];
}

/** One spelling of a reference, without its digest; the text itself where it is not a reference. */
function nameOf(text: string): string {
  const parsed = parseReference(text);
  if (!parsed.ok) return text;
  const { registry, repository, tag } = withDefaultTag(parsed.value);
  return formatReference({ registry, repository, tag: tag ?? 'latest' });
}

function materialDigests(materials: readonly Material[]): ReadonlyMap<string, Digest> {
  return new Map(
    materials.flatMap(({ uri, digest }) => {
      const image = imageOfPurl(uri);
      const sha = parseDigest(`sha256:${digest['sha256'] ?? ''}`);
      return image === undefined || sha === undefined ? [] : [[nameOf(image), sha]];
    }),
  );
}

/** Index of the stage whose base the target's filesystem begins with. */
function baseStage(model: DockerfileModel): number {
  let index = model.target;
  for (let hops = 0; hops <= model.stages.length; hops += 1) {
    const base = model.stages[index]?.base;
    if (base?.kind !== 'stage') break;
    index = base.index;
  }
  return index;
}

function roleOf(image: ExternalImage, base: ExternalImage | undefined): UsedImage['role'] {
  switch (image.kind) {
    case 'from':
      return image === base ? 'base' : 'build-stage';
    case 'copy-from':
      return 'copy-from';
    case 'mount-from':
      return 'mount-from';
    case 'syntax':
      return 'frontend';
  }
}

/**
 * The images from outside that the build used: those of the Dockerfile, each with the digest it
 * spells, that was enforced, or that the provenance states. What the provenance alone names (a
 * build context, a frontend) is listed too.
 */
export function usedImages(
  model: DockerfileModel,
  enforced: readonly EnforcedImage[],
  materials: readonly Material[],
): readonly UsedImage[] {
  const held = new Map(enforced.map(({ text, digest }) => [nameOf(text), digest]));
  const stated = materialDigests(materials);
  const own = model.stages[baseStage(model)]?.base;
  const base = own?.kind === 'image' ? own.image : undefined;
  const fromDockerfile = model.externalImages.map((image): UsedImage => {
    const name = nameOf(image.text);
    const spelled = image.reference?.digest;
    const digest = spelled ?? held.get(name) ?? stated.get(name);
    return {
      text: image.text,
      ...(digest === undefined ? {} : { digest }),
      pinnedInDockerfile: spelled !== undefined,
      pinnedByBuild: held.has(name),
      role: roleOf(image, base),
      range: image.range,
    };
  });
  const named = new Set(fromDockerfile.map(({ text }) => nameOf(text)));
  const digests = new Set(fromDockerfile.map(({ digest }) => digest));
  return [...fromDockerfile, ...otherMaterials(materials, named, digests, held)];
}

function otherMaterials(
  materials: readonly Material[],
  named: ReadonlySet<string>,
  digests: ReadonlySet<Digest | undefined>,
  held: ReadonlyMap<string, Digest>,
): readonly UsedImage[] {
  return materials.flatMap(({ uri, digest }): readonly UsedImage[] => {
    const image = imageOfPurl(uri);
    const sha = parseDigest(`sha256:${digest['sha256'] ?? ''}`);
    const layout = layoutOfPurl(uri);
    if (layout !== undefined) return [fromLayout(layout, sha)];
    if (image === undefined || named.has(nameOf(image))) return [];
    // A reference with both tag and digest comes back under its digest alone.
    if (sha !== undefined && digests.has(sha)) return [];
    const spelled = /@sha256:/.test(image);
    return [
      {
        text: image,
        ...(sha === undefined ? {} : { digest: sha }),
        pinnedInDockerfile: spelled,
        pinnedByBuild: held.has(nameOf(image)),
        role: /(?:^|\/)docker\/dockerfile(?:-upstream)?(?:[:@]|$)/.test(image)
          ? 'frontend'
          : 'build-context',
      },
    ];
  });
}

/** An image from a layout: nothing names its publisher, or whether anything pins its digest. */
function fromLayout(name: string, digest: Digest | undefined): UsedImage {
  return {
    text: `oci-layout://${name}`,
    ...(digest === undefined ? {} : { digest }),
    pinnedInDockerfile: false,
    pinnedByBuild: false,
    role: 'build-context',
  };
}
