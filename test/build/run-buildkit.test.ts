import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ContextSource } from '../../src/build/context-source.ts';
import { runBuildKit } from '../../src/build/run-buildkit.ts';
import { shownEvent } from '../../src/build/send.ts';
import { CLOCK_MOUNTS } from '../../src/build/sent-dockerfile.ts';
import { type Build, NOTHING_ATTACHED } from '../../src/build/states.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun, type ScriptedRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { parsed, planned } from './given.ts';

const TEXT = 'FROM a\nRUN exit 7\n';
let dir = '';

beforeEach(() => {
  dir = temporaryFolder();
});

function prepared(argv: readonly string[], source: Partial<ContextSource> = {}): Build {
  const read = analyseDockerfile(TEXT);
  if (!read.ok) throw new Error(read.error.message);
  const plan = planned(argv, {
    settings: DEFAULT_SETTINGS,
    dockerfile: read.value.model,
    paths: {
      layout: join(dir, 'layout'),
      metadataFile: join(dir, 'metadata.json'),
      sourcePolicyFile: join(dir, 'policy.json'),
    },
  });
  return {
    plan,
    parsed: parsed(...argv),
    dockerfile: read.value.model,
    engine: {},
    attached: NOTHING_ATTACHED,
    source: {
      kind: 'directory',
      directory: dir,
      dockerfilePath: join(dir, 'Dockerfile'),
      contextName: 'app',
      dockerfileText: TEXT,
      stdin: undefined,
      ...source,
    },
  } as unknown as Build;
}

async function ran(
  request: Build,
  result: ScriptedRun['result'],
): Promise<{
  readonly exitCode: number;
  readonly runs: ReturnType<typeof fakeRun>['runs'];
  readonly lines: readonly string[];
  readonly notices: readonly string[];
}> {
  const fake = fakeRun([{ command: 'docker', args: ['buildx', 'build'], result }]);
  const events: PipelineEvent[] = [];
  const context = contextOf(fake.run, dir, { emit: (event) => void events.push(event) });
  const { exitCode } = await runBuildKit(context, request);
  return {
    exitCode,
    runs: fake.runs,
    lines: events.flatMap((event) => (event.kind === 'build-line' ? [event.text] : [])),
    notices: events.flatMap((event) => (event.kind === 'notice' ? [event.text] : [])),
  };
}

const lost = { exitCode: 1, stderr: 'ERROR: failed to solve: not found\n' };

test('values of secret build arguments are masked in what is read of the build', async () => {
  const request = prepared([
    '--build-arg=API_TOKEN=s3cr3t-value',
    '--build-arg=COLOUR=deep-blue',
    '.',
  ]);
  const stderr = 'WARNING: s3cr3t-value, deep-blue\nERROR: process "a s3cr3t-value" failed\n';
  const { lines } = await ran(request, { exitCode: 1, stderr });
  expect(lines).toEqual(['WARNING: [masked], deep-blue', 'ERROR: process "a [masked]" failed']);
});

test('and in steps, logs and errors', () => {
  const mask = (text: string) => text.replaceAll('abc', '-');
  const step = { digest: 'd', name: 'RUN abc', state: 'failed', error: 'abc broke' } as const;
  expect(shownEvent({ kind: 'build-step', step }, mask)).toEqual({
    kind: 'build-step',
    step: { digest: 'd', name: 'RUN -', state: 'failed', error: '- broke' },
  });
  expect(shownEvent({ kind: 'build-log', step: 'd', text: 'xabc' }, mask)).toMatchObject({
    text: 'x-',
  });
  const told = { kind: 'notice', text: 'abc' } as const;
  expect(shownEvent(told, mask)).toBe(told);
});

describe('trap 3.9: content that BuildKit lost during the export', () => {
  test('is tried once more, and no more', async () => {
    const { exitCode, runs, notices } = await ran(prepared(['.']), lost);
    expect(exitCode).toBe(1);
    expect(runs).toHaveLength(2);
    expect(notices).toEqual([expect.stringContaining('trying once more')]);
  });

  test('is good where the second try is', async () => {
    let tries = 0;
    const { exitCode } = await ran(prepared(['.']), (run) => {
      tries += 1;
      if (tries === 1) run.onStderrLine?.(lost.stderr.trim());
      return Promise.resolve({
        ended: 'exit',
        exitCode: tries === 1 ? 1 : 0,
        stdout: '',
        stderr: '',
      });
    });
    expect({ exitCode, tries }).toEqual({ exitCode: 0, tries: 2 });
  });

  test('an archive on stdin cannot be read twice', async () => {
    async function* archive() {
      yield await Promise.resolve(new Uint8Array(1));
    }
    const { runs } = await ran(prepared(['-'], { kind: 'stdin-archive', stdin: archive() }), lost);
    expect(runs).toHaveLength(1);
  });

  test.each([
    'ERROR: failed to solve: a:1: not found',
    'ERROR: failed to solve: process "sh" did not complete successfully: exit code: 127: not found',
  ])('is not what %j says', async (stderr) => {
    expect((await ran(prepared(['.']), { exitCode: 1, stderr })).runs).toHaveLength(1);
  });
});

