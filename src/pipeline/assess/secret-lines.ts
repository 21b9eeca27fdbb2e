import { tracedLayers } from '../../difference/pair-layers.ts';
import { layerLines } from '../../dockerfile/layer-lines.ts';
import type { DockerfileModel } from '../../model/dockerfile.ts';
import type { BuildFact, Fact } from '../../model/facts.ts';
import type { OpenedPlatform } from '../../model/opened-image.ts';
import type { SecretFinding, SecretsFact } from '../../model/secret-facts.ts';
import { stageChain } from '../../model/stage-chain.ts';

/** Secrets with the Dockerfile line that brought each: of its layer, or of its ENV or LABEL. */
export function withLines(
  secrets: SecretsFact,
  { layers, config }: Pick<OpenedPlatform, 'layers' | 'config'>,
  build: Fact<BuildFact>,
): SecretsFact {
  if (!build.known || !build.value.dockerfile.known) return secrets;
  const model = build.value.dockerfile.value;
  const lines = layerLines(
    model,
    tracedLayers(layers, config).map(({ createdBy }) => createdBy),
  );
  const ofLayer = new Map(layers.map(({ blob: { digest } }, i) => [digest as string, lines[i]]));
  const findings = secrets.findings.map((one): SecretFinding => {
    const line = one.layer === undefined ? lineOfField(one, model) : ofLayer.get(one.layer);
    return line === undefined ? one : { ...one, dockerfileLine: line };
  });
  return { ...secrets, findings };
}

/** The last instruction of the image that sets a variable or a label of this name. */
function lineOfField({ where, path }: SecretFinding, model: DockerfileModel): number | undefined {
  const keyword = where === 'env' ? 'ENV' : where === 'label' ? 'LABEL' : undefined;
  if (keyword === undefined || path === undefined) return undefined;
  return stageChain(model)
    .flatMap(({ instructions }) => instructions)
    .findLast(
      (one) =>
        one.keyword === keyword &&
        one.arguments.some(
          (word, i, all) =>
            word.startsWith(`${path}=`) || (word === path && i === 0 && all.length > 1),
        ),
    )?.range.startLine;
}
