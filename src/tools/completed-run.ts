import { Interrupted } from '../model/errors.ts';
import type { RunTool, ToolResult, ToolRun } from '../model/run.ts';
import { toolFailure } from './tool-failure.ts';
import { TOOLS, type ToolName, missingTool } from './tool-names.ts';

/** How a run ended that came to an end by itself. */
export type Completed = Extract<ToolResult, { ended: 'exit' }>;

/**
 * Runs a tool to its own end, whatever its exit code. Throws Interrupted where it was aborted,
 * UserError where it is not installed, ToolError where a signal or its time limit ended it.
 */
export async function completed(run: RunTool, tool: ToolName, what: ToolRun): Promise<Completed> {
  const result = await run(what);
  switch (result.ended) {
    case 'exit':
      return result;
    case 'aborted':
      throw new Interrupted(`${TOOLS[tool].title} was interrupted`);
    case 'not-found':
      throw missingTool(tool);
    case 'signal':
    case 'timeout':
      throw toolFailure(result, TOOLS[tool].title);
  }
}
