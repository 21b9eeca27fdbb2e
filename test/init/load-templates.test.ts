import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import MANIFEST from '../../schema/scoville-manifest-1.json' with { type: 'json' };
import { parseSettings } from '../../src/config/settings.ts';
import { judgeProfile } from '../../src/criteria/security-profile/verdict.ts';
import { type LoadedTemplates, loadTemplates, templatesFolder } from '../../src/init/manifest.ts';
import { baseImage, renderFile } from '../../src/init/template.ts';
import { lintDockerfile } from '../../src/lint/lint.ts';
import { answerProblem, type Question, type Template } from '../../src/model/template.ts';
import { readSecurityProfile } from '../../src/trust/profile-artifact.ts';
import { declared } from '../criteria/facts-builder.ts';
import { words } from '../fakes/table.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = templatesFolder();
const WORDS: Readonly<Record<string, string>> = {
  name: '1.0',
  path: 'a/b',
  words: '-m shop',
  text: 'A B',
  version: '21',
};

const PACKAGE = '{"scripts":{"build":"tsc --outDir dist"}}';
const runs = (program: string, what = 'does was not read'): readonly string[] => [
  `unread-shell: not read: what ${program} ${what}`,
];
/**
 * They run what the project or its plugins have, in the step that builds: what that brings in is
 * not known.
 */
const UNREAD: Readonly<Record<string, readonly string[]>> = {
  'java/maven.Dockerfile': runs('mvn'),
  'java/gradle.Dockerfile': runs('gradle'),
  'dotnet/Dockerfile': runs('dotnet', 'runs is in the source it works on, which was not read'),
};

let loaded: LoadedTemplates;
beforeAll(async () => {
  loaded = await loadTemplates(FOLDER);
});

/** Answers to all questions: defaults, else something of their type. */
function answersOf(template: Template): Map<string, string> {
  return new Map(
    template.questions.map((question: Question) => [
      question.id,
      question.byDefault ?? WORDS[question.type] ?? '',
    ]),
  );
}

/** The text of a template's file with pinned bases. */
function rendered(template: Template, from: string): string {
  const answers = answersOf(template);
  const bases = Object.entries(template.bases).map(([role, image]): [string, string] => [
    role,
    `${baseImage(image, template, answers)}@sha256:${'a'.repeat(64)}`,
  ]);
  return renderFile(loaded.texts.get(from) ?? '', template, answers, new Map(bases));
}

// GitLab finds its component as a file there.
const STACKS = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'common')
  .map(({ name }) => name);

test('every stack of the specification of this tool is there', () => {
  expect(STACKS).toEqual(words('c dotnet go java node php python ruby rust static typescript'));
  expect(loaded.templates.map(({ name }) => name)).toEqual(STACKS);
});

test('templates are found from the sources and from the bundle, and are part of the package', () => {
  expect(FOLDER).toBe(join(ROOT, 'templates'));
  for (const module of ['dist/scoville.js', 'dist/chunks/init-X.js'])
    expect(templatesFolder(pathToFileURL(join(ROOT, module)).href)).toBe(FOLDER);
  expect(() => templatesFolder(pathToFileURL('/nowhere/at/all.js').href)).toThrow('not where they');
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly files: readonly string[];
  };
  expect(manifest.files).toContain('templates');
});

/** Files of the project that a Dockerfile installs by. */
const SHOWN: Readonly<Record<string, string>> = {
  'package.json': PACKAGE,
  'package-lock.json': '{"lockfileVersion":3,"packages":{}}',
  Gemfile: "source 'https://rubygems.org'\ngem 'rack', '3.1.0'\n",
};

/** Programs of a project that its package manager runs; ordinary projects have none. */
const RUN_BY_MANAGERS =
  /^(?:\.pnpmfile\.cjs|build\.rs|npm-shrinkwrap\.json|compileall\/.*|bundler\.rb|Directory\.\w+\.\w+|MSBuild\.rsp|nuget\.config|global\.json|.*\.user)$/i;
/** A file is not a folder too. */
const BELOW_FILE = /^[^/]+\.(?:json|lock|txt|toml|ya?ml)\/|^Gemfile\//;
const isThere = (path: string): boolean => !RUN_BY_MANAGERS.test(path) && !BELOW_FILE.test(path);
const shown = (path: string): string =>
  path.endsWith('.csproj') ? '<Project Sdk="Microsoft.NET.Sdk"/>' : (SHOWN[path] ?? 'hello==1.0\n');

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
ajv.addVocabulary(['x-expects']);
const fits = ajv.compile(MANIFEST);

test.each(['common', ...STACKS])('the manifest of %s fits its schema', (name) => {
  fits(parse(readFileSync(join(FOLDER, name, 'manifest.yaml'), 'utf8')));
  expect(fits.errors).toBe(null);
});

