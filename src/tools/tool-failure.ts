import { cleanText } from '../model/clean-text.ts';
import { ToolError } from '../model/errors.ts';
import type { ToolResult } from '../model/run.ts';

const STDERR_TAIL = 4096;

/** A ToolError that says how a run ended. For runs whose end the caller did not expect. */
export function toolFailure(result: ToolResult, message: string, nextStep?: string): ToolError {
  const stderr = 'stderr' in result ? result.stderr : '';
  return new ToolError(`${message}: ${howItEnded(result)}`, {
    stderrTail: cleanText(stderr).slice(-STDERR_TAIL).trim(),
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

function lastLine(text: string): string | undefined {
  return cleanText(text)
    .split('\n')
    .findLast((line) => line.trim() !== '')
    ?.trim();
}
