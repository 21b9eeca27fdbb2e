import { parseProvenance, type ReadProvenance } from '../attestations/provenance-read.ts';
import { analyseDockerfile } from '../dockerfile/parse-dockerfile.ts';
import type { BuildAnalysis } from '../model/build-analysis.ts';
import { type Digest, parseDigest } from '../model/digest.ts';
import type { DockerfileModel, ExternalImage } from '../model/dockerfile.ts';
import { type BuildFact, type Fact, known, unknownFact, type UsedImage } from '../model/facts.ts';
import { formatReference, withDefaultTag } from '../model/reference.ts';
import { baseOf } from '../plans/external-images.ts';
import type { BuiltPlatform } from './image-under-build.ts';
import type { Prepared } from './prepare-build.ts';

const NO_DOCKERFILE = 'the Dockerfile of this context could not be read before or after the build';

/** How this build was made: its Dockerfile, the images it used with the digests that BuildKit recorded, and its real end. */
export function buildFact(
  prepared: Pick<Prepared, 'dockerfile' | 'analysis' | 'images' | 'plan'>,
  built: BuiltPlatform,
  finishedAt: number,
): BuildFact {
  const stated =
    built.provenance === undefined ? undefined : parseProvenance(built.provenance.predicate);
  const provenance = stated?.ok === true ? stated.value : undefined;
  const file = dockerfileOf(prepared, provenance);
  const epoch = prepared.plan.kind === 'build' ? prepared.plan.epoch?.seconds : undefined;
  return {
    dockerfile: file === undefined ? unknownFact(NO_DOCKERFILE) : known(file.model, 'build'),
    images: imagesOf(prepared, file?.model, provenance),
    finishedAt: new Date(finishedAt).toISOString(),
    ...(epoch === undefined ? {} : { epoch }),
    ...(file?.analysis === undefined ? {} : { analysis: file.analysis }),
  };
}

/** The build arguments that BuildKit's provenance records. */
export function recordedArguments(built: BuiltPlatform): Readonly<Record<string, string>> {
  const stated =
    built.provenance === undefined ? undefined : parseProvenance(built.provenance.predicate);
  return stated?.ok === true ? stated.value.buildArgs : {};
}

function dockerfileOf(
  prepared: Pick<Prepared, 'dockerfile' | 'analysis'>,
  provenance: ReadProvenance | undefined,
): { readonly model: DockerfileModel; readonly analysis: BuildAnalysis | undefined } | undefined {
  if (prepared.dockerfile !== undefined)
    return { model: prepared.dockerfile, analysis: prepared.analysis };
  const text = provenance?.dockerfile?.text;
  if (text === undefined) return undefined;
  const read = analyseDockerfile(text, {
    buildArgs: provenance?.buildArgs ?? {},
    ...(provenance?.target === undefined ? {} : { target: provenance.target }),
  });
  return read.ok ? read.value : undefined;
}

function imagesOf(
  prepared: Pick<Prepared, 'images'>,
  model: DockerfileModel | undefined,
  provenance: ReadProvenance | undefined,
): Fact<readonly UsedImage[]> {
  if (model === undefined) return unknownFact(NO_DOCKERFILE);
  const base = baseOf(model, model.target);
  const digests = materialDigests(provenance);
  return known(
    model.externalImages.map((image) => usedImage(image, image === base, prepared, digests)),
    'build',
  );
}

function usedImage(
  image: ExternalImage,
  isBase: boolean,
  { images }: Pick<Prepared, 'images'>,
  digests: ReadonlyMap<string, Digest>,
): UsedImage {
  const name =
    image.reference === undefined ? undefined : formatReference(withDefaultTag(image.reference));
  const digest =
    image.reference?.digest ??
    (name === undefined
      ? undefined
      : (digests.get(name) ?? images.find((i) => i.name === name)?.digest));
  const roles = {
    from: 'build-stage',
    'copy-from': 'copy-from',
    'mount-from': 'mount-from',
    syntax: 'frontend',
  } as const;
  return {
    text: image.text,
    ...(digest === undefined ? {} : { digest }),
    pinnedInDockerfile: image.reference?.digest !== undefined,
    // A policy of this one build holds nobody to the digest tomorrow; only a lock file would.
    pinnedByBuild: false,
    role: isBase ? 'base' : roles[image.kind],
    line: image.range.startLine,
  };
}

/** `pkg:docker/NAME@TAG` of BuildKit's materials by full name. */
function materialDigests(provenance: ReadProvenance | undefined): ReadonlyMap<string, Digest> {
  return new Map(
    (provenance?.materials ?? []).flatMap(({ uri, digest }) => {
      const match = /^pkg:docker\/([^@?]+)@([^?]+)/.exec(uri);
      const sha256 = parseDigest(`sha256:${digest['sha256'] ?? ''}`);
      if (match === null || sha256 === undefined) return [];
      const name = decodeURIComponent(match[1] ?? '');
      const full = /^[^/]*[.:]|^localhost/.test(name)
        ? name
        : `docker.io/${name.includes('/') ? '' : 'library/'}${name}`;
      return [[`${full}:${decodeURIComponent(match[2] ?? '')}`, sha256] as const];
    }),
  );
}
