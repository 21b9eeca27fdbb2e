import type { Digest } from '../model/digest.ts';
import type { DockerfileModel, ExternalImage } from '../model/dockerfile.ts';
import {
  familiarReference,
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import { stageChain } from '../model/stage-chain.ts';
import { valuesOf } from './flags/flag-spec.ts';
import type { ParsedBuild } from './flags/parse-build-args.ts';

/** An image from outside that the build will use. */
export interface NeededImage {
  /** As the build asks for it: a tag filled in, a digest where one is spelled. */
  readonly reference: ImageReference;
  readonly kind: ExternalImage['kind'] | 'build-context';
  /** The target's own base, the last of its chain of stages. */
  readonly isBase: boolean;
}

/** What a registry answered for an image. */
export interface ResolvedImage {
  /** The full name that was asked for, `docker.io/library/node:22`. */
  readonly name: string;
  /** Of the index, or of the manifest where there is no index. */
  readonly digest: Digest | undefined;
  /** RFC 3339, from the image's config. */
  readonly created: string | undefined;
  /** In the engine's store: BuildKit seeks digests in registries only, so no policy can pin it. */
  readonly local?: boolean;
  /** Digest of each platform's manifest, by `os/arch[/variant]`, where the registry gave it. */
  readonly platforms?: ReadonlyMap<string, Digest>;
}

const IMAGE_SCHEME = 'docker-image://';

/**
 * The images from outside that a build uses, each once: those of the Dockerfile's reached stages, a
 * name that `--build-context` replaces taken for what replaces it, and the frontend. References
 * that cannot be known are left out.
 */
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
    const isBase = image === base || (sameRange(image, base) && image.kind === 'from');
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
export function namedContexts(parsed: ParsedBuild): ReadonlyMap<string, string> {
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

function sameRange(a: ExternalImage, b: ExternalImage | undefined): boolean {
  return (
    b !== undefined &&
    a.range.startLine === b.range.startLine &&
    a.range.startColumn === b.range.startColumn
  );
}
