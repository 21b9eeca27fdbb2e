import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

test.each(['action.yml', 'examples/ci/github-workflow.yml', '.github/workflows/release.yml'])(
  '%s takes every action at a commit, as the criteria ask of images',
  (file) => {
    const text = read(file);
    const used = [...text.matchAll(/^\s*(?:- )?uses: (\S+)/gm)].map(([, name = '']) => name);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((name) => !/^[\w./-]+@[0-9a-f]{40}$/.test(name))).toEqual([]);
  },
);

describe('the action', () => {
  const { description, runs } = parse(read('action.yml')) as {
    description: string;
    runs: { steps: readonly { name?: string; uses?: string; 'continue-on-error'?: boolean }[] };
  };

  test('has a description that the Marketplace takes', () => {
    expect(description.length).toBeLessThan(125);
  });

  test('goes on where code scanning takes no findings, as in most private repositories', () => {
    const upload = runs.steps.find(({ uses = '' }) => uses.includes('/upload-sarif@'));
    expect(upload?.['continue-on-error']).toBe(true);
  });

  test('makes its reports outside of the workspace', () => {
    expect(read('scripts/ci/build.sh')).toContain('mktemp -d "$RUNNER_TEMP/');
  });
});

test('Renovate keeps the commits of actions current, in each file that names one', () => {
  const { 'github-actions': actions } = JSON.parse(read('.github/renovate.json')) as {
    'github-actions': { managerFilePatterns: readonly string[] };
  };
  const patterns = actions.managerFilePatterns.map((one) => new RegExp(one.slice(1, -1)));
  for (const file of [
    'action.yml',
    '.github/workflows/release.yml',
    'examples/ci/github-workflow.yml',
    'templates/common/github.yaml',
  ]) {
    expect([file, patterns.some((one) => one.test(file))]).toEqual([file, true]);
    const pins = [...read(file).matchAll(/@[0-9a-f]{40}(.*)/g)];
    // Renovate reads the version that the commit is of.
    const bare = pins.filter(([all, rest = '']) => !/^ # v\d/.test(rest) && !/0{40}/.test(all));
    expect(bare.map(([all]) => all)).toEqual([]);
  }
});

interface Input {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly options?: readonly unknown[];
}
const [spec, jobs] = parseAllDocuments(read('templates/scoville.yml')).map(
  (document) => document.toJS() as unknown,
) as [{ spec: { inputs: Record<string, Input> } }, Record<string, { before_script: string[] }>];
const { inputs } = spec.spec;

describe('the workflow of a release', () => {
  interface ReleaseJob {
    readonly needs?: string | readonly string[];
    readonly permissions: Readonly<Record<string, string>>;
    readonly steps: readonly { readonly run?: string; readonly uses?: string }[];
  }
  const { jobs: byName, permissions } = parse(read('.github/workflows/release.yml')) as {
    jobs: Readonly<Record<'check' | 'make' | 'try' | 'publish', ReleaseJob>>;
    permissions: object;
  };
  const runs = ({ steps }: ReleaseJob): string => steps.map(({ run = '' }) => run).join('\n');

  test('makes and tries what the dry run does, and publishes only after that', () => {
    expect(runs(byName.make)).toContain('npm run release -- --dry-run');
    expect(runs(byName.check)).toContain('.ci/run');
    expect(byName.publish.needs).toEqual(['check', 'make', 'try']);
    // What can fail comes before the first thing that is published.
    const steps = byName.publish.steps.map(({ run = '' }) => run);
    const publishes = /image\.mjs push|npm publish .*--provenance|git push|gh release create/;
    const first = steps.findIndex((text) => publishes.test(text));
    expect(steps.slice(first).filter((text) => !publishes.test(text))).toEqual([]);
    expect(steps.slice(first)).toHaveLength(5);
  });

  test('only the job that publishes may write, and has an identity', () => {
    const { check, make, try: tried } = byName;
    expect([permissions, check.permissions, make.permissions, tried.permissions]).toEqual([
      {},
      { contents: 'read' },
      { contents: 'read' },
      {},
    ]);
    expect(byName.publish.permissions['id-token']).toBe('write');
  });

  test('no expression is part of a script', () => {
    for (const job of Object.values(byName)) expect(runs(job)).not.toContain('${{');
  });

  test('each script that it runs is there', () => {
    const text = read('.github/workflows/release.yml');
    const scripts = [...text.matchAll(/(?:node |\s)((?:\.\.\/)*scripts\/[\w/.-]+)/g)];
    expect(scripts.length).toBeGreaterThan(3);
    for (const [, path = ''] of scripts)
      expect(read(path.replace(/^(?:\.\.\/)+/, ''))).not.toBe('');
  });
});

test('the component for GitLab names its engine to buildx by a context, which has the certificates', () => {
  const text = read('templates/scoville.yml');
  expect(text).toContain("DOCKER_TLS_VERIFY: '1'");
  expect(Object.values(jobs)[0]?.before_script).toContain('docker context create dind');
  expect(/buildx create (.*)/.exec(text)?.[1]).toBe('--use --name scoville dind');
});

test('the component has one job, and uses each of its inputs and no other (docs.gitlab.com/ci/inputs)', () => {
  expect(Object.keys(jobs)).toEqual(['$[[ inputs.job-name ]]']);
  const text = read('templates/scoville.yml');
  const used = [...text.matchAll(/\$\[\[ inputs\.([a-z-]+) \]\]/g)].map(([, name]) => name);
  expect([...new Set(used)].toSorted()).toEqual(Object.keys(inputs).toSorted());
  for (const input of Object.values(inputs)) {
    expect(
      Object.keys(input).filter((key) => !/^(?:description|default|type|options)$/.test(key)),
    ).toEqual([]);
    expect(['string', 'number', 'boolean', 'array']).toContain(input.type ?? 'string');
    if (input.options !== undefined) expect(input.options).toContain(input.default);
  }
});

test('the example gives the component what it asks for, and only inputs that it has', () => {
  const { include } = parse(read('examples/ci/gitlab-ci.yml')) as {
    include: { component: string; inputs: Record<string, unknown> }[];
  };
  expect(include.map(({ component }) => component.split('/').at(-1))).toEqual(['scoville@0.1.0']);
  const given = include[0]?.inputs ?? {};
  expect(Object.keys(given).filter((name) => !(name in inputs))).toEqual([]);
  const asked = Object.keys(inputs).filter((name) => !('default' in (inputs[name] ?? {})));
  expect(asked.filter((name) => !(name in given))).toEqual([]);
});

test('the component is not in the npm package, whose templates are those of init', () => {
  const { files } = JSON.parse(read('package.json')) as { files: string[] };
  expect(files).toContain('!templates/scoville.yml');
});
