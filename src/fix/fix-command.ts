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

/** A path to read and to paste from here; absolute where it is in no folder of this one. */
export function shownPath(path: string, cwd: string): string {
  const whole = resolve(cwd, path);
  const near = relative(cwd, whole);
  return near === '..' || near.startsWith('../') ? whole : near || '.';
}

/** Words for a path from here. None for `usual`. */
export function pathWords(path: string, cwd: string, usual: string): readonly string[] {
  const word = shownPath(path, cwd);
  return word === shownPath(usual, cwd) ? [] : [word.startsWith('-') ? `./${word}` : word];
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
