import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bases, discard, output, OWN, registry, run } from './harness.ts';
import { isWhole, rows } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/**
 * The engine's own BuildKit at a TCP address, as buildx' remote driver wants a buildkitd: dockerd
 * speaks BuildKit's gRPC behind an HTTP upgrade of /grpc, which is how the docker driver reaches
 * it.
 */
function remoteBuildKit(socket: string): Promise<Server> {
  const server = createServer((client) => {
    const engine = connect(socket);
    let head = Buffer.alloc(0);
    const onHead = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      engine.off('data', onHead);
      client.write(head.subarray(end + 4));
      engine.pipe(client);
      client.pipe(engine);
    };
    engine.on('data', onHead);
    engine.write(
      'POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    );
    for (const side of [client, engine])
      side.on('error', () => {
        client.destroy();
        engine.destroy();
      });
  });
  return new Promise((done) =>
    server.listen(0, '127.0.0.1', () => {
      done(server);
    }),
  );
}

const addressOf = (server: Server): string => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `tcp://127.0.0.1:${address.port}`;
};

const endpoint = await output('docker', [
  ...['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'],
]);
const socket = /^unix:\/\/(.*)$/.exec(endpoint.trim())?.[1];

describe.runIf(socket !== undefined)('builders elsewhere', () => {
  const scoville = scovilleHere();
  const remote = `e2e-remote-${OWN}`;
  const nodes = `e2e-nodes-${OWN}`;
  const name = `${registry}/e2e/builders-${OWN}`;
  const servers: Server[] = [];
  const folder = folderHere('builders');
  const build = (exitCode: number, file: string, args: readonly string[]) =>
    scoville.expect(exitCode, [
      ...['build', '--scanner=none', '--json', '-f', join(folder, file), ...args, folder],
    ]);
  const digestOf = (stdout: string): string => (JSON.parse(stdout) as { digest: string }).digest;

  beforeAll(async () => {
    writeFileSync(join(folder, 'file'), 'x');
    writeFileSync(join(folder, 'run'), `FROM ${bases.busybox}\nRUN echo x >/x\n`);
    writeFileSync(join(folder, 'copy'), 'FROM scratch\nARG TARGETARCH\nCOPY file /$TARGETARCH\n');
    servers.push(await remoteBuildKit(socket ?? ''), await remoteBuildKit(socket ?? ''));
    const [first, second] = servers.map(addressOf);
    const create = ['buildx', 'create', '--driver', 'remote', '--name'];
    await output('docker', [...create, remote, first ?? '']);
    await output('docker', [...create, nodes, '--platform', 'linux/amd64', first ?? '']);
    await output('docker', [
      ...[...create, nodes, '--append', '--platform', 'linux/arm64', second ?? ''],
    ]);
  });
  afterAll(async () => {
    await run('docker', ['buildx', 'rm', remote]);
    await run('docker', ['buildx', 'rm', nodes]);
    for (const server of servers) server.close();
  });

  test('a remote one gives the digest that the engine gives', async () => {
    const push = ['--push', '-t', `${name}:1`];
    const here = await build(0, 'run', push);
    const there = await build(0, 'run', [...push, `--builder=${remote}`]);
    expect(digestOf(there.stdout)).toBe(digestOf(here.stdout));
    // A job in a cluster has the builder and no engine.
    const alone = await scoville.expect(
      0,
      [
        ...['build', '--scanner=none', '--json', '-f', join(folder, 'run'), ...push],
        ...[`--builder=${remote}`, folder],
      ],
      { env: { DOCKER_HOST: 'unix:///not/there' } },
    );
    expect(digestOf(alone.stdout)).toBe(digestOf(here.stdout));
  });

  test.runIf(isWhole)(
    'several nodes build one index, signed with each of its manifests and graded by platform',
    async () => {
      const platforms = '--platform=linux/amd64,linux/arm64';
      const several = await build(0, 'copy', [
        ...[platforms, `--builder=${nodes}`, '--push', '-t', `${name}:2`],
      ]);
      const card = JSON.parse(several.stdout) as {
        digest: string;
        platforms: { platform: string; digest: string }[];
      };
      expect(card.platforms.map(({ platform }) => platform)).toEqual([
        'linux/amd64',
        'linux/arm64',
      ]);
      for (const digest of [card.digest, ...card.platforms.map((one) => one.digest)])
        await output('cosign', [
          ...['verify', '--key', scoville.publicKey, '--insecure-ignore-tlog=true'],
          `${name}@${digest}`,
        ]);
      const alone = await build(0, 'copy', [platforms, '--push', '-t', `${name}:2`]);
      expect(digestOf(alone.stdout)).toBe(card.digest);
    },
  );

  test('caches are exported to and imported from a folder and a registry', async () => {
    const cache = join(folder, 'cache');
    const push = ['--push', '-t', `${name}:1`, `--builder=${remote}`];
    const caches = [
      [`type=registry,ref=${name}:cache`, `type=registry,ref=${name}:cache`],
      [`type=local,dest=${cache}`, `type=local,src=${cache}`],
    ] as const;
    for (const [to, from] of rows(caches, (_, at) => at === 0)) {
      const first = await build(0, 'run', [...push, '--sign=false', `--cache-to=${to}`]);
      const next = await build(0, 'run', [...push, '--sign=false', `--cache-from=${from}`]);
      expect(next.stderr).toContain('importing cache manifest from');
      expect(digestOf(next.stdout)).toBe(digestOf(first.stdout));
    }
  });

  test('the engine builds from what only it has, also where BUILDX_BUILDER names it, and is told apart from builders elsewhere', async () => {
    // Nothing answers at that port.
    const own = `localhost:1/e2e-builders-own:${OWN}`;
    const dead = `e2e-dead-${OWN}`;
    writeFileSync(join(folder, 'own'), `FROM ${own}\nRUN echo y >/y\n`);
    await output('docker', ['buildx', 'build', '-q', '-t', own, '-f', join(folder, 'run'), folder]);
    await output('docker', [
      ...['buildx', 'create', '--driver', 'remote', '--name', dead, 'tcp://127.0.0.1:1'],
    ]);
    try {
      const context = (await output('docker', ['context', 'show'])).trim();
      const words = ['build', '--dry-run', '-f', join(folder, 'own'), '-t', 'app:1', folder];
      const base = /^annotation +org\.opencontainers\.image\.base\.digest=(.*)$/m;
      const id = (await output('docker', ['image', 'inspect', '-f', '{{.Id}}', own])).trim();
      for (const env of [{}, { BUILDX_BUILDER: context }])
        expect(base.exec((await scoville.expect(0, words, { env })).stdout)?.[1]).toBe(id);
      const far = await scoville.expect(0, words, { env: { BUILDX_BUILDER: remote } });
      expect(far.stdout).not.toMatch(base);
      expect(far.stderr).toContain(`whose images the builder ${remote} (remote) does not see`);
      const { stderr } = await scoville.expect(0, words, { env: { BUILDX_BUILDER: dead } });
      expect(stderr).toContain(`the builder ${dead} (remote) does not answer`);
    } finally {
      await run('docker', ['buildx', 'rm', dead]);
      discard([own]);
    }
  });

  test('what would need emulation is told before the build, with what mends it', async () => {
    const { stderr } = await build(2, 'run', ['--platform=linux/s390x']);
    expect(stderr).toContain('RUN on line 2 has to run on linux/s390x');
    expect(stderr).toContain('--install s390x');
    expect(stderr).not.toContain('#1 ');
    await build(0, 'copy', ['--platform=linux/s390x', '--push', '-t', `${name}:3`]);
  });
});
