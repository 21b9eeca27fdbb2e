import { field, isObject, listField, parseJson } from '../../model/json-value.ts';
import type { RunTool } from '../../model/run.ts';
import { docker, engineError } from './docker.ts';

/** What an image says of the service in it. */
export interface ImageService {
  /** TCP ports that it exposes, ascending. */
  readonly ports: readonly number[];
  readonly hasHealthcheck: boolean;
  /** The command that the engine runs in the container to check health; empty if there is none. */
  readonly healthcheck: readonly string[];
  /** ENTRYPOINT and CMD: what the container starts. */
  readonly program: readonly string[];
}

/** Reads it from Docker's store. Throws UserError if Docker does not answer or lacks the image. */
export async function imageService(
  run: RunTool,
  image: string,
  signal: AbortSignal,
): Promise<ImageService> {
  const result = await docker(
    run,
    ['image', 'inspect', '--format', '{{json .Config}}', image],
    signal,
  );
  if (result.exitCode !== 0) throw engineError(result.stderr);
  return parseImageService(result.stdout);
}

/** Reads an image's configuration as the engine prints it. */
export function parseImageService(stdout: string): ImageService {
  const config = parseJson(stdout);
  const exposed = field(config, 'ExposedPorts');
  const ports = Object.keys(isObject(exposed) ? exposed : {}).flatMap((name) => {
    const port = Number(/^(\d{1,5})(?:\/tcp)?$/.exec(name)?.[1] ?? '');
    return port > 0 && port < 65_536 ? [port] : [];
  });
  const words = (value: unknown, name: string): readonly string[] =>
    listField(value, name).filter((one) => typeof one === 'string');
  const [kind, ...test] = words(field(config, 'Healthcheck'), 'Test');
  const own = words(config, 'Shell');
  const shell = own.length > 0 ? own : ['/bin/sh', '-c'];
  return {
    ports: ports.sort((a, b) => a - b),
    hasHealthcheck: kind !== undefined && kind !== '' && kind !== 'NONE',
    healthcheck: kind === 'CMD' ? test : kind === 'CMD-SHELL' ? [...shell, ...test] : [],
    program: [...words(config, 'Entrypoint'), ...words(config, 'Cmd')],
  };
}
