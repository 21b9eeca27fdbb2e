import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runTool, type ToolRun } from '../../src/lib/run-tool.ts';

const run = (command: string, args: readonly string[], more: Partial<ToolRun> = {}) =>
  runTool({ command, args, timeoutMs: 60_000, ...more });
const sh = (script: string, more?: Partial<ToolRun>) => run('sh', ['-c', script], more);
const exit = (stdout: string) => ({ ended: 'exit', exitCode: 0, stdout, stderr: '' });
const NOT_FOUND = { ended: 'not-found' };

describe('runTool', () => {
  test.each<[string, () => ReturnType<typeof run>, object]>([
    [
      'an exit is data, whatever its code',
      () => sh('echo out; echo err >&2; exit 3'),
      { ended: 'exit', exitCode: 3, stdout: 'out\n', stderr: 'err\n' },
    ],
    [
      'arguments reach the tool as they are',
      () => run('sh', ['-c', 'printf "%s|" "$@"', 'sh', '$(id)', '; ls', 'two words', '']),
      exit('$(id)|; ls|two words||'),
    ],
    ['bytes go to stdin', () => run('cat', [], { stdin: Buffer.from('hello') }), exit('hello')],
    [
      'a stream goes to stdin',
      () => run('cat', [], { stdin: chunks(3, Buffer.from('ab')) }),
      exit('ababab'),
    ],
    [
      'a tool that does not read its input is no error',
      () => run('true', [], { stdin: chunks(64, Buffer.alloc(1_000_000)) }),
      exit(''),
    ],
    [
      'a tool that is killed while its output is taken ends as killed',
      () => sh('cat /dev/zero', { onStdout: () => Promise.resolve(), timeoutMs: 100 }),
      { ended: 'timeout', stdout: '', stderr: '' },
    ],
    [
      'a timeout ends it',
      () => run('sleep', ['20'], { timeoutMs: 100 }),
      { ended: 'timeout', stdout: '', stderr: '' },
    ],
    [
      'what is aborted before it starts is not started',
      () => run('true', [], { signal: AbortSignal.abort() }),
      { ended: 'aborted' },
    ],
    [
      'an abort ends it',
      () => run('sleep', ['20'], { signal: AbortSignal.timeout(50) }),
      { ended: 'aborted' },
    ],
    [
      'a signal is told by name',
      () => sh('kill -KILL $$'),
      { ended: 'signal', signal: 'SIGKILL', stdout: '', stderr: '' },
    ],
    ['an argument is too long', () => run('true', ['x'.repeat(3_000_000)]), NOT_FOUND],
    ['an argument has a NUL', () => run('true', ['a\0b']), NOT_FOUND],
    ['a missing command is data', () => run('no-such-tool-here', []), NOT_FOUND],
  ])('%s', async (_, result, expected) => {
    expect(await result()).toEqual(expected);
  });

  test('of a long output the end is kept, and as much as there is room for', async () => {
    const ended = await sh('head -c 40000000 /dev/zero; printf end');
    const stdout = 'stdout' in ended ? ended.stdout : '';
    expect([stdout.length, stdout.slice(-4)]).toEqual([16 * 1024 * 1024, '\0end']);
  });

  test('a source that fails ends the tool and throws what it threw', async () => {
    await expect(run('cat', [], { stdin: failing() })).rejects.toThrow('the disk is gone');
  });

  test('a tool whose output is refused is ended, and what was thrown is thrown again', async () => {
    const onStdout = () => Promise.reject(new Error('the disk is full'));
    await expect(sh('cat /dev/zero', { onStdout })).rejects.toThrow('the disk is full');
  });

  test('lines are handed on as they come, and not kept where only lines are wanted', async () => {
    const lines: string[] = [];
    const result = await sh('printf "one\\ntwo\\r\\nthree"', {
      stdout: 'lines',
      onStdoutLine: (line) => lines.push(line),
    });
    expect(lines).toEqual(['one', 'two', 'three']);
    expect(result).toMatchObject({ stdout: '' });
  });

  test('bytes are handed on piece by piece, none read before the last was taken', async () => {
    const pieces: Uint8Array[] = [];
    let taking = 0;
    const result = await sh('head -c 3000000 /dev/zero; echo said >&2', {
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

  test('a limit ends what the tool started as well, where that is asked for', async () => {
    const script = 'sleep 1000 & echo $!; trap "" TERM; wait; wait';
    const result = await sh(script, { timeoutMs: 500, endsAll: true });
    expect(result.ended).toBe('timeout');
    const pid = Number('stdout' in result ? result.stdout : '');
    expect(pid).toBeGreaterThan(1);
    await vi.waitFor(() => {
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    });
  });

  test('a grandchild that keeps the pipe open does not hold us', async () => {
    const started = Date.now();
    expect(await sh('sleep 60 & echo done')).toMatchObject({ stdout: 'done\n' });
    expect(Date.now() - started).toBeLessThan(40_000);
  });

  test('variables are added, and removed by undefined', async () => {
    process.env['SCOVILLE_TEST_GONE'] = 'here';
    const env = { SCOVILLE_TEST_NEW: 'new', SCOVILLE_TEST_GONE: undefined };
    expect(await sh('echo "$SCOVILLE_TEST_NEW-${SCOVILLE_TEST_GONE-none}"', { env })).toMatchObject(
      {
        stdout: 'new-none\n',
      },
    );
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
    expect(await run(command, args, { plugin, env })).toMatchObject({ stdout });
  });

  test('is not started where it is not here', async () => {
    const gone = join(folder, 'gone', 'docker-buildx');
    // env looks for `buildx`.
    expect(await run('/usr/bin/env', ['buildx', 'ls'], { plugin: gone, env })).toMatchObject({
      ended: 'exit',
      exitCode: 127,
    });
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
      const env = { PATH: `${entry.replace('PROJECT', project)}:/usr/bin:/bin` };
      expect(await run('planted-tool', [], { cwd: project, env })).toEqual(NOT_FOUND);
    },
  );

  test('a relative path is refused, an absolute one is not', async () => {
    expect(await run('./planted-tool', [], { cwd: project })).toEqual(NOT_FOUND);
    expect(await run(join(project, 'planted-tool'), [], { cwd: project })).toMatchObject({
      stdout: 'planted\n',
    });
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
      expect(await run('planted-npm-tool', [], { cwd, env })).toEqual(NOT_FOUND);
    },
  );

  test('a relative XDG_CONFIG_HOME is left out, an absolute one is not', async () => {
    const env = { XDG_CONFIG_HOME: 'conf', XDG_DATA_HOME: './x', XDG_CACHE_HOME: '/home/u/c' };
    const script = 'echo "${XDG_CONFIG_HOME-none} ${XDG_DATA_HOME-none} $XDG_CACHE_HOME"';
    expect(await sh(script, { env })).toMatchObject({ stdout: 'none none /home/u/c\n' });
  });

  test.each([
    ['where the user stands', (here: string) => here],
    ['in a folder below its root', (here: string) => join(here, 'deep/er')],
  ])('a project counts %s, whatever folder the tool is run in', async (_, where) => {
    mkdirSync(join(project, '.git'), { recursive: true });
    mkdirSync(join(project, 'deep/er'), { recursive: true });
    vi.spyOn(process, 'cwd').mockReturnValue(where(project));
    const env = { PATH: `${project}/bin:/usr/bin:/bin` };
    const at = { cwd: tmpdir(), env };
    // Nor do programs that a tool starts come from there.
    expect(await sh('echo "$PATH"; command -v planted-tool', at)).toMatchObject({
      exitCode: 127,
      stdout: '/usr/bin:/bin\n',
    });
    expect(await run('planted-tool', [], at)).toEqual(NOT_FOUND);
    vi.restoreAllMocks();
    rmSync(join(project, '.git'), { recursive: true });
  });

  test('a folder on PATH elsewhere counts', async () => {
    const env = { PATH: `${project}/bin:/usr/bin` };
    const cwd = `${tmpdir()}/..`;
    expect(await run('planted-tool', [], { cwd, env })).toMatchObject({ ended: 'exit' });
  });
});

async function* chunks(count: number, chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at += 1) yield await Promise.resolve(chunk);
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from('x'));
  throw new Error('the disk is gone');
}
