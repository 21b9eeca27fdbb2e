import type { RunTool } from '../../src/lib/run-tool.ts';
import type { PipelineContext } from '../../src/model/context.ts';

/** A context whose folders are below `home`. */
export function contextOf(
  run: RunTool,
  home: string,
  more: Partial<PipelineContext> = {},
): PipelineContext {
  return {
    run,
    env: {},
    cwd: home,
    now: () => 1_700_000_000_000,
    emit: () => undefined,
    signal: new AbortController().signal,
    paths: {
      store: `${home}/layout`,
      cache: `${home}/cache`,
      config: `${home}/config`,
      dockerConfig: `${home}/docker`,
    },
    version: '0.0.0-test',
    ...more,
  };
}
