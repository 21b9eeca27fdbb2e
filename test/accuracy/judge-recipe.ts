import { judgeImage } from '../../src/criteria/catalogue.ts';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import { collectLayer, foldLayers } from '../../src/facts/layer-files.ts';
import {
  buildArgumentSecrets,
  configSecrets,
  joined,
} from '../../src/facts/secrets/document-secrets.ts';
import { type GradedBuild, gradedBuild } from '../../src/grade/grade-build.ts';
import { walkLayer } from '../../src/image/walk/layer-walk.ts';
import type { CriterionResult } from '../../src/model/criterion.ts';
import { type Facts, known, unknownFact } from '../../src/model/facts.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { declared } from '../criteria/facts-builder.ts';
import { contextOf } from '../dockerfile/context-of.ts';
import { makeImage, type MadeImage, type Recipe } from './made-image.ts';

/** The present time of every judgement here: 2026-03-01T12:00:00Z. */
export const NOW = Date.UTC(2026, 2, 1, 12);

/**
 * Walks each layer as it is read from a registry, in chunks, with all collectors; folds what they
 * gathered.
 */
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
  return foldLayers(placed, joined([configSecrets(image.config), buildArgumentSecrets(buildArgs)]));
}

/**
 * As `scoville grade` does it; where files of the build context are given, as `scoville build`
 * does.
 */
async function buildOf(
  { dockerfile }: Recipe,
  image: MadeImage,
  attestations: Facts['attestations'],
): Promise<Pick<GradedBuild, 'fact' | 'buildArgs'>> {
  const { files, ...given } = dockerfile ?? { text: '' };
  const size = image.manifestBytes.length;
  const built = await gradedBuild(
    { root: { mediaType: MEDIA_TYPE.index, digest: image.indexDigest, size } },
    {
      descriptor: { mediaType: MEDIA_TYPE.manifest, digest: image.manifestDigest, size },
      config: image.config,
    },
    attestations,
    dockerfile === undefined ? undefined : { name: 'Dockerfile', ...given },
  );
  if (files === undefined || !built.fact.known) return built;
  const read = analyseDockerfile(given.text, {}, contextOf(files));
  return read.ok
    ? {
        ...built,
        fact: known({ ...built.fact.value, analysis: read.value.analysis }, 'dockerfile'),
      }
    : built;
}

/** The facts of an image out of its bytes, assembled as the pipeline does. */
export async function factsOfImage(recipe: Recipe, image: MadeImage): Promise<Facts> {
  const attestations: Facts['attestations'] =
    recipe.attestationsUnreachable === undefined
      ? known(image.attestations, 'image')
      : unknownFact(recipe.attestationsUnreachable);
  const build = await buildOf(recipe, image, attestations);
  const content = await contentOf(image, build.buildArgs);
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
    build: build.fact,
    attestations,
    vulnerabilities:
      recipe.scan === undefined
        ? unknownFact('no scanner is installed', 'install grype')
        : known(recipe.scan, 'scanner'),
    reproduction:
      recipe.reproduction === undefined
        ? unknownFact('the build was not repeated', 'scoville reproduce')
        : known(recipe.reproduction, 'build'),
    declarations: known(declared({ now: NOW, ...recipe.declared }), 'build'),
  };
}

/** Every criterion's answer on the image of the recipe. */
export async function judgeRecipe(recipe: Recipe): Promise<CriterionResult[]> {
  return judgeImage(await factsOfImage(recipe, makeImage(recipe)));
}
