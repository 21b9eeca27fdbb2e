import type { Instruction } from '../../model/dockerfile.ts';
import { lookup } from '../../model/lookup.ts';

/** What makes a file that a template's Dockerfile copies, by its name. */
const MADE_BY = lookup<string>({
  'package-lock.json': 'npm install --package-lock-only',
  'pnpm-lock.yaml': 'pnpm install --lockfile-only',
  'yarn.lock': 'yarn install',
  'requirements.txt': 'pip-compile --generate-hashes, or pipenv requirements --hash',
  'poetry.lock': 'poetry lock',
  'uv.lock': 'uv lock',
  'Gemfile.lock': 'bundle lock',
  'composer.lock': 'composer update --no-install',
  'Cargo.lock': 'cargo generate-lockfile',
  'go.sum': 'go mod tidy',
});

/** The names that a COPY takes from the context, where they are spelled out. */
export function copiedNames(instructions: readonly Instruction[]): readonly string[] {
  const names = instructions.flatMap(({ keyword, flags, heredocs, arguments: words }) =>
    (keyword === 'COPY' || keyword === 'ADD') &&
    heredocs.length === 0 &&
    !flags.some(({ name }) => name === 'from')
      ? words.slice(0, -1)
      : [],
  );
  return [...new Set(names)].filter((name) => !/[$*?[]|^https?:|^\.{0,2}\/?$/.test(name));
}

/** The command that makes a file of this name, where one does. */
export function makingCommand(name: string): string | undefined {
  return MADE_BY[name.replace(/^.*\//, '')];
}

/** Tells of a file that the Dockerfile copies and the project has not. */
export function missingNote(name: string): string {
  const command = makingCommand(name);
  return `the Dockerfile copies ${name}, which does not exist yet; without it the build fails${command === undefined ? '' : ` (${command})`}`;
}
