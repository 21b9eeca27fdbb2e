import { beginDockerInfo } from '../build/docker.ts';
import type { Command } from './io.ts';
import { toolRunner } from './tool-runner.ts';

export const buildEarly: Command = async (args, io) => {
  // As Docker's plugin it is asked with the flags that docker was given.
  if (io.docker === undefined) beginDockerInfo(toolRunner(io), io.signal);
  const { build } = await import('./build.ts');
  return build(args, io);
};
