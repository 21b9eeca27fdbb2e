import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authority } from '../fakes/company.ts';
import { CompanyEngine } from './company-engine.ts';
import { bases, CLI, type Ended, output, OWN, run } from './harness.ts';
import { type RegistryServer, serveRegistry } from './registry-server.ts';
import { scovilleHere } from './workplace.ts';

// A second engine whose daemon.json names a mirror of Docker Hub and an insecure registry: both are
// reached the way the engine reaches them, from build to verify.
const MIRROR = 'mirror.corp.test';
const PLAIN = 'plain.corp.test';
const HUB = 'registry-1.docker.io';
const IMAGE = `${PLAIN}:5002/team/app:1`;
const isRoot = process.getuid?.() === 0;
const tools = await Promise.all(
  ['dockerd', 'docker-registry', 'skopeo', 'nsenter', 'ip'].map((name) => run('which', [name])),
);
const canRun = isRoot && tools.every(({ exitCode }) => exitCode === 0);

describe.runIf(canRun)('an engine with a mirror and an insecure registry', () => {
  const engine = new CompanyEngine(new Authority('Company CA'));
  const scoville = scovilleHere();
  let mirror: RegistryServer | undefined;
  /** The lines of a registry's log of access since the last time. */
  const read = new Map<string, number>();
  const asked = (host: string): readonly string[] => {
    const text = readFileSync(engine.at(`${host}.log`), 'utf8');
    const lines = text.slice(read.get(host) ?? 0).split('\n');
    read.set(host, text.length);
    return lines.filter((line) => line.includes('/v2/') && line.includes('HTTP/'));
  };
  const inside = async (exitCode: number, ...args: readonly string[]): Promise<Ended> => {
    const env = { SCOVILLE_HOME: scoville.home, DOCKER_CONFIG: engine.at('docker') };
    const ended = await engine.run(process.execPath, [CLI, ...args], env);
    expect(ended.exitCode, ended.stderr + ended.stdout).toBe(exitCode);
    return ended;
  };

  beforeAll(async () => {
    mkdirSync(engine.at('context'));
    mkdirSync(engine.at('docker'));
    writeFileSync(engine.at('context/Dockerfile'), 'FROM busybox:1\nCOPY file /\nUSER 1000\n');
    writeFileSync(engine.at('context/file'), OWN);
    // What Docker Hub and its mirror hold.
    const storage = engine.at('hub');
    const filling = await serveRegistry({ folder: engine.folder, name: 'filling', storage });
    await output('skopeo', [
      ...['copy', '--all', '--src-tls-verify=false', '--dest-tls-verify=false'],
      ...[`docker://${bases.busybox}`, `docker://localhost:${filling.port}/library/busybox:1`],
    ]);
    await filling.stop();
    await engine.open([MIRROR, PLAIN, HUB]);
    mirror = await engine.serve({ host: MIRROR, port: 5001, storage: 'hub' });
    await engine.serve({ host: PLAIN, port: 5002, storage: 'plain' });
    await engine.serve({ host: HUB, port: 443, storage: 'hub', isTls: true });
    await engine.engine({
      'registry-mirrors': [`http://${MIRROR}:5001`],
      // BuildKit of Docker 26 asks a mirror by TLS, whatever its address says, unless it is named
      // here.
      'insecure-registries': [`${PLAIN}:5002`, `${MIRROR}:5001`],
      features: { 'containerd-snapshotter': true },
    });
  });
  afterAll(async () => {
    await engine.stop();
  });

  test('the base comes by the mirror; the image is pushed, graded and verified without TLS', async () => {
    const built = await inside(
      0,
      'build',
      '-q',
      '--scanner=none',
      '--push',
      '-t',
      IMAGE,
      engine.at('context'),
    );
    const byMirror = asked(MIRROR);
    const agents = new Set(
      byMirror.map((line) => /"(?!GET|HEAD)([^/"]+)\/?[^"]*"$/.exec(line)?.[1]),
    );
    expect([...agents]).toEqual(expect.arrayContaining(['scoville', 'buildkit']));
    expect(byMirror.filter((line) => !line.includes('/v2/library/busybox/'))).toEqual([]);
    const grade = ['grade', '--scanner=none', '--json', `registry:${IMAGE}`];
    expect((await inside(0, ...grade)).stdout).toContain(built.stdout.trim());
    expect((await inside(0, 'verify', IMAGE)).stdout).toContain('verified');
    // Names of another registry do not go to the mirror, and Docker Hub was not needed.
    expect([asked(MIRROR), asked(HUB)]).toEqual([[], []]);
  });

  test('without the mirror, Docker Hub is asked', async () => {
    await mirror?.stop();
    asked(HUB);
    const graded = await inside(0, 'grade', '--scanner=none', '--json', 'registry:busybox:1');
    expect(graded.stdout).toContain('sha256:');
    expect(asked(HUB).some((line) => /scoville/.test(line))).toBe(true);
  });
});
