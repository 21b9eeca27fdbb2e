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

/** An engine with one image; `asked` gives the calls that begin with these words. */
function engine({ config = {}, state, smoke = {}, remove = {}, address = 'unix:///d' }: Engine) {
  let capabilities = false;
  const events: PipelineEvent[] = [];
  const said = (stdout: string) =>
    Promise.resolve({ ended: 'exit', exitCode: 0, stdout, stderr: '' } as const);
  const docker = (words: string, result: ScriptedRun['result']): ScriptedRun => ({
    ...{ command: 'docker', args: words.split(' '), result },
  });
  const { run, runs } = fakeRun([
    docker('image inspect', { stdout: JSON.stringify(config) }),
    docker('create', ({ args }: ToolRun) => {
      capabilities = !args.includes('--cap-drop');
      return said('');
    }),
    docker('start', {}),
    docker('context inspect', { stdout: `${address}\n` }),
    docker('container inspect', () =>
      said(JSON.stringify({ state: state?.(capabilities) ?? { Running: true }, ports: PORTS })),
    ),
    docker('logs', { stdout: 'listening\n' }),
    docker('rm', remove),
    { command: 'sh', args: ['-c'], result: smoke },
  ]);
  let clock = 0;
  const context = {
    ...{ run, cwd: '/', now: () => (clock += 400), signal: new AbortController().signal },
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

const LONG: SmokeRequest = { ...LOOK, timeoutMs: 60_000 };
const checked = (Health: object): Engine => ({
  config: CHECKED,
  state: () => ({ Running: true, Health }),
});
const ended = (ExitCode: number): Engine => ({ state: () => ({ Running: false, ExitCode }) });
/** Up with the engine's capabilities alone. */
const needy: Engine = {
  config: EXPOSED,
  state: (capabilities) => (capabilities ? { Running: true } : { Running: false, ExitCode: 1 }),
};
const UNHEALTHY = { Status: 'unhealthy', Log: [{ Output: 'no route' }] };

describe('smokeImage', () => {
  test.each<[string, Engine, SmokeRequest, 'none' | 'default', object]>([
    [
      'the command answers: no capability is given',
      { config: EXPOSED },
      ASK,
      'default',
      { answers: true, judge: 'smoke command', rights: 'none' },
    ],
    [
      'it never answers: what it said and what the container printed',
      { config: EXPOSED, smoke: { exitCode: 7, stderr: 'refused' } },
      ASK,
      'none',
      {
        ...{ answers: false, judge: 'smoke command', log: 'listening' },
        reason: 'no answer in time: refused\nexit code 7',
      },
    ],
    [
      'it ends without capabilities, which it had before',
      needy,
      ASK,
      'default',
      { rights: 'default' },
    ],
    [
      'it ends without capabilities, and had none',
      needy,
      ASK,
      'none',
      { answers: false, reason: 'the container ended with exit code 1' },
    ],
    [
      'a HEALTHCHECK decides without a command',
      checked({ Status: 'healthy' }),
      LOOK,
      'none',
      { answers: true, judge: 'HEALTHCHECK' },
    ],
    [
      'a HEALTHCHECK that fails',
      checked(UNHEALTHY),
      LOOK,
      'none',
      { answers: false, reason: 'the HEALTHCHECK says unhealthy: no route' },
    ],
    ['neither: it stays up', {}, LONG, 'none', { answers: true, judge: 'staying up' }],
    ['neither: it ends with 0', ended(0), LONG, 'none', { judge: 'ending well' }],
    ['neither: it ends with 3', ended(3), LONG, 'none', { answers: false }],
    [
      'an engine elsewhere can say how a HEALTHCHECK does',
      {
        ...checked({ Status: 'healthy' }),
        config: { ...EXPOSED, ...CHECKED },
        address: 'ssh://me@host',
      },
      LOOK,
      'default',
      { answers: true },
    ],
  ])('%s', async (_, given, request, most, result) => {
    const { context, asked } = engine(given);
    expect(await smokeImage(context, 'i', request, most)).toMatchObject(result);
    // Each container is removed by the name that it was made with.
    for (const { args } of asked('create'))
      expect(asked('rm', '--force', '--volumes', args[2] ?? '')).toHaveLength(1);
    expect(asked('create').length).toBe(asked('rm').length);
  });

  test('the command gets the address', async () => {
    const { context, runs } = engine({ config: EXPOSED });
    await smokeImage(context, 'i', ASK, 'default');
    const sh = runs.find(({ command }) => command === 'sh');
    expect(sh?.env).toMatchObject({ SCOVILLE_URL: 'http://127.0.0.1:32770' });
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
