import { parseProvenance, type ReadProvenance } from '../../attestations/provenance-read.ts';
import { analyseDockerfile } from '../../dockerfile/analyse-dockerfile.ts';
import { buildFact as assemble } from '../../facts/build.ts';
import type { EnforcedImage } from '../../facts/used-images.ts';
import type { LinkedTarget } from '../../model/bake.ts';
import { parseDigest } from '../../model/digest.ts';
import type { BuildFact, Fact } from '../../model/facts.ts';
import { fetchedMaterials } from '../../plans/hermetic/recorded-fetches.ts';
import { withSigners } from '../bases/require-bases.ts';
import type { BuiltPlatform } from '../image-under-build.ts';
import type { Built } from './states.ts';

type Known = Pick<Built, 'dockerfile' | 'analysis' | 'plan' | 'bases' | 'recording' | 'together'>;

/** How this build was made: its Dockerfile, its images with BuildKit's digests, its actual end. */
export function buildFact(build: Known, built: BuiltPlatform, finishedAt: number): Fact<BuildFact> {
  const provenance = withoutLinks(provenanceOf(built), build.together.linked);
  const epoch = build.plan.epoch?.seconds;
  const fact = assemble({
    dockerfile: dockerfileOf(build, provenance),
    noDockerfile: 'the Dockerfile of this context could not be read, before or after the build',
    // A policy of this one build holds nobody to a digest tomorrow; only a lock file does.
    enforced: enforcedByLock(build.plan),
    finishedAt: new Date(finishedAt).toISOString(),
    ...(epoch === undefined ? {} : { epoch }),
    ...replayedOf(build),
    ...(provenance === undefined ? {} : { provenance: { view: provenance, source: 'build' } }),
  });
  return withSigners(fact, build.bases);
}

/** Targets of the same bake are not external; the Dockerfile's model has what they contributed. */
function withoutLinks(
  provenance: ReadProvenance | undefined,
  links: readonly LinkedTarget[],
): ReadProvenance | undefined {
  if (provenance === undefined || links.length === 0) return provenance;
  const own = new Set(
    links.flatMap(({ digest, dockerfile }) =>
      dockerfile === undefined ? [] : [digest.slice('sha256:'.length)],
    ),
  );
  const materials = provenance.materials.filter(
    ({ uri, digest }) => !(uri.startsWith('pkg:oci/') && own.has(digest['sha256'] ?? '')),
  );
  return { ...provenance, materials };
}

/** Images that the lock file holds to a digest; those of the engine's own store it cannot. */
function enforcedByLock(plan: Known['plan']): readonly EnforcedImage[] {
  if (plan.lock === undefined) return [];
  return (plan.sourcePolicy?.pins ?? []).flatMap(({ from, to }) => {
    const digest = parseDigest(to.slice(to.indexOf('@') + 1));
    return digest === undefined ? [] : [{ text: from, digest }];
  });
}

/** The fetches of a complete replay. None for a recording or one with gaps: nothing pinned them. */
function replayedOf({ plan, recording }: Known): {
  readonly replayed?: ReturnType<typeof fetchedMaterials>;
} {
  return plan.hermetic === 'replay' && recording?.incomplete.size === 0
    ? { replayed: fetchedMaterials(recording.fetches) }
    : {};
}

/** The build arguments that BuildKit's provenance records. */
export function recordedArguments(built: BuiltPlatform): Readonly<Record<string, string>> {
  return provenanceOf(built)?.buildArgs ?? {};
}

/** What BuildKit's provenance says; undefined where there is none that can be read. */
export function provenanceOf({ provenance }: BuiltPlatform): ReadProvenance | undefined {
  const read = provenance === undefined ? undefined : parseProvenance(provenance.predicate);
  return read?.ok === true ? read.value : undefined;
}

/** The one that was read before the build, else the text that BuildKit recorded. */
function dockerfileOf(
  { dockerfile, analysis }: Known,
  provenance: ReadProvenance | undefined,
): Parameters<typeof assemble>[0]['dockerfile'] {
  if (dockerfile !== undefined && analysis !== undefined)
    return { model: dockerfile, analysis, source: 'build' };
  const text = provenance?.dockerfile?.text;
  if (text === undefined) return undefined;
  const read = analyseDockerfile(text, {
    built: true,
    buildArgs: provenance?.buildArgs ?? {},
    buildContexts: provenance?.buildContexts ?? {},
    ...(provenance?.target === undefined ? {} : { target: provenance.target }),
    ...(provenance?.frontend.source === undefined ? {} : { frontend: provenance.frontend.source }),
  });
  return read.ok ? { ...read.value, source: 'build' } : undefined;
}
