import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runTool } from '../../src/lib/run-tool.ts';

const sh = (script: string) => ({ command: 'sh', args: ['-c', script], timeoutMs: 60_000 });

describe('runTool', () => {
  test('an exit is data, whatever its code', async () => {
    expect(await runTool(sh('echo out; echo err >&2; exit 3'))).toEqual({
      ended: 'exit',
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  test('arguments reach the tool as they are', async () => {
    const args = ['-c', 'printf "%s|" "$@"', 'sh', '$(id)', '; ls', 'two words', ''];
    expect(await runTool({ timeoutMs: 60_000, command: 'sh', args })).toMatchObject({
      stdout: '$(id)|; ls|two words||',
    });
  });

  test('bytes go to stdin', async () => {
    const stdin = Buffer.from('hello');
    expect(await runTool({ timeoutMs: 60_000, command: 'cat', args: [], stdin })).toMatchObject({
      stdout: 'hello',
    });
  });

  test('a stream goes to stdin', async () => {
    const stdin = chunks(3, Buffer.from('ab'));
    expect(await runTool({ timeoutMs: 60_000, command: 'cat', args: [], stdin })).toMatchObject({
      stdout: 'ababab',
    });
  });

  test('a tool that does not read its input is no error', async () => {
    const stdin = chunks(64, Buffer.alloc(1_000_000));
    expect(await runTool({ timeoutMs: 60_000, command: 'true', args: [], stdin })).toMatchObject({
      exitCode: 0,
    });
  });

  test('a source that fails ends the tool and throws what it threw', async () => {
    const run = runTool({ timeoutMs: 60_000, command: 'cat', args: [], stdin: failing() });
    await expect(run).rejects.toThrow('the disk is gone');
  });

  test('lines are handed on as they come, and not kept where only lines are wanted', async () => {
    const lines: string[] = [];
    const result = await runTool({
      ...sh('printf "one\\ntwo\\r\\nthree"'),
      stdout: 'lines',
      onStdoutLine: (line) => lines.push(line),
    });
    expect(lines).toEqual(['one', 'two', 'three']);
    expect(result).toMatchObject({ stdout: '' });
  });

  test('bytes are handed on piece by piece, none read before the last was taken', async () => {
    const pieces: Uint8Array[] = [];
    let taking = 0;
    const result = await runTool({
      ...sh('head -c 3000000 /dev/zero; echo said >&2'),
      onStdout: async (chunk) => {
        expect(++taking).toBe(1);
        await new Promise((done) => setTimeout(done, 1));
        taking -= 1;
        pieces.push(chunk);
      },
    });
    expect(result).toMatchObject({ exitCode: 0, stdout: '', stderr: 'said\n' });
    expect(Buffer.concat(pieces).equals(Buffer.alloc(3_000_000))).toBe(true);
  });

  test('a tool whose output is refused is ended, and what was thrown is thrown again', async () => {
    const run = runTool({
      ...sh('cat /dev/zero'),
      onStdout: () => Promise.reject(new Error('the disk is full')),
    });
    await expect(run).rejects.toThrow('the disk is full');
  });

  test('a tool that is killed while its output is taken ends as killed', async () => {
    const onStdout = (): Promise<void> => Promise.resolve();
    const run = runTool({ ...sh('cat /dev/zero'), onStdout, timeoutMs: 100 });
    expect(await run).toMatchObject({ ended: 'timeout' });
  });

  test('a timeout ends it', async () => {
    expect(await runTool({ command: 'sleep', args: ['20'], timeoutMs: 100 })).toMatchObject({
      ended: 'timeout',
    });
  });

  test('an abort ends it', async () => {
    const abort = new AbortController();
    const run = runTool({
      timeoutMs: 60_000,
      command: 'sleep',
      args: ['20'],
      signal: abort.signal,
    });
    setTimeout(() => {
      abort.abort();
    }, 50);
    expect(await run).toEqual({ ended: 'aborted' });
  });

  test('what is aborted before it starts is not started', async () => {
    expect(
      await runTool({ timeoutMs: 60_000, command: 'true', args: [], signal: AbortSignal.abort() }),
    ).toEqual({
      ended: 'aborted',
    });
  });

  test('a signal is told by name', async () => {
    expect(await runTool(sh('kill -KILL $$'))).toMatchObject({
      ended: 'signal',
      signal: 'SIGKILL',
    });
  });

  test.each([['x'.repeat(3_000_000)], ['a\0b']])('what cannot be started is data', async (arg) => {
    expect(await runTool({ timeoutMs: 60_000, command: 'true', args: [arg] })).toEqual({
      ended: 'not-found',
    });
  });

  test('a missing command is data', async () => {
    expect(await runTool({ timeoutMs: 60_000, command: 'no-such-tool-here', args: [] })).toEqual({
      ended: 'not-found',
    });
  });

  test('a limit ends what the tool started as well, where that is asked for', async () => {
    const script = 'sleep 1000 & echo $!; trap "" TERM; wait; wait';
    const result = await runTool({ ...sh(script), timeoutMs: 500, endsAll: true });
    expect(result.ended).toBe('timeout');
    const pid = Number('stdout' in result ? result.stdout : '');
    expect(pid).toBeGreaterThan(1);
    await vi.waitFor(() => {
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    });
  });

  test('a grandchild that keeps the pipe open does not hold us', async () => {
    const started = Date.now();
    expect(await runTool(sh('sleep 60 & echo done'))).toMatchObject({ stdout: 'done\n' });
    expect(Date.now() - started).toBeLessThan(40_000);
  });

  test('variables are added, and removed by undefined', async () => {
    process.env['SCOVILLE_TEST_GONE'] = 'here';
    const env = { SCOVILLE_TEST_NEW: 'new', SCOVILLE_TEST_GONE: undefined };
    const run = { ...sh('echo "$SCOVILLE_TEST_NEW-${SCOVILLE_TEST_GONE-none}"'), env };
    expect(await runTool(run)).toMatchObject({ stdout: 'new-none\n' });
    delete process.env['SCOVILLE_TEST_GONE'];
  });
});

describe('a plugin that docker told of', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-plugin-'));
  const program = (name: string, text: string): string => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return join(folder, name);
  };
  const plugin = program(
    'docker-buildx',
    'echo "plugin $* ${DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND##*/} ${DOCKER_CLI_PLUGIN_SOCKET-none}"',
  );
  const env = { DOCKER_CLI_PLUGIN_SOCKET: '@of-another' };
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  // `env` stands for a docker that is a program: it runs what it is given.
  test.each([
    ['a program', '/usr/bin/env', ['buildx', 'ls'], 'plugin buildx ls env none\n'],
    ['a program, with flags of its own', '/usr/bin/env', ['printf', 'docker'], 'docker'],
    ['a script', program('docker', 'echo "docker $*"'), ['buildx', 'ls'], 'docker buildx ls\n'],
  ])('is started in its place where docker is %s', async (_, command, args, stdout) => {
    expect(await runTool({ timeoutMs: 60_000, command, args, plugin, env })).toMatchObject({
      stdout,
    });
  });

  test('is not started where it is not here', async () => {
    const gone = join(folder, 'gone', 'docker-buildx');
    const args = ['buildx', 'ls'];
    const ended = await runTool({
      timeoutMs: 60_000,
      command: '/usr/bin/env',
      args,
      plugin: gone,
      env,
    });
    // env looks for `buildx`.
    expect(ended).toMatchObject({ ended: 'exit', exitCode: 127 });
  });
});

describe('where tools are taken from', () => {
  let project = '';
  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'scoville-project-'));
    mkdirSync(join(project, 'bin'));
    for (const path of ['planted-tool', 'bin/planted-tool']) {
      writeFileSync(join(project, path), '#!/bin/sh\necho planted\n');
      chmodSync(join(project, path), 0o755);
    }
  });
  afterAll(() => {
    rmSync(project, { recursive: true });
  });

  test.each(['.', '', './bin', 'PROJECT', 'PROJECT/bin'])(
    'a PATH entry %j does not lead into the working directory',
    async (entry) => {
      const path = `${entry.replace('PROJECT', project)}:/usr/bin:/bin`;
      expect(
        await runTool({
          timeoutMs: 60_000,
          command: 'planted-tool',
          args: [],
          cwd: project,
          env: { PATH: path },
        }),
      ).toEqual({ ended: 'not-found' });
    },
  );

  test('a relative path is refused, an absolute one is not', async () => {
    expect(
      await runTool({ timeoutMs: 60_000, command: './planted-tool', args: [], cwd: project }),
    ).toEqual({
      ended: 'not-found',
    });
    expect(
      await runTool({
        timeoutMs: 60_000,
        command: join(project, 'planted-tool'),
        args: [],
        cwd: project,
      }),
    ).toMatchObject({ stdout: 'planted\n' });
  });

  test.each(['work/node_modules/.bin', 'node_modules/.bin'])(
    'a %s of the project or above it is not looked in',
    async (folder) => {
      const bin = join(project, folder);
      const cwd = join(project, 'work');
      mkdirSync(bin, { recursive: true });
      mkdirSync(cwd, { recursive: true });
      writeFileSync(join(bin, 'planted-npm-tool'), '#!/bin/sh\necho planted\n');
      chmodSync(join(bin, 'planted-npm-tool'), 0o755);
      const env = { PATH: `${bin}:/usr/bin:/bin` };
      expect(
        await runTool({ timeoutMs: 60_000, command: 'planted-npm-tool', args: [], cwd, env }),
      ).toEqual({
        ended: 'not-found',
      });
    },
  );

  test('a relative XDG_CONFIG_HOME is left out, an absolute one is not', async () => {
    const env = { XDG_CONFIG_HOME: 'conf', XDG_DATA_HOME: './x', XDG_CACHE_HOME: '/home/u/c' };
    const run = {
      ...sh('echo "${XDG_CONFIG_HOME-none} ${XDG_DATA_HOME-none} $XDG_CACHE_HOME"'),
      env,
    };
    expect(await runTool(run)).toMatchObject({ stdout: 'none none /home/u/c\n' });
  });

  test.each([
    ['where the user stands', (here: string) => here],
    ['in a folder below its root', (here: string) => join(here, 'deep/er')],
  ])('a project counts %s, whatever folder the tool is run in', async (_, where) => {
    mkdirSync(join(project, '.git'), { recursive: true });
    mkdirSync(join(project, 'deep/er'), { recursive: true });
    vi.spyOn(process, 'cwd').mockReturnValue(where(project));
    const env = { PATH: `${project}/bin:/usr/bin:/bin` };
    const run = { ...sh('echo "$PATH"; command -v planted-tool'), cwd: tmpdir(), env };
    // Nor do the programs that a tool starts by itself come from there.
    expect(await runTool(run)).toMatchObject({ exitCode: 127, stdout: '/usr/bin:/bin\n' });
    expect(await runTool({ ...run, command: 'planted-tool', args: [] })).toEqual({
      ended: 'not-found',
    });
    vi.restoreAllMocks();
    rmSync(join(project, '.git'), { recursive: true });
  });

  test('a folder on PATH elsewhere counts', async () => {
    const env = { PATH: `${project}/bin:/usr/bin` };
    expect(
      await runTool({
        timeoutMs: 60_000,
        command: 'planted-tool',
        args: [],
        cwd: tmpdir() + '/..',
        env,
      }),
    ).toMatchObject({ ended: 'exit' });
  });
});

async function* chunks(count: number, chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at += 1) yield await Promise.resolve(chunk);
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from('x'));
  throw new Error('the disk is gone');
}
