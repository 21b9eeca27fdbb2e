import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ContextSource } from '../../src/build/context-source.ts';
import { runBuildKit } from '../../src/build/run-buildkit.ts';
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
    layout: join(dir, 'layout'),
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

  test('by safe rules one on stdin beside a folder is sent from a file, which buildx would leave in /tmp', async () => {
    const stdin = Buffer.from(TEXT);
    const { runs } = await ran(prepared(['-f', '-', '.'], { stdin }), { exitCode: 0 });
    expect(fileOf(runs[0]?.args)).toBe(`--file=${join(sent(), 'Dockerfile')}`);
    expect(runs[0]?.args.at(-1)).toBe('.');
    expect(runs[0]?.stdin).toBeUndefined();
    expect(readFileSync(join(sent(), 'Dockerfile'), 'utf8')).toBe(TEXT);
  });
});
