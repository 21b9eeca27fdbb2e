import { engineSocket } from '../lib/engine-socket.ts';
import { type CommandSearch, type RunTool, runTool } from '../lib/run-tool.ts';
import type { CommandIo } from './io.ts';
import { pathsOf } from './paths.ts';

type Outside = Pick<CommandIo, 'docker' | 'env' | 'cwd' | 'homeDir'>;

/** One for an environment, since what is asked early is kept by its runner. */
const runners = new WeakMap<CommandIo['env'], RunTool>();

/** Starts tools; as Docker's plugin, gives each `docker` the global flags that Docker got. */
export function toolRunner(io: Outside): RunTool {
  const { docker, env } = io;
  if (docker !== undefined) {
    const run: RunTool = (what) =>
      runTool({
        ...what,
        env: { ...docker.env, ...what.env },
        args: what.command === 'docker' ? [...docker.globals, ...what.args] : what.args,
      });
    // What the flags say of the engine, docker knows.
    return docker.globals.length > 0 ? run : withSocket(run, io);
  }
  const known = runners.get(env) ?? withSocket((what) => runTool(what), io);
  runners.set(env, known);
  return known;
}

export function searchOf({ env, cwd, homeDir }: Outside): CommandSearch {
  return { path: env['PATH'] ?? '', cwds: [cwd], home: homeDir };
}

function withSocket(run: RunTool, io: Outside): RunTool {
  let found: { readonly socket: string | undefined } | undefined;
  const find = () => {
    const { dockerConfig } = pathsOf(io);
    return { socket: engineSocket({ env: io.env, dockerConfig, search: searchOf(io) }) };
  };
  return Object.assign(run, { engineSocket: () => (found ??= find()).socket });
}
