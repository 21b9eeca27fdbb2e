import type { ReadProvenance } from '../../attestations/provenance-read.ts';
import type { AnalysedDockerfile } from '../../dockerfile/analyse-dockerfile.ts';

/** The Dockerfile that a provenance recorded, as built; undefined where none can be read. */
export async function analyseRecorded({
  dockerfile,
  buildArgs,
  buildContexts,
  target,
  frontend: { source },
}: ReadProvenance): Promise<AnalysedDockerfile | undefined> {
  if (dockerfile === undefined) return undefined;
  const frontend = source === undefined ? {} : { frontend: source };
  const options = { built: true, buildArgs, buildContexts, ...frontend };
  const { analyseDockerfile } = await import('../../dockerfile/analyse-dockerfile.ts');
  const read = analyseDockerfile(dockerfile.text, {
    ...options,
    ...(target === undefined ? {} : { target }),
  });
  return read.ok ? read.value : undefined;
}
