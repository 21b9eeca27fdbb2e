import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentBuilder, runBuild } from '../../src/build/buildx.ts';
import { dockerInfo, dockerLoad, inspectLocalImages } from '../../src/build/docker.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import type { PipelineEvent } from '../../src/model/events.ts';

const TAG = `scoville-test/tools-${process.pid}${Date.now()}:1`;

describe('the real engine', () => {
  let dir = '';
  const build = (dockerfile: string, outputs: readonly string[] = []) => {
    const events: PipelineEvent[] = [];
    const lines: string[] = [];
    writeFileSync(join(dir, 'Dockerfile'), dockerfile);
    return runBuild(runTool, {
      invocation: { outputs, flags: [], context: dir, env: {} },
      onEvent: (event) => events.push(event),
      onLine: (line) => lines.push(line),
    }).then((outcome) => ({ outcome, events, lines }));
  };
  const layout: string[] = [];
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'scoville-docker-'));
    writeFileSync(join(dir, 'a.txt'), 'a\n');
    layout[0] = `type=oci,dest=${dir}/layout.tar,name=docker.io/${TAG}`;
  });
  afterAll(() => {
    rmSync(dir, { recursive: true });
    execFileSync('docker', ['image', 'rm', '--force', TAG], { stdio: 'ignore' });
  });

  test('answers, with the containerd store', async () => {
    expect(await dockerInfo(runTool)).toMatchObject({ containerdStore: true, os: 'linux' });
    expect(await currentBuilder(runTool)).toMatchObject({ running: true });
  });

  test('builds, loads from a stream, and names what it has', async () => {
    const { outcome, events } = await build('FROM scratch\nCOPY a.txt /\n', layout);
    expect(outcome).toMatchObject({ exitCode: 0, errorText: '' });
    expect(events.some((e) => e.kind === 'build-step' && e.step.name.includes('COPY a.txt'))).toBe(
      true,
    );
    const loaded = await dockerLoad(runTool, once(readFileSync(join(dir, 'layout.tar'))));
    expect(loaded).toEqual({ ok: true, value: [TAG] });
    const [image, missing] = await inspectLocalImages(runTool, [TAG, 'scoville-test/none:1']);
    expect(image?.repoTags).toEqual([TAG]);
    expect(image?.layers).toHaveLength(1);
    expect(missing).toBeUndefined();
  });

  test('a build that fails keeps the text and exit code of docker build', async () => {
    const dockerfile = 'FROM scratch\nCOPY not-there /\n';
    const { outcome, lines } = await build(dockerfile);
    const plain = await runTool({
      timeoutMs: 60_000,
      command: 'docker',
      args: ['build', '--progress=plain', dir],
      env: { DOCKER_BUILDKIT: '1' },
    });
    const said = plain.ended === 'exit' ? plain.stderr.trimEnd() : '';
    expect(plain).toMatchObject({ exitCode: outcome.exitCode });
    // BuildKit numbers its cache references anew in each build.
    const stable = (text: string): string => text.replace(/ref [\w:]+/g, 'ref');
    expect(stable(said).endsWith(stable(outcome.errorText))).toBe(true);
    expect(outcome.errorText).toMatch(/^Dockerfile:2\n/);
    expect(lines).toContain(' > [1/1] COPY not-there /:');
  });

  test('junk in place of an image is refused', async () => {
    expect(await dockerLoad(runTool, once(Buffer.from('junk')))).toMatchObject({ ok: false });
  });

  test('an abort ends a build', async () => {
    const abort = new AbortController();
    writeFileSync(
      join(dir, 'Dockerfile'),
      `FROM ${process.env['SCOVILLE_BASE_BUSYBOX'] ?? 'localhost:5000/base/busybox:1'}\nRUN sleep 60 # ${process.pid} ${Date.now()}\n`,
    );
    const building = runBuild(runTool, {
      invocation: {
        outputs: [],
        flags: [{ name: 'no-cache', value: 'true' }],
        context: dir,
        env: {},
      },
      signal: abort.signal,
      onEvent: (event) => {
        if (event.kind === 'build-step' && event.step.name.includes('sleep')) abort.abort();
      },
    });
    await expect(building).rejects.toMatchObject({ name: 'Interrupted' });
  });

  test('an engine that is not there is told as such', async () => {
    const elsewhere = (run: Parameters<typeof runTool>[0]) =>
      runTool({ ...run, env: { DOCKER_HOST: `unix://${dir}/none.sock` } });
    await expect(dockerInfo(elsewhere)).rejects.toThrow('cannot connect to Docker');
  });
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
