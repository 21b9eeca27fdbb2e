import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, ROOT, run } from './harness.ts';

/** What stands before a command that is printed to be pasted, to the end of its line. */
const PLACES = [
  // Steps of a card.
  /^ \d\. (.*?)(?: {2,}.*)?$/gm,
  /\b(?:[Nn]ext(?: step)?|undo|apply it|fix): (.*)$/gm,
  /\b(?:Run|Attach it|lose that change|Check it|Details|How to fix|grade it|a rule means): +(scoville .*?)(?:, scoville explain ID)?$/gm,
  // What helps here, in `scoville explain`.
  /^In [^\n]*\n(?: {2}[^\n]*\n)*? {6}(\S.*)$/gm,
];
/** What only a person knows. */
const OPEN = /=(?:URL|NAME|REGISTRY)\b|\b(?:ID|IMAGE|FILE)\b/;

/** The commands that an output prints to be pasted, each once; what installs packages is left out. */
export function printedIn({ stdout, stderr }: Ended): readonly string[] {
  const found = PLACES.flatMap((pattern) =>
    [...`${stdout}\n${stderr}`.matchAll(pattern)].map(([, command = '']) => command.trim()),
  );
  return [...new Set(found)].filter(
    (command) => /(?:^|&& |\()(?:scoville|chmod) /.test(command) && !OPEN.test(command),
  );
}

/** The steps of a card. */
export function stepsOf({ stdout }: Ended): readonly string[] {
  return [...stdout.matchAll(/^ \d\. (.*?)(?: {2,}.*)?$/gm)].map(([, command = '']) => command);
}

/** `scoville` as a shell that pastes a command finds it. */
const PROGRAM = `scoville() { '${process.execPath}' '${join(ROOT, 'dist/scoville.js')}' "$@"; }`;

/** Runs a line as a shell does that it is pasted into. */
export function paste(
  command: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ended> {
  return run('bash', ['-c', `${PROGRAM}\n${command}`], { cwd, env });
}

/** Folders as they are now, and what puts them back. */
export function snapshot(folders: readonly string[]): () => void {
  const copy = (from: string, to: string): void => {
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  };
  for (const folder of folders) copy(folder, `${folder}.kept`);
  return () => {
    for (const folder of folders) copy(`${folder}.kept`, folder);
  };
}
