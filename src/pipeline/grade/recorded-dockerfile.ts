import type { ReadProvenance } from '../../attestations/provenance-read.ts';
import { type AnalysedDockerfile, analyseDockerfile } from '../../dockerfile/parse-dockerfile.ts';

/** The Dockerfile that a provenance recorded, as it was built; undefined where there is none that can be read. */
export function analyseRecorded({
  dockerfile,
  buildArgs,
  buildContexts,
  target,
}: ReadProvenance): AnalysedDockerfile | undefined {
  if (dockerfile === undefined) return undefined;
  const options = { built: true, buildArgs, buildContexts };
  const read = analyseDockerfile(dockerfile.text, {
    ...options,
    ...(target === undefined ? {} : { target }),
  });
  return read.ok ? read.value : undefined;
}
