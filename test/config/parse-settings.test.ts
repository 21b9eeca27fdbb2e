import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatProblem } from '../../src/config/document.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { mergeSettings, parseSettings } from '../../src/config/settings.ts';
import { SCANNER_CHOICES } from '../../src/model/settings.ts';
import { yamlTable } from '../fakes/table.ts';

const NOW = Date.parse('2026-08-20T12:00:00Z');
const FILE = '/project/.scoville.yaml';
const TEXTS = yamlTable('test/config/parse-settings.yaml') as {
  readonly wrong: readonly [text: string, problem: string][];
  readonly taken: readonly string[];
  readonly refused: readonly string[];
};

async function settingsOf(text: string, isCi = false) {
  const parsed = await parseSettings(text, { file: FILE, now: NOW, isCi });
  if (!parsed.ok) throw new Error(parsed.error.map(formatProblem).join('\n'));
  const layer = { source: 'project', file: FILE, given: parsed.value } as const;
  return mergeSettings([layer], 'project');
}

async function problemsOf(text: string, criteria?: readonly string[]): Promise<readonly string[]> {
  const options = {
    file: 'f.yaml',
    now: NOW,
    ...(criteria === undefined ? {} : { criteria: () => Promise.resolve(criteria) }),
  };
  const parsed = await parseSettings(text, options);
  return parsed.ok ? [] : parsed.error.map(formatProblem);
}

test.each(['', '# nothing\n', '---\n', 'gate:\nregistries:\n'])(
  'fills in the defaults: %j',
  async (text) => {
    expect(await settingsOf(text)).toEqual(DEFAULT_SETTINGS);
  },
);

test('`local` and `ci` go above the rest of the file, each in its place', async () => {
  const text = `
gate: { minLevel: 1, minGrade: C }
local: { sign: { enabled: false } }
ci: { gate: { minLevel: 3, waivers: [{ criterion: sbom, reason: r }] }, offline: true }
`;
  const [here, there] = [await settingsOf(text), await settingsOf(text, true)];
  expect([here.sign.enabled, here.gate.minLevel, here.gate.waivers, here.offline]).toEqual([
    ...[false, 1, [], false],
  ]);
  expect([there.sign.enabled, there.gate.minLevel, there.gate.minGrade, there.offline]).toEqual([
    ...[true, 3, 'C', true],
  ]);
  expect(there.gate.waivers).toEqual([{ criterion: 'sbom', reason: 'r' }]);
  expect(here).not.toHaveProperty('local');
});

test.each(TEXTS.wrong)('refuses %j', async (text, problem) => {
  expect(await problemsOf(text)).toEqual([problem.replace('SCANNERS', SCANNER_CHOICES.join(', '))]);
});

test.each(TEXTS.taken)('takes %s', async (text) => {
  expect(await problemsOf(text)).toEqual([]);
});

test.each(TEXTS.refused)('refuses %s', async (text) => {
  expect(await problemsOf(text)).toHaveLength(1);
});

test('a syntax error has its place', async () => {
  const [first] = await problemsOf('gate: [\n');
  expect(first).toMatch(/^f\.yaml:2:1: Flow sequence/);
});

test('two documents are refused', async () => {
  expect(await problemsOf('scanner: auto\n---\nscanner: none\n')).toEqual([
    'f.yaml:2:1: Source contains multiple documents; please use YAML.parseAllDocuments()',
  ]);
});

test('a waiver names a criterion that there is', async () => {
  const text = 'gate: { waivers: [{ criterion: no-shel, reason: x }] }\n';
  expect(await problemsOf(text, ['no-shell', 'sbom'])).toEqual([
    'f.yaml:1:32: unknown criterion "no-shel"; did you mean no-shell?',
  ]);
});

test('aliases are followed, a bomb of them is refused', async () => {
  const settings = await settingsOf(
    'trust: { images: &i [a/b], keys: [] }\nsecrets: { files: [] }\n',
  );
  expect(settings.trust.images).toEqual(['a/b']);
  const shared = await settingsOf('image: { title: &t Shop, vendor: *t }\n');
  expect(shared.image.vendor).toBe('Shop');
  const list = Array.from({ length: 900 }, () => '*w').join(', ');
  const bomb = `gate: { waivers: [&w { criterion: a, reason: b }, ${list}] }\n`;
  expect((await problemsOf(bomb))[0]).toMatch(/^f\.yaml:1:\d+: too many aliases$/);
});

test('an alias to itself ends', async () => {
  expect(await problemsOf('gate: &g { waivers: [*g] }\n')).not.toEqual([]);
});

test('control characters do not reach a terminal', async () => {
  const [problem] = await problemsOf('"\\e[31mred": 1\n');
  expect(problem).toContain(String.raw`"\u001b[31mred"`);
});

test('a prototype is not reached', async () => {
  const settings = await settingsOf('image: { annotations: { toString: x, constructor: y } }\n');
  expect(settings.image.annotations).toEqual({ toString: 'x', constructor: 'y' });
  expect(await problemsOf('registries: { __proto__: { plainHttp: true } }\n')).toHaveLength(1);
  expect(await problemsOf('toString: 1\n')).toHaveLength(1);
});

test('too long a file is refused', async () => {
  expect(await problemsOf(`# ${'x'.repeat(300_000)}`)).toEqual([
    'f.yaml:1:1: longer than 262144 characters',
  ]);
});

test('any text gives settings or problems with a place', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
      for (const problem of await problemsOf(text)) expect(problem).toMatch(/^f\.yaml:\d+:\d+: ./);
    }),
    { numRuns: 200 },
  );
});
