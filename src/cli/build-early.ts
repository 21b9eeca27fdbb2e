import { beginDockerInfo } from '../build/docker.ts';
import { beginBuildx } from '../build/head-start.ts';
import { keptClient } from '../build/kept-client.ts';
import { loadTools } from '../lib/run-tool.ts';
import type { Command } from './io.ts';
import { pathsOf } from './paths.ts';
import { searchOf, toolRunner } from './tool-runner.ts';
import { VERSION } from './version.ts';

export const buildEarly: Command = async (args, io) => {
  void loadTools();
  const load = async () => (await import('./build.ts')).build;
  // As Docker's plugin it is asked with the flags that docker was given.
  if (io.docker !== undefined) return (await load())(args, io);
  const { env, now, cwd, signal } = io;
  const [run, paths] = [toolRunner(io), pathsOf(io)];
  const kept = keptClient({ env, search: searchOf(io), paths, now });
  beginDockerInfo(run, signal, kept);
  const outside = { args, env, cwd, paths, version: VERSION, now, signal, run };
  const head = await beginBuildx({ ...outside, client: () => kept.get() });
  try {
    const build = await load();
    return await build(args, io);
  } finally {
    await head.end();
  }
};
