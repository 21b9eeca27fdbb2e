import type { EventSink } from '../model/events.ts';
import type { PipelineContext } from '../pipeline/context.ts';
import { runTool } from '../tools/run-tool.ts';
import type { CommandIo } from './io.ts';
import { pathsOf } from './paths.ts';
import { VERSION } from './version.ts';

/** What the pipeline gets of the outside. */
export function pipelineContext(io: CommandIo, emit: EventSink): PipelineContext {
  return {
    run: runTool,
    env: io.env,
    cwd: io.cwd,
    now: io.now,
    emit,
    signal: io.signal,
    paths: pathsOf(io),
    version: VERSION,
  };
}
