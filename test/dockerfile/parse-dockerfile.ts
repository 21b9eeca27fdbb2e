import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import type { LineError } from '../../src/dockerfile/logical-lines.ts';
import type { DockerfileOptions } from '../../src/dockerfile/read-dockerfile.ts';
import type { DockerfileModel } from '../../src/model/dockerfile.ts';
import { ok, type Result } from '../../src/model/result.ts';

/** The model of a Dockerfile without its analysis. */
export function parseDockerfile(
  text: string,
  options: DockerfileOptions = {},
): Result<DockerfileModel, LineError> {
  const read = analyseDockerfile(text, options);
  return read.ok ? ok(read.value.model) : read;
}