describe.each(STACKS)('%s', (name) => {
  const template = (): Template => {
    const found = loaded.templates.find((one) => one.name === name);
    if (found === undefined) throw new Error(name);
    return found;
  };

  test('has a Dockerfile in which lint finds nothing', () => {
    const dockerfiles = template().files.filter(({ to }) => to === 'Dockerfile');
    expect(dockerfiles.length).toBeGreaterThan(0);
    for (const { from } of dockerfiles) {
      const text = rendered(template(), from);
      const { findings, parsed } = lintDockerfile({
        name: from,
        text,
        declarations: declared({ secrets: 'none', now: 0 }),
        context: {
          text: (path) => (isThere(path) ? shown(path) : undefined),
          kind: (path) => (isThere(path) ? 'file' : undefined),
          names: () => [],
        },
      });
      const told = findings.map(({ rule, message }) => `${rule}: ${message}`);
      expect([from, parsed, told]).toEqual([from, true, UNREAD[from] ?? []]);
    }
  });

  test('ends as a number, without a shell, with a health check and labels', () => {
    for (const { from } of template().files.filter(({ to }) => to === 'Dockerfile')) {
      const final =
        rendered(template(), from)
          .split(/^FROM /m)
          .at(-1) ?? '';
      expect(final).toMatch(/^USER [1-9]\d+:[1-9]\d+$/m);
      expect(final).toMatch(/^HEALTHCHECK .*\\\n {2}CMD \["/m);
      expect(final).toMatch(/^ENTRYPOINT \["/m);
      expect(final).toMatch(/^LABEL org\.opencontainers\.image\.title="1\.0"$/m);
      expect(final).not.toMatch(/^(?:RUN|SHELL|CMD [^[])/m);
      expect(rendered(template(), from)).not.toMatch(/[ \t]$/m);
      expect(rendered(template(), from).endsWith('\n')).toBe(true);
    }
  });

  test('writes settings that are read without a problem', async () => {
    const text = rendered(template(), 'common/scoville.yaml');
    const settings = await parseSettings(text, { file: '.scoville.yaml', now: 0 });
    expect(settings.ok && settings.value['image']).toMatchObject({ title: '1.0', authors: 'A B' });
    expect(settings.ok && settings.value['secrets']).toMatchObject({ use: 'none' });
  });

  test('has conditions that answers can meet, and placeholders that name something', () => {
    const { detect, files, notes, questions, bases, title } = template();
    expect([title, detect.length, Object.keys(bases).length]).not.toContain(0);
    const conditions = [
      ...detect.map(({ answers }) => answers),
      ...[...files, ...notes].map(({ when }) => when),
    ].flatMap((when) => Object.entries(when));
    for (const [id, value] of conditions) {
      const asked = questions.find((one) => one.id === id);
      expect([id, asked && answerProblem(value, asked)]).toEqual([id, undefined]);
      expect(asked).toBeDefined();
    }
    for (const { type, choices } of questions) expect(type === 'choice').toBe(choices.length > 0);
    for (const { from } of files) expect(() => rendered(template(), from)).not.toThrow();
  });

  test('asks for nothing whose default does not pass, and says of each base where it comes from', () => {
    for (const question of template().questions) {
      const { byDefault, type } = question;
      if (byDefault !== undefined && !(type === 'names' && byDefault === 'none'))
        expect([question.id, answerProblem(byDefault, question)]).toEqual([question.id, undefined]);
    }
    for (const image of Object.values(template().bases))
      expect(
        answerProblem(baseImage(image, template(), answersOf(template())), { type: 'image' }),
      ).toBe(undefined);
  });
});

test('the seccomp profile is tighter than the engine’s default', () => {
  const profile: unknown = JSON.parse(loaded.texts.get('common/seccomp.json') ?? '');
  for (const architecture of ['amd64', 'arm64', 'ppc64le', 'riscv64'])
    expect(judgeProfile('seccomp', profile, architecture)).toMatchObject({
      kind: 'seccomp',
      holds: 'tighter',
    });
  // What runtimes take from a registry has no conditions by architecture, so that these need one of
  // their own.
  for (const architecture of ['arm', '386', 's390x'])
    expect(judgeProfile('seccomp', profile, architecture).holds).toBe('not-tighter');
  expect(readSecurityProfile(Buffer.from(JSON.stringify(profile)), 'seccomp').ok).toBe(true);
});

test('actions of the workflow are pinned, and it may do no more than it needs', () => {
  const text = loaded.texts.get('common/github.yaml') ?? '';
  const used = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
  expect(used).toHaveLength(2);
  for (const action of used) expect(action).toMatch(/@[0-9a-f]{40}$/);
  expect(text).toContain('permissions: {}\n');
  // What comes from the event is never put into a script as text.
  expect([...text.matchAll(/run: .*\$\{\{/g)]).toEqual([]);
});
