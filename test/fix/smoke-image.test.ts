import { describe, expect, test } from 'vitest';
import { smokeImage } from '../../src/fix/verify.ts';
import type { ToolRun } from '../../src/lib/run-tool.ts';
import type { PipelineContext } from '../../src/model/context.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import type { SmokeRequest } from '../../src/model/template.ts';
import { fakeRun, type ScriptedRun } from '../fakes/fake-run.ts';

interface Engine {
  readonly config?: object;
  /** Of the container, by its rights. */
  readonly state?: (capabilities: boolean) => object;
  readonly smoke?: ScriptedRun['result'];
  readonly remove?: ScriptedRun['result'];
  /** Where the engine is. */
  readonly address?: string;
}

/** An engine with one image; `runs` tells what it was asked. */
function engine({ config = {}, state, smoke = {}, remove = {}, address = 'unix:///d' }: Engine) {
  let capabilities = false;
  const events: PipelineEvent[] = [];
  const { run, runs } = fakeRun([
    { command: 'docker', args: ['image', 'inspect'], result: { stdout: JSON.stringify(config) } },
    {
      command: 'docker',
      args: ['create'],
      result: (what: ToolRun) => {
        capabilities = !what.args.includes('--cap-drop');
        return Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' });
      },
    },
    { command: 'docker', args: ['start'], result: {} },
    { command: 'docker', args: ['context', 'inspect'], result: { stdout: `${address}\n` } },
    {
      command: 'docker',
      args: ['container', 'inspect'],
      result: () => {
        const found = { state: state?.(capabilities) ?? { Running: true }, ports: PORTS };
        return Promise.resolve({
          ended: 'exit',
          exitCode: 0,
          stdout: JSON.stringify(found),
          stderr: '',
        });
      },
    },
    { command: 'docker', args: ['logs'], result: { stdout: 'listening\n' } },
    { command: 'docker', args: ['rm'], result: remove },
    { command: 'sh', args: ['-c'], result: smoke },
  ]);
  let clock = 0;
  const context = {
    run,
    cwd: '/',
    now: () => (clock += 400),
    signal: new AbortController().signal,
    emit: (event: PipelineEvent) => events.push(event),
  } as unknown as PipelineContext;
  const asked = (...words: string[]): readonly ToolRun[] =>
    runs.filter(({ args }) => words.every((word, i) => args[i] === word));
  return { context, asked, runs, events };
}

const PORTS = { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '32770' }] };
const EXPOSED = { ExposedPorts: { '8080/tcp': {} } };
const ASK: SmokeRequest = { command: 'ask', port: undefined, env: [], timeoutMs: 2_000 };
const LOOK: SmokeRequest = { ...ASK, command: undefined };
const CHECKED = { Healthcheck: { Test: ['CMD', '/check'] } };

