import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/command-list.ts';
import { fixCommand } from '../../src/fix/fix-command.ts';
import { printedCommand, withoutFlags, withSecrets } from '../../src/model/printed-command.ts';
import { tableRows } from '../fakes/table.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test('each word is as a shell takes it', () => {
  expect(printedCommand('config', ["image.authors=It's me", 'a=b'])).toBe(
    "scoville config 'image.authors=It'\\''s me' a=b",
  );
});

test.each([
  [['--prove', '-t', 'a', '.'], ['prove'], [], '-t a .'],
  [['--sign=false', '-t', 'a', '.'], ['sign'], [], '-t a .'],
  [['--sbom', 'false', '--sbomb', 'x', '.'], [], ['sbom'], '--sbomb x .'],
  [['--provenance=mode=min', '.'], [], ['provenance'], '.'],
] as const)('%j without %j and %j', (words, names, valued, left) => {
  expect(withoutFlags(words, names, valued).join(' ')).toBe(left);
});

test('a secret that a Dockerfile mounts is given by a variable, unless it is given already', () => {
  const words = ['--secret', 'id=npm,src=npmrc', '-t', 'a', '.'];
  expect(withSecrets(words, ['npm', 'api-token', 'api-token']).join(' ')).toBe(
    '--secret id=npm,src=npmrc -t a --secret id=api-token,env=API_TOKEN .',
  );
});

const GIVEN = {
  path: '/work/app/Dockerfile',
  contextFolder: undefined,
  buildArgs: ['TOKEN=x', 'V=1'],
  target: 'run',
  plainHttp: ['h:1'],
  config: 'my settings.yaml',
};

test.each([
  [
    '/work/app',
    GIVEN,
    "--yes --build-arg TOKEN --build-arg V=1 --target run --plain-http h:1 --config 'my settings.yaml'",
  ],
  [
    '/work',
    GIVEN,
    "--yes --build-arg TOKEN --build-arg V=1 --target run --plain-http h:1 --config 'my settings.yaml' app/Dockerfile",
  ],
  // A path outside of this folder stays one that is found from here.
  [
    '/other',
    { ...GIVEN, buildArgs: [], target: undefined, plainHttp: [], config: undefined },
    '--yes /work/app/Dockerfile',
  ],
  [
    '/work/app',
    {
      ...GIVEN,
      ...{ buildArgs: [], target: undefined, plainHttp: [], config: undefined },
      contextFolder: '/work',
    },
    '--yes --context /work',
  ],
])('from %s a fix is offered with what was given', (cwd, given, words) => {
  expect(fixCommand(given, cwd, ['--yes'])).toBe(`scoville fix ${words}`);
});

/** Help and usage are not pasted. */
const HELP =
  /(?:\/flags|\/specs|init-flags|db-spec|bake-command-line|command-help|plugin-call)\.ts$/;

const NAMES = COMMANDS.map(({ name }) => name).join('|');
const MADE = new RegExp(`scoville (?:${NAMES})\\b[^'\`"]*\\$\\{`, 'g');

/** Commands that the source makes of what it knows: file and form. */
function made(): readonly string[] {
  const src = join(ROOT, 'src');
  return readdirSync(src, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (!/\.tsx?$/.test(path) || HELP.test(path)) return [];
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(?:\*|\/\/|\/\*)/.test(line));
    return lines.flatMap((line) =>
      [
        ...[...line.matchAll(MADE)].map(([text]) => text.split('$')[0]),
        ...[...line.matchAll(/printedCommand\('(\w+)'/g)].map(([, name]) => `printed ${name}`),
      ].map((form) => `${path.slice(src.length + 1)} ${form?.trim()}`),
    );
  });
}

test('every command that is made of what is known is run by a test, or says why not', () => {
  const table = tableRows(join(import.meta.dirname, 'printed-commands.tsv'));
  expect([...new Set(made())].sort()).toEqual(table.map(([form]) => form).sort());
  const e2e = (name: string): string => readFileSync(join(ROOT, 'test/e2e', name), 'utf8');
  for (const [form = '', how = '', what = ''] of table) {
    if (how === 'words') expect([form, what]).not.toEqual([form, '']);
    else expect([form, e2e(how).includes(what)]).toEqual([form, true]);
  }
});
