import { relative, resolve } from 'node:path';
import { shownValue } from '../build/shown-command.ts';
import { printedCommand } from '../model/printed-command.ts';

/** What was given to a `scoville fix`, and has to be given to the next one. */
interface FixWords {
  readonly path: string;
  readonly contextFolder: string | undefined;
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  readonly plainHttp: readonly string[];
  readonly config?: string | undefined;
}

/** Words for a path from here; absolute where it is in no folder of this one. None for `usual`. */
export function pathWords(path: string, cwd: string, usual: string): readonly string[] {
  const whole = resolve(cwd, path);
  const near = relative(cwd, whole);
  const word = near.startsWith('..') ? whole : near || '.';
  return whole === resolve(cwd, usual) ? [] : [word.startsWith('-') ? `./${word}` : word];
}

/** `scoville fix` of the same Dockerfile with the flags that were given, and with `more`. */
export function fixCommand(request: FixWords, cwd: string, more: readonly string[]): string {
  const { path, contextFolder, buildArgs, target, plainHttp, config } = request;
  const folder =
    contextFolder === undefined ? [] : pathWords(contextFolder, cwd, resolve(cwd, path, '..'));
  return printedCommand('fix', [
    ...more,
    ...buildArgs.flatMap((one) => ['--build-arg', shownValue('build-arg', one)]),
    ...(target === undefined ? [] : ['--target', target]),
    ...plainHttp.flatMap((host) => ['--plain-http', host]),
    ...(config === undefined ? [] : ['--config', config]),
    ...folder.flatMap((word) => ['--context', word]),
    ...pathWords(path, cwd, 'Dockerfile'),
  ]);
}
