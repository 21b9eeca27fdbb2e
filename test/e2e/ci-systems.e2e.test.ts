import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { FakeOsv } from '../fakes/fake-osv.ts';
import { Sigstore } from '../trust/stand-in.ts';
import { bases, type Ended, OWN, registry, ROOT, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

type Environment = Readonly<Record<string, string>>;
type Inputs = Readonly<Record<string, string | number>>;
interface Workflow {
  readonly jobs: {
    readonly image: { readonly steps: readonly (Step & { readonly with?: Inputs })[] };
  };
}
interface ComponentSpec {
  readonly spec: { readonly inputs: Readonly<Record<string, { readonly default?: unknown }>> };
}
interface Job {
  readonly variables: Environment;
  readonly script: readonly string[];
  readonly id_tokens: object;
  readonly artifacts: {
    readonly reports: { readonly junit: string; readonly codequality: string };
  };
}

const scoville = scovilleHere();
const action = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as Action;
const NAME = `${registry}/e2e/ci-${OWN}`;
const folder = folderHere('ci');
let sigstore: Sigstore;
const osv = new FakeOsv();
let runnerEnv: Record<string, string | undefined> = {};

beforeAll(async () => {
  sigstore = await Sigstore.start();
  await osv.listen();
  // The package that is asked for to see that npm is known there.
  osv.entries.push({
    id: 'CVE-2026-0001',
    affected: [{ package: { ecosystem: 'npm', name: 'lodash' } }],
  });
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(join(ROOT, 'dist/scoville.js'), join(bin, 'scoville'));
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM ${bases.busybox}\nARG WHO=nobody\nRUN echo "::set-output name=digest::evil $WHO" | tee /who\nUSER 65532\n`,
  );
  // Level 2 but for the signature, which is the job's.
  mkdirSync(join(folder, 'app'));
  writeFileSync(
    join(folder, 'app/Dockerfile'),
    'FROM scratch\nCOPY package.json /node_modules/app/\nCOPY app /app\nUSER 65532:65532\n',
  );
  // Without a package nobody is asked for CVEs, and the gate's answer is unknown.
  writeFileSync(join(folder, 'app/package.json'), '{"name":"app","version":"1.0.0"}\n');
  writeFileSync(join(folder, 'app/app'), `${OWN}\n`);
  // A sigstore of the company's own, named on the runner: the examples stay as they are.
  const { url, trustedRoot } = sigstore;
  mkdirSync(join(scoville.home, 'config'), { recursive: true });
  writeFileSync(
    join(scoville.home, 'config/config.yaml'),
    `sign: { fulcioUrl: '${url}', rekorUrl: '${url}', trustedRoot: '${trustedRoot}' }\nosv: { url: '${osv.url}' }\n`,
  );
  runnerEnv = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    SCOVILLE_HOME: scoville.home,
    CI: 'true',
    RUNNER_TEMP: folder,
    GITHUB_ACTION_PATH: ROOT,
  };
});
afterAll(async () => {
  sigstore.stop();
  await osv.close();
});

/** A file of examples/, with the test's registry for GitHub's. */
function example(name: string): unknown {
  return parse(
    readFileSync(join(ROOT, 'examples/ci', name), 'utf8').replaceAll('ghcr.io', registry),
  );
}

/** The gate of whoever deploys: verified by the identity of the job. */
function gate(image: string, identity: string, issuer: string): Promise<Ended> {
  const who = ['--certificate-identity', identity, '--certificate-oidc-issuer', issuer];
  const root = ['--trusted-root', sigstore.trustedRoot];
  return scoville.run(['verify', '--min-level', '2', ...who, ...root, image]);
}

/**
 * Runs a step of action.yml as a runner does: expressions replaced, files for outputs and summary.
 */
async function runStep(
  step: Step,
  inputs: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
  cwd = folder,
): Promise<Ended & { outputs: Record<string, string>; summary: string }> {
  const given = (name: string): string => inputs[name] ?? action.inputs[name]?.default ?? '';
  const value = (text: string): string =>
    text.replace(/\$\{\{ (.+?) \}\}/g, (_, expression: string) => {
      if (expression === 'github.action_path') return ROOT;
      const name = /^inputs\.([a-z-]+)$/.exec(expression)?.[1];
      if (name === undefined || !(name in action.inputs)) throw new Error(`unknown: ${expression}`);
      return given(name);
    });
  // What a user wrote must not become part of a script.
  expect(step.run).not.toContain('${{');
  const files = {
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_PATH: join(folder, 'path'),
  };
  for (const file of Object.values(files)) writeFileSync(file, '');
  const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([k, v]) => [k, value(v)]));
  const ended = await run(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run ?? ''],
    {
      cwd,
      env: { ...runnerEnv, GITHUB_ACTIONS: 'true', ...files, ...env, ...more },
    },
  );
  const outputs = Object.fromEntries(
    [...readFileSync(files.GITHUB_OUTPUT, 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(([, k, v]) => [
      k,
      v,
    ]),
  ) as Record<string, string>;
  return { ...ended, outputs, summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8') };
}

function stepNamed(name: string): Step {
  const step = action.runs.steps.find((one) => one.name === name);
  if (step === undefined) throw new Error(`action.yml has no step ${name}`);
  return step;
}

const remote = (tag: string): Promise<Ended> =>
  run('skopeo', ['inspect', '--tls-verify=false', `docker://${NAME}:${tag}`]);

describe('the action for GitHub', () => {
  test('finds scoville and a builder as they are', async () => {
    const ended = await runStep(stepNamed('Make ready'), {});
    expect([ended.exitCode, readFileSync(join(folder, 'path'), 'utf8')]).toEqual([0, '']);
  });

  test('builds, signs, grades, pushes; with summary, outputs, SARIF and badges', async () => {
    const ended = await runStep(stepNamed('Build, sign, grade'), {
      tags: `${NAME}:good\n${NAME}:also\n`,
      'build-args': 'WHO=$(touch /tmp/nobody) "me"',
      push: 'true',
      arguments: '--scanner\nnone',
    });
    expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, '']);
    const { Digest } = JSON.parse((await remote('good')).stdout) as { Digest: string };
    expect(ended.outputs).toMatchObject({
      digest: Digest,
      level: expect.stringMatching(/^[0-5]$/) as string,
      grade: expect.stringMatching(/^(A\+|[A-D])$/) as string,
    });
    expect((await remote('also')).exitCode).toBe(0);
    expect(ended.summary).toContain(Digest);
    const sarif = JSON.parse(readFileSync(ended.outputs['sarif'] ?? '', 'utf8')) as {
      version: string;
    };
    expect(sarif.version).toBe('2.1.0');
    expect(readFileSync(ended.outputs['badge'] ?? '', 'utf8')).toContain('<svg');
    expect(existsSync(join(ended.outputs['reports'] ?? '', 'scorecard.json'))).toBe(true);
  });

  test('folds the build away, and lets nothing that it prints command the runner', async () => {
    const ended = await runStep(stepNamed('Build, sign, grade'), {
      'build-args': 'WHO=again',
      arguments: '--scanner=none\n--no-cache\n--output=type=image,store=false',
    });
    expect(ended.stderr).toMatch(/^::group::docker buildx build\n(?:#.*\n|\n)+::endgroup::\n/m);
    const commands =
      `${ended.stdout}\n${ended.stderr}`.match(/^[ \t]*::(?!stop-commands|[0-9a-f]{32}::).*$/gm) ??
      [];
    expect([...new Set(commands.map((line) => /^::\w+/.exec(line)?.[0]))].toSorted()).toEqual(
      expect.arrayContaining(['::endgroup', '::group']) as string[],
    );
    expect(commands.filter((line) => line.includes('evil'))).toEqual([]);
  });

  test('short of the gate it fails, pushes nothing, and says why all the same', async () => {
    const ended = await runStep(stepNamed('Build, sign, grade'), {
      tags: `${NAME}:short`,
      push: 'true',
      'min-level': '5',
      arguments: '--scanner=none',
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.stdout).toContain('::error title=scoville::short of the gate');
    expect([ended.summary === '', existsSync(ended.outputs['sarif'] ?? '')]).toEqual([false, true]);
    expect((await remote('short')).exitCode).not.toBe(0);
  });

  test('a build that fails has buildx’ exit code, its error outside the fold, and no judgement', async () => {
    writeFileSync(join(folder, 'Bad'), `FROM ${bases.busybox}\nRUN exit 9\n`);
    const ended = await runStep(stepNamed('Build, sign, grade'), { file: 'Bad' });
    expect([ended.exitCode, ended.summary, ended.outputs]).toEqual([1, '', {}]);
    expect(ended.stderr.split('::endgroup::')[1]).toContain('exit code: 9');
    expect(ended.stdout).not.toContain('short of the gate');
  });

  test('the example passes as it stands, from its build to the gate of level 2', async () => {
    const { jobs } = example('github-workflow.yml') as Workflow;
    const { steps } = jobs.image;
    const known: Record<string, string> = {
      'github.token': 'token',
      'github.sha': 'abc1234',
      "github.event_name == 'push'": 'true',
    };
    const value = (text: string): string =>
      text.replace(/\$\{\{ (.+?) \}\}/g, (_, expression: string) => {
        const found = known[expression];
        if (found === undefined) throw new Error(`unknown: ${expression}`);
        return found;
      });
    const values = (all: Inputs = {}): Record<string, string> =>
      Object.fromEntries(Object.entries(all).map(([name, text]) => [name, value(String(text))]));
    const job = {
      ...sigstore.githubEnv,
      GITHUB_REPOSITORY: 'Octo/Shop',
      GITHUB_ACTOR: 'octo',
    };
    let last = '';
    for (const { id, uses, run: script, env, with: given } of steps) {
      // A login is written down for this step alone.
      const login = script?.includes('docker login')
        ? { DOCKER_CONFIG: join(folder, 'login') }
        : {};
      const step = script === undefined ? undefined : { run: script };
      const isOurs = uses?.includes('/scoville@') === true;
      if (step === undefined && !isOurs) continue;
      const ended = isOurs
        ? await runStep(stepNamed('Build, sign, grade'), values(given), job, join(folder, 'app'))
        : await runStep(step ?? {}, {}, { ...job, ...values(env), ...login });
      expect([uses ?? script, ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([
        uses ?? script,
        0,
        '',
      ]);
      expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/runner-secret|eyJ/);
      for (const [name, text] of Object.entries(ended.outputs))
        known[`steps.${id ?? ''}.outputs.${name}`] = text;
      last = ended.stdout;
    }
    expect(last).toMatch(/^pushed sha256:[0-9a-f]{64}, level [2-5], grade /);
    const workflow = 'https://github.com/octo/shop/.github/workflows/image.yml@refs/heads/main';
    const ended = await gate(
      `${registry}/octo/shop:abc1234`,
      workflow,
      'https://token.actions.githubusercontent.com',
    );
    expect([ended.exitCode, ended.stderr]).toEqual([0, '']);
  });

  test('without a signature nothing is pushed', async () => {
    const ended = await runStep(
      stepNamed('Build, sign, grade'),
      { tags: `${NAME}:unsigned`, push: 'true', arguments: '--scanner=none' },
      { ...sigstore.githubEnv, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'another' },
    );
    expect([ended.exitCode, ended.stderr]).toEqual([
      2,
      expect.stringContaining('no OIDC token from GitHub Actions: it answered 401'),
    ]);
    expect((await remote('unsigned')).exitCode).not.toBe(0);
  });
});

describe('the component for GitLab', () => {
  const [spec, jobs] = parseAllDocuments(
    readFileSync(join(ROOT, 'templates/scoville.yml'), 'utf8'),
  ).map((document) => document.toJS() as unknown) as [ComponentSpec, Record<string, Job>];
  const [job] = Object.values(jobs) as [Job];

  /** A value as GitLab puts inputs and variables into it. */
  function value(text: string, inputs: Readonly<Record<string, string>>, env: Environment): string {
    return text
      .replace(/\$\[\[ inputs\.([a-z-]+) \]\]/g, (_, name: string) => {
        const input = spec.spec.inputs[name];
        if (input === undefined) throw new Error(`no input ${name}`);
        return inputs[name] ?? String(input.default);
      })
      .replace(/\$([A-Z_]+)/g, (_, name: string) => env[name] ?? '');
  }

  async function runJob(
    inputs: Readonly<Record<string, string>>,
    more: Environment = {},
    cwd = folder,
  ): Promise<Ended> {
    const ci = { GITLAB_CI: 'true', CI_REGISTRY_IMAGE: NAME, CI_COMMIT_SHORT_SHA: 'abc1234' };
    const variables = Object.fromEntries(
      Object.entries(job.variables)
        .filter(([name]) => name.startsWith('SCOVILLE_'))
        .map(([name, text]) => [name, value(text, inputs, ci)]),
    );
    // What a user wrote must not become part of a script.
    expect(job.script.join('\n')).not.toContain('$[[');
    return run('sh', ['-ec', job.script.join('\n')], {
      cwd,
      env: { ...runnerEnv, ...ci, ...variables, ...more },
    });
  }

  test('its job builds, gates, pushes and leaves its reports', async () => {
    expect(Object.keys(job.id_tokens)).toEqual(['SIGSTORE_ID_TOKEN']);
    const ended = await runJob({ arguments: '--scanner none --build-arg WHO=*' });
    expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, '']);
    expect(ended.stderr).toMatch(
      /\u001b\[0Ksection_start:\d+:scoville_build\[collapsed=true\]\r\u001b\[0Kdocker buildx build\n[^]*\u001b\[0Ksection_end:\d+:scoville_build\r/,
    );
    expect((await remote('abc1234')).exitCode).toBe(0);
    const { junit, codequality } = job.artifacts.reports;
    expect(readFileSync(join(folder, junit), 'utf8')).toContain('<testsuites');
    const findings = JSON.parse(readFileSync(join(folder, codequality), 'utf8')) as readonly {
      location: { path: string };
    }[];
    expect(findings.map(({ location }) => location.path)).toContain('Dockerfile');
  });

  test('the example passes as it stands, from its build to the gate of level 2', async () => {
    const { include } = example('gitlab-ci.yml') as {
      include: readonly [{ component: string; inputs: Readonly<Record<string, unknown>> }];
    };
    const [{ inputs }] = include;
    const given = Object.entries(inputs).map(([name, text]) => [name, String(text)] as const);
    const ended = await runJob(
      Object.fromEntries(given),
      { SIGSTORE_ID_TOKEN: await sigstore.gitlabToken() },
      join(folder, 'app'),
    );
    expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, '']);
    expect(ended.stderr).toContain('signed with a certificate of https://gitlab.com/octo/shop');
    const project = 'https://gitlab.com/octo/shop//.gitlab-ci.yml@refs/heads/main';
    const gated = await gate(`${NAME}:abc1234`, project, 'https://gitlab.com');
    expect([gated.exitCode, gated.stderr]).toEqual([0, '']);
  });

  test('short of its level it fails, and leaves its reports; without push nothing is pushed', async () => {
    const context = join(folder, '$(touch evil)');
    mkdirSync(context);
    writeFileSync(join(context, 'Other'), `FROM ${bases.busybox}\n`);
    const short = await runJob({
      context: './$(touch evil)',
      file: './$(touch evil)/Other',
      tag: '$CI_REGISTRY_IMAGE:short-gitlab',
      'min-level': '5',
      arguments: '--scanner=none',
    });
    expect([short.exitCode, existsSync(join(folder, 'evil'))]).toEqual([1, false]);
    expect(existsSync(join(folder, 'scoville-reports/code-quality.json'))).toBe(true);
    const quiet = await runJob({
      tag: '$CI_REGISTRY_IMAGE:no-push',
      push: 'false',
      arguments: '--scanner=none --output=type=image,store=false',
    });
    expect([quiet.exitCode, quiet.exitCode === 0 ? '' : quiet.stderr]).toEqual([0, '']);
    for (const tag of ['short-gitlab', 'no-push']) expect((await remote(tag)).exitCode).not.toBe(0);
  });

  test('the image of COPY . . is that of a plain build, with the action, the component, and again', async () => {
    const project = join(folder, 'copied');
    mkdirSync(project);
    writeFileSync(join(project, 'Dockerfile'), 'FROM scratch\nCOPY . .\nUSER 65532\n');
    writeFileSync(join(project, 'app.txt'), 'app\n');
    const plain = await scoville.expect(
      0,
      ['build', '--json', '--scanner=none', '--no-sign', '--tag', `${NAME}:plain`, '.'],
      { cwd: project },
    );
    const digests = [(JSON.parse(plain.stdout) as { digest: string }).digest];
    const arguments_ = '--scanner=none\n--no-sign';
    for (const reports of ['', 'my-reports']) {
      const step = stepNamed('Build, sign, grade');
      const inputs = { arguments: arguments_, reports, tags: `${NAME}:action` };
      const ended = await runStep(step, inputs, {}, project);
      expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, '']);
      digests.push(ended.outputs['digest'] ?? '');
    }
    expect(existsSync(join(project, 'my-reports/scorecard.json'))).toBe(true);
    rmSync(join(project, 'my-reports'), { recursive: true });
    for (const time of ['first', 'again']) {
      const inputs = { arguments: '--scanner=none --no-sign', push: 'false' };
      const ended = await runJob({ ...inputs, tag: `${NAME}:${time}` }, {}, project);
      expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, '']);
      const card = readFileSync(join(project, 'scoville-reports/scorecard.json'), 'utf8');
      digests.push((JSON.parse(card) as { digest: string }).digest);
    }
    expect(digests).toEqual(digests.map(() => digests[0]));
  });
});
