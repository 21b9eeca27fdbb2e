import type { RunTool, ToolResult, ToolRun } from '../../src/lib/run-tool.ts';

/** One command that a test expects: the start of its command line, and how it ends. */
export interface ScriptedRun {
  readonly command: string;
  /** What the arguments must begin with. */
  readonly args: readonly string[];
  readonly result: Partial<Completed> | ToolResult | ((run: ToolRun) => Promise<ToolResult>);
}

interface Completed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FakeRun {
  readonly run: RunTool;
  /** Every run that was asked for, in order. */
  readonly runs: readonly ToolRun[];
}

/**
 * A runner that knows only what it is told, and throws on any other command. Lines are handed to
 * the callbacks.
 */
export function fakeRun(script: readonly ScriptedRun[]): FakeRun {
  const runs: ToolRun[] = [];
  const run: RunTool = async (what) => {
    runs.push(what);
    const scripted = script.find(
      ({ command, args }) =>
        command === what.command && args.every((argument, at) => what.args[at] === argument),
    );
    if (scripted === undefined)
      throw new Error(`unscripted command: ${[what.command, ...what.args].join(' ')}`);
    const { result } = scripted;
    if (typeof result === 'function') return result(what);
    if ('ended' in result) return result;
    return exit(what, { exitCode: 0, stdout: '', stderr: '', ...result });
  };
  return { run, runs };
}

function exit(what: ToolRun, { exitCode, stdout, stderr }: Completed): ToolResult {
  for (const line of linesOf(stdout)) what.onStdoutLine?.(line);
  for (const line of linesOf(stderr)) what.onStderrLine?.(line);
  return { ended: 'exit', exitCode, stdout, stderr };
}

function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}
