import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../../src/model/digest.ts';
import type { RunTool, ToolResult } from '../../../src/model/run.ts';
import { proveAppArmor } from '../../../src/pipeline/profile/prove-apparmor.ts';
import { contextOf } from '../pipeline-context.ts';

const folder = mkdtempSync(join(tmpdir(), 'prove-apparmor-'));
const parser = join(folder, 'apparmor_parser');
writeFileSync(parser, '', { mode: 0o755 });
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const TRACED = {
  image: 'shop:1',
  digest: digestOf('shop'),
  architecture: 'amd64',
  trace: {
    calls: new Map(),
    modes: new Set<never>(),
    unread: 0,
    files: {
      files: new Map([['/etc/shop.conf', new Set('r')]]),
      named: new Map(),
      entries: new Set(['/shop']),
      executed: new Set<string>(),
      sockets: new Set<string>(),
      unplaced: 2,
    },
  },
  confinement: { readOnly: true, rights: 'none' },
  exercises: ['run /shop'],
  service: { ports: [], hasHealthcheck: false, healthcheck: [], program: ['/shop'] },
} as const;
const REQUEST = {
  image: 'shop:1',
  exercises: [{ kind: 'run', command: ['/shop'] }],
  env: [],
  timeoutMs: 1,
  forMs: 0,
  strict: false,
  ioctl: false,
  files: true,
  title: 'shop:1',
} as const;

const exit = (stdout: string, exitCode = 0, stderr = ''): ToolResult => ({
  ended: 'exit',
  exitCode,
  stdout,
  stderr,
});

/** An engine, and an AppArmor where there is one; keeps what was run. */
function machine(security: readonly string[], loaded: ToolResult, execCode = 0) {
  const calls: string[] = [];
  let time = 0;
  const run: RunTool = ({ command, args }) => {
    calls.push([command.split('/').at(-1), ...args].join(' '));
    if (command === parser) return Promise.resolve(loaded);
    const answers: Readonly<Record<string, ToolResult>> = {
      info: exit(JSON.stringify({ version: '26.1', os: 'linux', security })),
      container: exit('{"state":{"Running":true,"ExitCode":0},"ports":{}}'),
      exec: exit('', execCode),
    };
    return Promise.resolve(answers[args[0] ?? ''] ?? exit(''));
  };
  return {
    calls,
    context: contextOf(run, '/project', { env: { PATH: folder }, now: () => (time += 10_000) }),
  };
}

test('without AppArmor in the engine’s kernel it is written and not proven', async () => {
  const { calls, context } = machine(['name=seccomp,profile=builtin'], exit(''));
  const made = await proveAppArmor(context, TRACED, REQUEST);
  expect(made.unproven).toBe('the kernel of the Docker engine does not have AppArmor');
  expect(made.text).toContain('# NOT PROVEN: the kernel of the Docker engine');
  expect(made).toMatchObject({ name: 'scoville-shop', unplaced: 2 });
  expect(calls).toHaveLength(1);
});

test('with it, the exercises run under the profile, which is unloaded again', async () => {
  const { calls, context } = machine(['name=apparmor'], exit(''));
  const made = await proveAppArmor(context, TRACED, REQUEST);
  expect(made.unproven).toBeUndefined();
  expect(made.text).not.toContain('NOT PROVEN');
  expect(made.text).toContain('profile scoville-shop flags=');
  const actions = calls.filter((call) => call.startsWith('apparmor_parser'));
  expect(actions.map((call) => call.split(' ')[1])).toEqual(['--replace', '--remove']);
  expect(calls.find((call) => call.startsWith('docker create'))).toMatch(
    /--security-opt apparmor=scoville-profile-[0-9a-f]{12} /,
  );
});

test('a profile that cannot be loaded is not proven', async () => {
  const { context } = machine(['name=apparmor'], exit('', 1, 'Permission denied\n'));
  const made = await proveAppArmor(context, TRACED, REQUEST);
  expect(made.unproven).toBe('apparmor_parser could not load it here: Permission denied');
});

test('a program that does not answer under it is an error, and the profile is unloaded', async () => {
  const { calls, context } = machine(['name=apparmor'], exit(''), 1);
  await expect(proveAppArmor(context, TRACED, REQUEST)).rejects.toThrow(
    'under its AppArmor profile the program does not answer',
  );
  expect(calls.at(-1)).toMatch(/^apparmor_parser --remove /);
});
