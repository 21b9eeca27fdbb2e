import { cleanText } from '../model/clean-text.ts';
import { ToolError } from '../model/errors.ts';
import type { ToolResult, ToolRun } from '../model/run.ts';

const MASK = '***';
/** Flags whose whole value is nobody's business. */
const SECRET_FLAG =
  /^--(?:secret|password|passphrase|token|identity-token|registry-password|registry-token)$/;
/** Names of variables and build arguments that hold secrets. */
const SECRET_NAME = /(?:secret|passw|token|api_?key|private_?key|access_?key|credential|auth)/i;
const URL_PASSWORD = /(:\/\/)[^\s/@]+@/g;
const STDERR_TAIL = 4096;

/** The command line for people, with values masked that are or may be secret. */
export function describeRun(run: Pick<ToolRun, 'command' | 'args'>): readonly string[] {
  const shown: string[] = [run.command];
  let flag = '';
  for (const argument of run.args) {
    shown.push(maskArgument(argument, flag));
    flag = argument.startsWith('--') && !argument.includes('=') ? argument : '';
  }
  return shown;
}

function maskArgument(argument: string, flag: string): string {
  if (SECRET_FLAG.test(flag)) return MASK;
  if (flag === '--build-arg') return maskAssignment(argument);
  const equals = argument.indexOf('=');
  if (argument.startsWith('--') && equals > 0) {
    const name = argument.slice(0, equals);
    return `${name}=${maskArgument(argument.slice(equals + 1), name)}`;
  }
  return argument.replace(URL_PASSWORD, `$1${MASK}@`);
}

function maskAssignment(assignment: string): string {
  const equals = assignment.indexOf('=');
  if (equals < 0) return assignment;
  const name = assignment.slice(0, equals);
  return SECRET_NAME.test(name)
    ? `${name}=${MASK}`
    : assignment.replace(URL_PASSWORD, `$1${MASK}@`);
}

/** A ToolError that says how a run ended. For runs whose end the caller did not expect. */
export function toolFailure(
  run: Pick<ToolRun, 'command' | 'args'>,
  result: ToolResult,
  message: string,
  nextStep?: string,
): ToolError {
  const stderr = 'stderr' in result ? result.stderr : '';
  return new ToolError(`${message}: ${howItEnded(result)}`, {
    argv: describeRun(run),
    toolExitCode: result.ended === 'exit' ? result.exitCode : undefined,
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
