import { Interrupted, ToolError } from './errors.ts';
import type { RunTool, ToolResult, ToolRun } from './run-tool.ts';
import { cleanText } from './text.ts';
import { missingTool, type ToolName, TOOLS } from './tool-names.ts';

const STDERR_TAIL = 4096;

/** For runs whose end the caller did not expect. */
export function toolFailure(result: ToolResult, message: string, nextStep?: string): ToolError {
  const stderr = 'stderr' in result ? readable(result.stderr) : '';
  return new ToolError(`${message}: ${howItEnded(result)}`, {
    stderrTail: stderr.slice(-STDERR_TAIL).trim(),
    ...(nextStep === undefined ? {} : { nextStep }),
  });
}

function howItEnded(result: ToolResult): string {
  switch (result.ended) {
    case 'exit':
      return lastLine(result.stderr) ?? `exit code ${result.exitCode}`;
    case 'signal':
      return `ended by ${result.signal}`;
    case 'timeout':
      return 'took too long and was stopped';
    case 'not-found':
      return 'it is not on PATH';
    case 'aborted':
      return 'it was interrupted';
  }
}

/** Clean, and of lines as logrus writes them (skopeo, podman) what they say. */
function readable(text: string): string {
  return cleanText(text).replace(/^time="[^"\n]*" level=\w+ msg="(.*)"$/gm, (_, said: string) =>
    said.replaceAll('\\"', '"'),
  );
}

function lastLine(text: string): string | undefined {
  return readable(text)
    .split('\n')
    .findLast((line) => line.trim() !== '')
    ?.trim();
}

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

/** Opens a file in the user's default program; returns why it failed, undefined if it did not. */
export async function openFile(
  run: RunTool,
  path: string,
  platform: string,
): Promise<string | undefined> {
  const command = platform === 'darwin' ? 'open' : 'xdg-open';
  const result = await run({ command, args: [path], timeoutMs: 10_000 });
  switch (result.ended) {
    case 'exit':
      return result.exitCode === 0 ? undefined : `${command}: exit code ${result.exitCode}`;
    case 'not-found':
      return `${command} is not installed`;
    // A program that stays is one that opened it.
    case 'timeout':
    case 'aborted':
      return undefined;
    case 'signal':
      return `${command} was stopped by ${result.signal}`;
  }
}