describe('SOURCE_DATE_EPOCH, offered to each RUN', () => {
  const sent = (): string => join(dir, 'layout', 'sent');
  const fileOf = (args: readonly string[] | undefined): string | undefined =>
    args?.findLast((word) => word.startsWith('--file='));

  test('by aggressive rules, from a file of the build’s own', async () => {
    writeFileSync(join(dir, 'Dockerfile'), TEXT);
    writeFileSync(join(dir, 'Dockerfile.dockerignore'), 'secret\n');
    const { runs } = await ran(prepared(['--repro=aggressive', '.']), { exitCode: 0 });
    expect(fileOf(runs[0]?.args)).toBe(`--file=${join(sent(), 'Dockerfile')}`);
    expect(runs[0]?.args.at(-1)).toBe('.');
    expect(readFileSync(join(sent(), 'Dockerfile'), 'utf8')).toBe(
      'FROM a\nARG SOURCE_DATE_EPOCH\nRUN exit 7\n',
    );
    expect(readFileSync(join(sent(), 'Dockerfile.dockerignore'), 'utf8')).toBe('secret\n');
    expect(readFileSync(join(dir, 'Dockerfile'), 'utf8')).toBe(TEXT);
  });

  test('of a Dockerfile on stdin, on stdin', async () => {
    const bytes = Buffer.from(TEXT);
    const { runs } = await ran(
      prepared(['--repro=aggressive', '-'], {
        kind: 'stdin-dockerfile',
        directory: undefined,
        stdin: bytes,
      }),
      { exitCode: 0 },
    );
    expect(Buffer.from(runs[0]?.stdin as Uint8Array).toString()).toContain(
      '\nARG SOURCE_DATE_EPOCH\n',
    );
    expect(fileOf(runs[0]?.args)).toBeUndefined();
  });

  test('by safe rules one on stdin beside a folder is sent from a file, which buildx would leave in /tmp', async () => {
    const stdin = Buffer.from(TEXT);
    const { runs } = await ran(prepared(['-f', '-', '.'], { stdin }), { exitCode: 0 });
    expect(fileOf(runs[0]?.args)).toBe(`--file=${join(sent(), 'Dockerfile')}`);
    expect(runs[0]?.args.at(-1)).toBe('.');
    expect(runs[0]?.stdin).toBeUndefined();
    expect(readFileSync(join(sent(), 'Dockerfile'), 'utf8')).toBe(TEXT);
  });

  test('not by safe ones', async () => {
    const { runs } = await ran(prepared(['.']), { exitCode: 0 });
    expect(fileOf(runs[0]?.args)).toBeUndefined();
    expect(existsSync(sent())).toBe(false);
  });

  test('and errors stand where the user made them', async () => {
    const stderr =
      'Dockerfile:3\n--------------------\n   1 |     FROM a\n   2 |     ARG SOURCE_DATE_EPOCH\n   3 | >>> RUN exit 7\n';
    const { lines } = await ran(prepared(['--repro=aggressive', '.']), { exitCode: 1, stderr });
    expect(lines).toEqual([
      'Dockerfile:2',
      '--------------------',
      '   1 |     FROM a',
      '   2 | >>> RUN exit 7',
    ]);
  });
});

test('another clock that is attached is mounted into each RUN, and what is said does not tell', async () => {
  const request = prepared(['.']);
  const attached = { ...request.attached, clock: '/clock' };
  const stderr = `#5 [2/2] RUN ${CLOCK_MOUNTS} exit 7\n`;
  const { runs, lines } = await ran({ ...request, attached }, { exitCode: 1, stderr });
  expect(runs[0]?.args).toContain('--build-context=scoville-clock=/clock');
  expect(readFileSync(join(dir, 'layout/sent/Dockerfile'), 'utf8')).toBe(
    `FROM a\nRUN ${CLOCK_MOUNTS} exit 7\n`,
  );
  expect(lines).toEqual(['#5 [2/2] RUN exit 7']);
});

test('elsewhere the context is a copy that goes with the build, and the user’s Dockerfile is named', async () => {
  writeFileSync(join(dir, 'Dockerfile'), TEXT);
  const folder = join(dir, 'app');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a'), 'a');
  const request = prepared([folder], { directory: folder });
  const attached = { ...request.attached, elsewhere: true };
  mkdirSync(join(dir, 'layout'));
  let seen = '';
  const { runs } = await ran({ ...request, attached }, (run) => {
    seen = readFileSync(join(run.args.at(-1) ?? '', 'a'), 'utf8');
    return Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' });
  });
  expect(seen).toBe('a');
  expect(runs[0]?.args).toContain(`--file=${join(dir, 'Dockerfile')}`);
  expect(existsSync(runs[0]?.args.at(-1) ?? '')).toBe(false);
});
