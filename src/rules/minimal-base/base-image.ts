import type { DockerfileModel } from '../../model/dockerfile.ts';
import type { BuildFact, EvidenceSource, Fact, ImageFact } from '../../model/facts.ts';
import { stageChain } from '../../model/stage-chain.ts';

/** The base of the final stage, as far as anything names it. */
export type NamedBase =
  | { readonly kind: 'scratch'; readonly source: EvidenceSource; readonly line: number }
  | {
      readonly kind: 'image';
      readonly text: string;
      readonly source: EvidenceSource;
      readonly line?: number;
    }
  | { readonly kind: 'unnamed'; readonly reason: string };

const BASE_NAME = 'org.opencontainers.image.base.name';

function fromDockerfile(dockerfile: Fact<DockerfileModel>): NamedBase | undefined {
  if (!dockerfile.known) return undefined;
  const { source } = dockerfile;
  const [stage] = stageChain(dockerfile.value);
  if (stage === undefined) return undefined;
  const line = stage.range.startLine;
  if (stage.base.kind === 'scratch') return { kind: 'scratch', source, line };
  if (stage.base.kind === 'image' && stage.base.image.reference !== undefined)
    return { kind: 'image', text: stage.base.image.text, source, line };
  return undefined;
}

function fromImages(build: BuildFact): NamedBase | undefined {
  if (!build.images.known) return undefined;
  const base = build.images.value.find((image) => image.role === 'base');
  if (base === undefined) return undefined;
  const line = base.range === undefined ? {} : { line: base.range.startLine };
  return { kind: 'image', text: base.text, source: build.images.source, ...line };
}

function fromAnnotations(image: Fact<ImageFact>): NamedBase | undefined {
  if (!image.known) return undefined;
  const { index, manifest, labels } = image.value.annotations;
  const text = manifest[BASE_NAME] ?? index[BASE_NAME] ?? labels[BASE_NAME];
  if (text === undefined || text === '') return undefined;
  return text === 'scratch'
    ? { kind: 'scratch', source: 'image', line: 0 }
    : { kind: 'image', text, source: 'image' };
}

/** The final stage's base, from the built Dockerfile, the images the build used, or annotations. */
export function namedBase(build: Fact<BuildFact>, image: Fact<ImageFact>): NamedBase {
  const known = build.known
    ? (fromDockerfile(build.value.dockerfile) ?? fromImages(build.value))
    : undefined;
  return (
    known ??
    fromAnnotations(image) ?? {
      kind: 'unnamed',
      reason: 'neither Dockerfile, provenance nor annotations name the base',
    }
  );
}
