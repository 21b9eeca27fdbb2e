import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatProblem } from '../../src/config/document.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { mergeSettings, parseSettings } from '../../src/config/settings.ts';
import { SCANNER_CHOICES } from '../../src/model/settings.ts';

const NOW = Date.parse('2026-08-20T12:00:00Z');
const FILE = '/project/.scoville.yaml';

async function settingsOf(text: string) {
  const parsed = await parseSettings(text, { file: FILE, now: NOW });
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

test.each(
  Object.entries({
    'gate:\n  min-level: 3\n':
      'f.yaml:2:3: unknown key "min-level" in gate; did you mean minLevel?',
    'imgae: {}\n': 'f.yaml:1:1: unknown key "imgae"; did you mean image?',
    'sign:\n  zebra: 1\n':
      'f.yaml:2:3: unknown key "zebra" in sign; known are enabled, key, keyless, publicLog, format, fulcioUrl, rekorUrl, tsaUrl, oidcIssuer, signingConfig, trustedRoot',
    'gate:\n  minLevel: 6\n':
      'f.yaml:2:13: gate.minLevel must be a whole number from 0 to 5, not "6"',
    'recentDays: 1.5\n':
      'f.yaml:1:13: recentDays must be a whole number from 1 to 36500, not "1.5"',
    'sign:\n  enabled: yes\n': 'f.yaml:2:12: sign.enabled must be true or false, not "yes"',
    'scanner: grpye\n': `f.yaml:1:10: scanner must be one of ${SCANNER_CHOICES.join(', ')} (grype?), not "grpye"`,
    'image:\n  version: 1.2\n':
      'f.yaml:2:12: image.version must be text; put it in quotes, not "1.2"',
    'image: { source: https://user:pw@example.com/x }\n':
      'f.yaml:1:18: image.source must be an http or https address without user and password, not "https://****@example.com/x"',
    'gate: 3\n': 'f.yaml:1:7: gate must be a mapping of keys',
    '- a\n': 'f.yaml:1:1: the file must be a mapping of keys',
    'attest:\n  sbom: spdx\n': 'f.yaml:2:9: attest.sbom must be a list',
    'gate:\n  waivers:\n    - reason: because\n': 'f.yaml:3:7: gate.waivers[0] lacks criterion',
    'gate:\n  waivers:\n    - criterion: sbom\n      reason: later\n      expires: 2026-08-19\n':
      'f.yaml:5:16: the waiver of sbom expired on 2026-08-19',
    'gate:\n  waivers:\n    - { criterion: sbom, reason: x, expires: 2026-02-30 }\n':
      'f.yaml:3:46: 2026-02-30 is not a date',
    'registries:\n  "http://x": { plainHttp: true }\n':
      'f.yaml:2:3: registries: "http://x" is not a registry host with an optional port',
    'sign: { keyless: true, key: k }\n':
      'f.yaml:1:18: sign.keyless and sign.key exclude each other',
    'scanner: none\nscanner: auto\n': 'f.yaml:2:1: Map keys must be unique',
    'gate: !custom {}\n': 'f.yaml:1:7: Unresolved tag: !custom',
    '<<: {}\n':
      'f.yaml:1:1: unknown key "<<"; known are image, secrets, sign, attest, reproducible, gate, trust, fix, lock, hermetic, recentDays, registries, scanner, osv, databaseDays, offline, vex, ui',
    '1: x\n': 'f.yaml:1:1: keys must be text',
  }),
)('refuses %j', async (text, problem) => {
  expect(await problemsOf(text)).toEqual([problem]);
});

test.each([
  '{}',
  'image: { title: x, annotations: { a.b: c } }',
  'gate: { minLevel: 3, minGrade: A+, waivers: [{ criterion: sbom, reason: r }] }',
  'registries: { "LOCALHOST:5000": { plainHttp: true } }',
  'attest: { sbom: [] }',
  'trust: { images: ["a/*"], keys: [k] }',
  'trust: { identities: [{ subject: a@b, issuer: "https://i" }], trustedRoot: r.json }',
  'reproducible: { drop: ["**/x"], empty: ["a b"], time: { "a/**": epoch, b: "2020-01-02T03:04:05Z" } }',
])('takes %s', async (text) => {
  expect(await problemsOf(text)).toEqual([]);
});

test.each([
  'extra: 1',
  'image: { title: 3 }',
  'image: { title: "" }',
  'image: { source: "git@host:x" }',
  'sign: { fulcioUrl: "https://u:p@host" }',
  'trust: { identities: [a@b] }',
  'gate: { minLevel: 6 }',
  'gate: { minGrade: E }',
  'gate: { waivers: [{ criterion: x }] }',
  'registries: { "a b": { plainHttp: true } }',
  'registries: { a: { tokenServer: "https://b" } }',
  'attest: { sbom: [swid] }',
  'secrets: { files: [relative] }',
  'recentDays: 0',
  'reproducible: { drop: [""] }',
  'reproducible: { time: { a: yesterday } }',
  'reproducible: { time: { "": epoch } }',
  'reproducible: { time: { a: "2020-13-01" } }',
])('refuses %s', async (text) => {
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
