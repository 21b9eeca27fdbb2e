import { valuesOf } from '../cli/flag-table.ts';
import { byCodeUnit } from '../lib/text.ts';
import {
  type DockerfileModel,
  type ExternalImage,
  type Instruction,
  stageChain,
} from '../model/dockerfile.ts';
import {
  type Digest,
  familiarReference,
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import type { ParsedBuild } from './command-line.ts';

export interface NeededImage {
  readonly reference: ImageReference;
  readonly kind: ExternalImage['kind'] | 'build-context';
  readonly isBase: boolean;
}

export interface ResolvedImage {
  /** The full name that was asked for, `docker.io/library/node:22`. */
  readonly name: string;
  /** Of the index, or of the manifest of an image without one. */
  readonly digest: Digest | undefined;
  /** RFC 3339, from the image's config. */
  readonly created: string | undefined;
  /** In the engine's store: BuildKit seeks digests in registries only, so no policy can pin it. */
  readonly local?: boolean;
  /** Digest of each platform's manifest, by `os/arch[/variant]`, where the registry gave it. */
  readonly platforms?: ReadonlyMap<string, Digest>;
}

const IMAGE_SCHEME = 'docker-image://';

/** External images of the stages that are built, each once, and the frontend. */
export function neededImages(
  model: DockerfileModel | undefined,
  parsed: ParsedBuild,
): readonly NeededImage[] {
  const contexts = namedContexts(parsed);
  const base = model === undefined ? undefined : baseOf(model, model.target);
  const images = new Map<string, NeededImage>();
  for (const image of model?.externalImages ?? []) {
    const needed = replaced(image, contexts);
    if (needed === undefined) continue;
    const isSame =
      image.range.startLine === base?.range.startLine &&
      image.range.startColumn === base.range.startColumn;
    const isBase = image === base || (isSame && image.kind === 'from');
    const name = formatReference(needed.reference);
    const known = images.get(name);
    // A base stays one, and a FROM stays one, where the same image is also copied from.
    images.set(name, {
      ...(known?.kind === 'from' || known?.isBase === true ? known : needed),
      isBase: isBase || known?.isBase === true,
    });
  }
  return [...images.values()];
}

/** Build contexts by BuildKit's form of the name (docker/buildx, util/buildflags/context.go). */
function namedContexts(parsed: ParsedBuild): ReadonlyMap<string, string> {
  return new Map(
    valuesOf(parsed, 'build-context').flatMap((text) => {
      const equals = text.indexOf('=');
      const name = parseReference(text.slice(0, Math.max(equals, 0)));
      return name.ok ? [[contextName(name.value), text.slice(equals + 1)] as const] : [];
    }),
  );
}

function contextName(reference: ImageReference): string {
  return familiarReference(reference).replace(/:latest$/, '');
}

function replaced(
  image: ExternalImage,
  contexts: ReadonlyMap<string, string>,
): Omit<NeededImage, 'isBase'> | undefined {
  if (image.reference === undefined) return undefined;
  const value = image.kind === 'syntax' ? undefined : contexts.get(contextName(image.reference));
  if (value === undefined) return { reference: withDefaultTag(image.reference), kind: image.kind };
  if (!value.startsWith(IMAGE_SCHEME)) return undefined;
  const other = parseReference(value.slice(IMAGE_SCHEME.length));
  return other.ok ? { reference: withDefaultTag(other.value), kind: 'build-context' } : undefined;
}

/** The external image at the end of a stage's bases; undefined for scratch and unknown images. */
export function baseOf(model: DockerfileModel, index: number): ExternalImage | undefined {
  const base = stageChain(model, index)[0]?.base;
  return base?.kind === 'image' ? base.image : undefined;
}

export const SOURCE_POLICY_VARIABLE = 'EXPERIMENTAL_BUILDKIT_SOURCE_POLICY';

export interface Pin {
  readonly from: string;
  readonly to: string;
}

/** moby/buildkit, sourcepolicy/pb/policy.proto, in the JSON that buildx reads. */
export type SourcePolicy = ReturnType<typeof sourcePolicy>;

/** A pin for each image with a known digest, unless the Dockerfile spells it; sorted by name. */
export function pinsOf(
  needed: readonly NeededImage[],
  resolved: readonly ResolvedImage[],
): readonly Pin[] {
  const digests = new Map(
    resolved.filter(({ local }) => local !== true).map((image) => [image.name, image.digest]),
  );
  return needed
    .flatMap(({ reference }) => {
      const from = formatReference(reference);
      const digest = digests.get(from);
      if (digest === undefined || reference.digest !== undefined) return [];
      return [{ from, to: formatReference({ ...reference, digest }) }];
    })
    .toSorted((a, b) => byCodeUnit(a.from, b.from));
}

/**
 * The policy that makes BuildKit use the digests, with the Dockerfile unchanged. The default match
 * compares whole identifiers that have no `*`. References never have one, so a converted name does
 * not match again; an address may. `remotes` are the files of ADD, by address, with the checksums
 * of the lock.
 */
export function sourcePolicy(
  pins: readonly Pin[],
  remotes: ReadonlyMap<string, string> = new Map(),
) {
  const images = pins.map(({ from, to }) => ({
    action: 'CONVERT',
    selector: { identifier: `docker-image://${from}` },
    updates: { identifier: `docker-image://${to}` },
  }));
  // Files that ADD fetches over HTTP: BuildKit refuses one with another checksum.
  const files = [...remotes]
    .filter(([url, checksum]) => /^https?:\/\//.test(url) && checksum.startsWith('sha256:'))
    .map(([url, checksum]) => ({
      action: 'CONVERT',
      selector: { identifier: url, matchType: 'EXACT' },
      updates: { identifier: url, attrs: { 'http.checksum': checksum } },
    }));
  return { version: 1, rules: [...images, ...files] };
}

/**
 * The first RUN for a platform that the builder cannot run, of the platforms asked for; undefined
 * where there is none. A stage that names another platform (`FROM --platform=$BUILDPLATFORM`) runs
 * there, and copying needs nothing to run.
 * @param able the platforms that the builder names, `os/arch[/variant]`
 */
export function foreignRun(
  model: DockerfileModel,
  asked: readonly string[],
  able: readonly string[],
): { readonly platform: string; readonly line: number } | undefined {
  const here = new Set(able.map(plain));
  // The kernel of the one runs the programs of the other.
  if (here.has('linux/amd64')) here.add('linux/386');
  for (const platform of asked.map(plain)) {
    if (here.has(platform)) continue;
    const run = firstRunOn(model, platform);
    if (run !== undefined) return { platform, line: run.range.startLine };
  }
  return undefined;
}

/** The words of `--platform` that spell the default variant spell none. */
function plain(platform: string): string {
  return platform
    .toLowerCase()
    .replace(/^(linux\/arm64)\/v8$/, '$1')
    .replace(/^(linux\/amd64)\/v1$/, '$1')
    .replace(/^linux\/arm$/, 'linux/arm/v7');
}

function firstRunOn(model: DockerfileModel, platform: string): Instruction | undefined {
  for (const index of model.reached) {
    // A stage that is built from another runs on the same platform.
    const named = stageChain(model, index).findLast((one) => one.platform !== undefined)?.platform;
    if (named !== undefined && plain(named) !== platform && !/TARGETPLATFORM/.test(named)) continue;
    const run = model.stages[index]?.instructions.find(({ keyword }) => keyword === 'RUN');
    if (run !== undefined) return run;
  }
  return undefined;
}
