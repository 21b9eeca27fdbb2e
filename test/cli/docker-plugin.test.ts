import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { completedCommands } from '../../src/cli/command-list.ts';
import type { CommandIo } from '../../src/cli/io.ts';
import { commandLine } from '../../src/cli/main.ts';
import { dockerPlugin } from '../../src/cli/plugin.ts';
import { toolRunner } from '../../src/cli/tool-runner.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { fakeIo } from './command-io.ts';

let folder = '';
beforeEach(() => {
  folder = temporaryFolder();
  const docker = join(folder, 'docker');
  writeFileSync(
    docker,
    '#!/bin/sh\nprintf "%s|" "$@" "builder=$BUILDX_BUILDER" "config=$DOCKER_CONFIG" "socket=$DOCKER_CLI_PLUGIN_SOCKET"\n[ "$SAY" = "" ] || exit "$SAY"\n',
  );
  chmodSync(docker, 0o755);
  // No other docker can be found: what is handed on here would prune a real one.
  vi.stubEnv('PATH', folder);
  vi.stubEnv('DOCKER_CLI_PLUGIN_SOCKET', '@docker_cli_1');
  vi.stubEnv('BUILDX_BUILDER', undefined);
  vi.stubEnv('DOCKER_CONFIG', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** What our own commands are given, and what a docker that they start is. */
async function called(
  words: readonly string[],
  more: Partial<CommandIo> = {},
): Promise<{ argv: readonly string[]; docker: string; io: CommandIo }> {
  let seen: { argv: readonly string[]; io: CommandIo } | undefined;
  const { io } = fakeIo({ homeDir: folder, ...more });
  const dispatch = (argv: readonly string[], inner: CommandIo): Promise<number> => {
    seen = { argv, io: inner };
    return Promise.resolve(0);
  };
  await dockerPlugin(words, io, dispatch, completedCommands);
  if (seen === undefined) throw new Error('no command was run');
  const ended = await toolRunner(seen.io)({ timeoutMs: 60_000, command: 'docker', args: ['info'] });
  return { ...seen, docker: ended.ended === 'exit' ? ended.stdout : ended.ended };
}

describe('docker scoville', () => {
  test('hands Docker’s global flags on to each docker, and --config to ourselves', async () => {
    const { docker, io } = await called(
      ['--config', 'here', '--context=far', 'scoville', 'build'],
      {
        cwd: folder,
      },
    );
    expect(docker).toBe(
      `--config|here|--context=far|info|builder=|config=${join(folder, 'here')}|socket=|`,
    );
    expect(io.env['DOCKER_CONFIG']).toBe(join(folder, 'here'));
  });
});

describe('what Docker asks without a call', () => {
  const none = (): Promise<number> => Promise.reject(new Error('no command'));

  test('metadata, where a link leads to us', async () => {
    const { io, out } = fakeIo();
    const words = commandLine('/usr/libexec/docker/cli-plugins/docker-scoville', [
      'docker-cli-plugin-metadata',
    ]);
    expect(await dockerPlugin(words.slice(1), io, none, completedCommands)).toBe(0);
    expect(JSON.parse(out())).toMatchObject({ SchemaVersion: '0.1.0', Vendor: 'Scoville' });
    expect(commandLine('/usr/bin/scoville', ['build'])).toEqual(['build']);
  });

  test('completion: the names of commands, then folders', async () => {
    const first = fakeIo();
    await dockerPlugin(['__completeNoDesc', 'scoville', 'pr'], first.io, none, completedCommands);
    expect(first.out()).toBe('profile\nprune\n:4\n');
    const second = fakeIo();
    await dockerPlugin(['__complete', 'scoville', 'build', ''], second.io, none, completedCommands);
    expect(second.out()).toBe(':16\n');
  });

  test.each([
    [['lint', '--fail'], '--fail-on\n:4\n'],
    [['lint', '--fail-on', 'w'], 'warning\n:4\n'],
    [['build', '-f', ''], ':0\n'],
    [['push', '--policy', ''], ':0\n'],
    [['completion', 'z'], 'zsh\n:4\n'],
    [['push', '--plain-http', ''], ':4\n'],
    [['unheard-of', ''], ':0\n'],
  ])('completion of %j', async (typed, expected) => {
    const { io, out } = fakeIo();
    await dockerPlugin(['__completeNoDesc', 'scoville', ...typed], io, none, completedCommands);
    expect(out()).toBe(expected);
  });
});
