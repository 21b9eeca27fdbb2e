import type { EventSink } from '../model/events.ts';
import type { RunTool } from '../model/run.ts';
import type { PipelineContext } from '../pipeline/context.ts';
import { runTool } from '../tools/run-tool.ts';
import { isAtTerminal } from './at-terminal.ts';
import type { CommandIo } from './io.ts';
import { pathsOf } from './paths.ts';
import { VERSION } from './version.ts';

/** What the pipeline gets of the outside. */
export function pipelineContext(io: CommandIo, emit: EventSink): PipelineContext {
  return {
    run: toolRunner(io),
    env: io.env,
    cwd: io.cwd,
    now: io.now,
    emit,
    signal: io.signal,
    paths: pathsOf(io),
    version: VERSION,
    isPerson: isAtTerminal(io),
  };
}

/** Starts tools; as Docker's plugin, gives each `docker` the global flags that Docker got. */
export function toolRunner({ docker }: Pick<CommandIo, 'docker'>): RunTool {
  if (docker === undefined) return runTool;
  return (what) =>
    runTool({
      ...what,
      env: { ...docker.env, ...what.env },
      args: what.command === 'docker' ? [...docker.globals, ...what.args] : what.args,
    });
}
