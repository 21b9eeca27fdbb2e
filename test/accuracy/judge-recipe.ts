import { parseProvenance } from '../../src/attestations/provenance-read.ts';
import { judgeImage } from '../../src/criteria/judge-image.ts';
import { analyseDockerfile } from '../../src/dockerfile/parse-dockerfile.ts';
import { buildFact, type BuildInputs } from '../../src/facts/build.ts';
import { collectLayer } from '../../src/facts/collect-layer.ts';
import { buildArgumentSecrets, configSecrets } from '../../src/facts/config-secrets.ts';
import { foldLayers } from '../../src/facts/image-facts.ts';
import type { CriterionResult } from '../../src/model/criterion.ts';
import {
  type BuildFact,
  type EvidenceSource,
  type Fact,
  type Facts,
  known,
  unknownFact,
} from '../../src/model/facts.ts';
import type { FoundAttestation } from '../../src/model/statement.ts';
import { walkLayer } from '../../src/oci/layer-walk.ts';
import { type GivenDockerfile, makeImage, type MadeImage, type Recipe } from './made-image.ts';

/** The present time of every judgement here: 2026-03-01T12:00:00Z. */
export const NOW = Date.UTC(2026, 2, 1, 12);

/** Walks each layer as it is read from a registry, in chunks, with all collectors; folds what they gathered. */
async function contentOf(image: MadeImage, buildArgs: Readonly<Record<string, string>>) {
  const placed = [];
  for (const { blob, mediaType, digest, diffId } of image.layers) {
    const collection = collectLayer();
    await walkLayer({
      open: async function* () {
        for (let at = 0; at < blob.length; at += 65_536)
          yield await Promise.resolve(blob.subarray(at, at + 65_536));
      },
      mediaType,
      collectors: collection.collectors,
      expectedDigest: digest,
      expectedDiffId: diffId,
    });
    placed.push({ digest, facts: collection.facts() });
  }
  return foldLayers(placed, [...configSecrets(image.config), ...buildArgumentSecrets(buildArgs)]);
}

interface Provenance {
  readonly view: NonNullable<BuildInputs['provenance']>['view'];
  readonly text: string | undefined;
  readonly target: string | undefined;
  readonly source: EvidenceSource;
}

/** The best provenance that is about this image; one of another image says nothing of this one. */
function provenanceOf(image: MadeImage): Provenance | undefined {
  const isOwn = ({ subjects, verification }: FoundAttestation): boolean =>
    verification !== 'failed' &&
    subjects.some((digest) => digest === image.manifestDigest || digest === image.indexDigest);
  const found = image.attestations.attestations
    .filter(isOwn)
    .flatMap((one) => {
      const read = one.predicateType.includes('provenance')
        ? parseProvenance(one.predicate)
        : undefined;
      return read?.ok === true ? [{ one, read: read.value }] : [];
    })
    .sort((a, b) => Number(isVerified(b.one)) - Number(isVerified(a.one)))[0];
  if (found === undefined) return undefined;
  return {
    view: found.read,
    text: found.read.dockerfile?.text,
    target: found.read.target,
    source: isVerified(found.one) ? 'verified-attestation' : 'unverified-attestation',
  };
}

function isVerified({ verification }: FoundAttestation): boolean {
  return verification === 'verified';
}

function dockerfileOf(given: GivenDockerfile, source: EvidenceSource): BuildInputs['dockerfile'] {
  const { text, target, buildArgs = {}, files = {} } = given;
  const read = analyseDockerfile(
    text,
    { buildArgs, ...(target === undefined ? {} : { target }) },
    (path) => files[path],
  );
  return read.ok ? { ...read.value, source } : undefined;
}

function buildOf(recipe: Recipe, provenance: Provenance | undefined): Fact<BuildFact> {
  const recorded =
    provenance?.text === undefined
      ? undefined
      : dockerfileOf(
          {
            text: provenance.text,
            buildArgs: provenance.view.buildArgs,
            ...(provenance.target === undefined ? {} : { target: provenance.target }),
          },
          provenance.source,
        );
  const given =
    recipe.dockerfile === undefined ? undefined : dockerfileOf(recipe.dockerfile, 'dockerfile');
  return buildFact({
    dockerfile: recorded ?? given,
    ...(provenance === undefined ? {} : { provenance }),
  });
}

/** The facts of an image out of its bytes, assembled as the pipeline does. */
export async function factsOfImage(recipe: Recipe, image: MadeImage): Promise<Facts> {
  const provenance = provenanceOf(image);
  const content = await contentOf(image, provenance?.view.buildArgs ?? {});
  const { annotations = {}, indexAnnotations = {} } = recipe;
  return {
    image: known(
      {
        platform: { os: 'linux', architecture: image.config.architecture },
        manifestDigest: image.manifestDigest,
        indexDigest: image.indexDigest,
        config: image.config,
        manifest: image.manifest,
        annotations: {
          index: indexAnnotations,
          manifest: annotations,
          labels: image.config.config?.Labels ?? {},
        },
      },
      'image',
    ),
    filesystem: known(content.filesystem, 'image'),
    packages: known(content.packages, 'image'),
    secrets: known(content.secrets, 'image'),
    build: buildOf(recipe, provenance),
    attestations:
      recipe.attestationsUnreachable === undefined
        ? known(image.attestations, 'image')
        : unknownFact(recipe.attestationsUnreachable),
    vulnerabilities:
      recipe.scan === undefined
        ? unknownFact('no scanner is installed', 'install grype')
        : known(recipe.scan, 'scanner'),
    reproduction:
      recipe.reproduction === undefined
        ? unknownFact('the build was not repeated', 'scoville reproduce')
        : known(recipe.reproduction, 'build'),
    declarations: known(
      {
        secrets: undefined,
        secretFiles: [],
        trustedImages: [],
        maxAgeDays: 30,
        now: NOW,
        ...recipe.declared,
      },
      'build',
    ),
  };
}

/** Every criterion's answer on the image of the recipe. */
export async function judgeRecipe(recipe: Recipe): Promise<CriterionResult[]> {
  return judgeImage(await factsOfImage(recipe, makeImage(recipe)));
}