describe('smokeImage', () => {
  test('the command answers: no capability is given, and the container is removed', async () => {
    const { context, asked, runs } = engine({ config: EXPOSED });
    expect(await smokeImage(context, 'i', ASK, 'default')).toEqual({
      answers: true,
      judge: 'smoke command',
      rights: 'none',
    });
    const sh = runs.find(({ command }) => command === 'sh');
    expect(sh?.env).toMatchObject({ SCOVILLE_URL: 'http://127.0.0.1:32770' });
    const name = asked('create')[0]?.args[2] ?? '';
    expect(asked('rm', '--force', '--volumes', name)).toHaveLength(1);
  });

  test('it never answers: what it said and what the container printed', async () => {
    const { context, asked } = engine({
      config: EXPOSED,
      smoke: { exitCode: 7, stderr: 'refused' },
    });
    expect(await smokeImage(context, 'i', ASK, 'none')).toEqual({
      answers: false,
      judge: 'smoke command',
      reason: 'no answer in time: refused\nexit code 7',
      log: 'listening',
    });
    expect(asked('rm')).toHaveLength(1);
  });

  test('a program that ends without capabilities is given the engine’s, where it had them before', async () => {
    const state = (capabilities: boolean): object =>
      capabilities ? { Running: true } : { Running: false, ExitCode: 1 };
    const { context, asked } = engine({ config: EXPOSED, state });
    expect(await smokeImage(context, 'i', ASK, 'default')).toMatchObject({ rights: 'default' });
    expect(asked('rm')).toHaveLength(2);
    expect(
      await smokeImage(engine({ config: EXPOSED, state }).context, 'i', ASK, 'none'),
    ).toMatchObject({ answers: false, reason: 'the container ended with exit code 1' });
  });

  test.each([
    [{ Status: 'healthy' }, { answers: true, judge: 'HEALTHCHECK' }],
    [
      { Status: 'unhealthy', Log: [{ Output: 'no route' }] },
      { answers: false, reason: 'the HEALTHCHECK says unhealthy: no route' },
    ],
  ])('without a command the HEALTHCHECK decides: %o', async (Health, result) => {
    const { context, asked } = engine({
      config: CHECKED,
      state: () => ({ Running: true, Health }),
    });
    expect(await smokeImage(context, 'i', LOOK, 'none')).toMatchObject(result);
    expect(asked('create')[0]?.args).toContain('--health-interval');
  });

  test('with neither it has to stay up, or to end with 0', async () => {
    const long = { ...LOOK, timeoutMs: 60_000 };
    expect(await smokeImage(engine({}).context, 'i', long, 'none')).toMatchObject({
      answers: true,
      judge: 'staying up',
    });
    const ended = (ExitCode: number) =>
      engine({ state: () => ({ Running: false, ExitCode }) }).context;
    expect(await smokeImage(ended(0), 'i', long, 'none')).toMatchObject({ judge: 'ending well' });
    expect(await smokeImage(ended(3), 'i', long, 'none')).toMatchObject({ answers: false });
  });

  test.each(['tcp://10.0.0.9:2375', 'ssh://me@host', 'tcp://docker:2376', 'tcp://127.0.0.1.evil'])(
    'an engine at %s has its ports on another machine: nothing here is asked',
    async (address) => {
      const { context, runs } = engine({ config: EXPOSED, address });
      await expect(smokeImage(context, 'i', ASK, 'default')).rejects.toThrow(
        `the Docker engine is on another machine (${address}): the container’s port 8080`,
      );
      expect(runs.map(({ args }) => args[0])).toEqual(['image', 'context']);
    },
  );

  test.each(['tcp://127.0.0.1:2375', 'tcp://localhost:2375', 'npipe:////./pipe/docker', ''])(
    'an engine at %j is here',
    async (address) => {
      const { context } = engine({ config: EXPOSED, address });
      expect(await smokeImage(context, 'i', ASK, 'default')).toMatchObject({ answers: true });
    },
  );

  test('an engine elsewhere can say how a HEALTHCHECK does', async () => {
    const { context } = engine({
      config: { ...EXPOSED, ...CHECKED },
      state: () => ({ Running: true, Health: { Status: 'healthy' } }),
      address: 'ssh://me@host',
    });
    expect(await smokeImage(context, 'i', LOOK, 'default')).toMatchObject({ answers: true });
  });

  test('an interrupt removes the container too', async () => {
    const { context, asked } = engine({ config: EXPOSED, smoke: { ended: 'aborted' } });
    await expect(smokeImage(context, 'i', ASK, 'default')).rejects.toThrow('interrupted');
    expect(asked('rm')).toHaveLength(1);
  });

  test('one that cannot be removed is told, with the command that does', async () => {
    const { context, events } = engine({
      config: EXPOSED,
      remove: { exitCode: 1, stderr: 'busy' },
    });
    await smokeImage(context, 'i', ASK, 'default');
    expect(events).toMatchObject([
      {
        kind: 'warning',
        nextStep: expect.stringMatching(/^docker rm --force --volumes scoville-smoke-/) as string,
      },
    ]);
  });
});
