import { beginDockerInfo } from '../build/docker.ts';
import { keptClient } from '../build/kept-client.ts';
import { type Command, pathsOf } from './io.ts';
import { searchOf, toolRunner } from './tool-runner.ts';

export const buildEarly: Command = async (args, io) => {
  // As Docker's plugin it is asked with the flags that docker was given.
  if (io.docker === undefined) {
    const { env, now } = io;
    const kept = keptClient({ env, search: searchOf(io), paths: pathsOf(io), now });
    beginDockerInfo(toolRunner(io), io.signal, kept);
  }
  const { build } = await import('./build.ts');
  return build(args, io);
};
