import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bases, output, OWN, registry, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const NAME = `${registry}/e2e/bake-${OWN}`;

interface Baked {
  readonly targets: readonly {
    readonly target: string;
    readonly state: string;
    readonly digest?: string;
    readonly scorecard?: { readonly criteria: readonly { id: string; outcome: string }[] };
  }[];
}

const DEFINITION = `
variable "TAG" { default = "none" }
group "default" { targets = ["app", "web", "base"] }
target "base" {
  dockerfile-inline = "FROM ${bases.busybox}\\nRUN echo base >/base\\n"
  tags = ["${NAME}/base:\${TAG}"]
}
target "app" {
  contexts = { base = "target:base", lib = "target:lib" }
  dockerfile-inline = "FROM base\\nCOPY --from=lib /lib.txt /\\nRUN echo app >/app\\n"
  tags = ["${NAME}/app:\${TAG}"]
}
target "lib" { dockerfile-inline = "FROM scratch\\nCOPY lib.txt /\\n" }
target "web" {
  name = "web-\${v}"
  matrix = { v = ["a"] }
  args = { V = v }
  dockerfile-inline = "FROM scratch\\nARG V\\nLABEL v=$V\\nCOPY lib.txt /\\n"
  tags = ["${NAME}/web-\${v}:\${TAG}"]
}
target "files" {
  dockerfile-inline = "FROM scratch\\nCOPY lib.txt /\\n"
  output = ["type=local,dest=out"]
}
target "bad" { dockerfile-inline = "FROM scratch\\nCOPY not-there /\\n" }
target "greedy" {
  dockerfile-inline = "FROM scratch\\nCOPY lib.txt /\\n"
  secret = ["id=x,src=/etc/hostname"]
}
`;

describe('scoville bake', () => {
  const scoville = scovilleHere();
  const folder = folderHere('bake');
  const env = { TAG: '1' };
  const bake = (exitCode: number, args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    scoville.expect(exitCode, ['bake', '--scanner=none', ...args], {
      cwd: folder,
      env: { ...env, ...more },
    });
  const diffIds = async (name: string): Promise<readonly string[]> => {
    const text = await output('docker', [
      ...['buildx', 'imagetools', 'inspect', '--format', '{{json .Image}}', `${NAME}/${name}:1`],
    ]);
    return (JSON.parse(text) as { rootfs: { diff_ids: string[] } }).rootfs.diff_ids;
  };
  let pushed: Baked = { targets: [] };

  beforeAll(async () => {
    writeFileSync(join(folder, 'docker-bake.hcl'), DEFINITION);
    writeFileSync(join(folder, 'lib.txt'), 'lib');
    const { stdout } = await bake(0, ['--push', '--json', '--metadata-file', 'm.json']);
    pushed = JSON.parse(stdout) as Baked;
  });

  test('publishes each target, signed; what is only built from goes nowhere', async () => {
    expect(pushed.targets.map(({ target, state }) => `${target} ${state}`).sort()).toEqual([
      'app published',
      'base published',
      'lib linked',
      'web-a published',
    ]);
    for (const name of ['app', 'base', 'web-a'])
      await output('cosign', [
        ...[
          'verify',
          '--key',
          scoville.publicKey,
          '--insecure-ignore-tlog=true',
          `${NAME}/${name}:1`,
        ],
      ]);
    // As with a build that pushes, the engine that built it keeps it.
    const there = await run('docker', ['image', 'inspect', `${NAME}/app:1`]);
    expect(there.exitCode).toBe(0);
    const metadata = JSON.parse(readFileSync(join(folder, 'm.json'), 'utf8')) as Record<
      string,
      Record<string, unknown>
    >;
    expect(
      Object.entries(metadata)
        .map(([n, m]) => [n, m['containerimage.digest']])
        .sort(),
    ).toEqual(
      pushed.targets
        .filter(({ state }) => state === 'published')
        .map(({ target, digest }) => [target, digest])
        .sort(),
    );
  });

  test('what was graded is kept, for the report that the table names', async () => {
    const { stdout } = await scoville.expect(0, ['report', '--json', `${NAME}/app:1`]);
    const digest = pushed.targets.find(({ target }) => target === 'app')?.digest;
    expect(JSON.parse(stdout)).toMatchObject({ image: `${NAME}/app:1`, digest });
  });

  test('a target on another has the very layers that one is published with, and is judged with it', async () => {
    const [app, base] = await Promise.all([diffIds('app'), diffIds('base')]);
    expect(base).toHaveLength(2);
    expect(app.slice(0, 2)).toEqual(base);
    const card = pushed.targets.find(({ target }) => target === 'app')?.scorecard;
    const outcome = (id: string) => card?.criteria.find((one) => one.id === id)?.outcome;
    expect([outcome('minimal-base'), outcome('no-secrets')]).toEqual(['pass', 'pass']);
    // What the base took from outside counts: a registry on this machine is no trusted publisher.
    expect(outcome('trusted-source')).toBe('fail');
  });

  test('a target without an image is buildx’ alone', async () => {
    const { stdout } = await bake(0, ['files']);
    expect(stdout).toMatch(/^files +- +- +built/m);
    expect(readFileSync(join(folder, 'out/lib.txt'), 'utf8')).toBe('lib');
    // It would have the network that a replay cuts.
    for (const flag of ['--record', '--replay'])
      expect((await bake(2, ['files', flag])).stdout).toContain(
        'only the build of an image can be recorded or replayed',
      );
  });

  test('one that fails holds the others back, unless all is to go on', async () => {
    const tag = { TAG: 'held' };
    const held = await bake(1, ['bad', 'web-a', '--push'], tag);
    expect(held.stdout).toMatch(/^bad +- +- +failed/m);
    expect(held.stdout).not.toContain('published');
    const one = `${NAME}/web-a:held`;
    expect((await run('docker', ['buildx', 'imagetools', 'inspect', one])).exitCode).not.toBe(0);
    const kept = await bake(1, ['bad', 'web-a', '--push', '--keep-going'], tag);
    expect(kept.stdout).toMatch(/^web-a .* published/m);
    expect((await run('docker', ['buildx', 'imagetools', 'inspect', one])).exitCode).toBe(0);
  });

  test('a compose file is a definition: services that are built, with their arguments and names', async () => {
    const there = mkdtempSync(join(folder, 'compose-'));
    writeFileSync(join(there, 'lib.txt'), 'lib');
    writeFileSync(
      join(there, 'Dockerfile'),
      'FROM scratch AS first\nARG WHO=nobody\nLABEL who=$WHO\nCOPY lib.txt /\nFROM first AS last\n',
    );
    writeFileSync(
      join(there, 'compose.yaml'),
      `services:
  api:
    build: { context: ., target: last, args: { WHO: '\${WHO:-somebody}' } }
    image: ${NAME}/compose-api:1
  web:
    build: .
    image: ${NAME}/compose-web:1
  db:
    image: ${bases.busybox}
`,
    );
    const words = ['bake', '--scanner=none', '--json', '--push'];
    const { stdout } = await scoville.expect(0, words, { cwd: there, env: { WHO: 'me' } });
    const { targets } = JSON.parse(stdout) as Baked;
    expect(targets.map(({ target, state }) => [target, state])).toEqual([
      ['api', 'published'],
      ['web', 'published'],
    ]);
    const labels = (service: string): Promise<string> =>
      output('docker', [
        ...['buildx', 'imagetools', 'inspect', '--format', '{{json .Image}}'],
        `${NAME}/compose-${service}:1`,
      ]);
    expect(await labels('api')).toMatch(/"who": ?"me"/);
    expect(await labels('web')).toMatch(/"who": ?"nobody"/);
  });

  test('a gate is for the targets it names', async () => {
    const tag = { TAG: 'gate' };
    const { stdout } = await bake(1, ['base', 'web-a', '--push', '--min-level', 'ba*=5'], tag);
    expect(stdout).toMatch(/^base .* short of the gate/m);
    expect(stdout).toMatch(/^web-a .* not published/m);
  });

  test('what buildx would refuse is refused with its exit code', async () => {
    expect((await bake(1, ['nothing'])).stderr).toContain('nothing');
    expect((await bake(0, ['--print', 'web-a'])).stdout).toContain('"web-a"');
  });

  describe.runIf(existsSync(join(second, 'ready')))('with Docker 28 and buildx 0.29', () => {
    const newer = {
      PATH: `${join(second, 'bin')}:${process.env['PATH'] ?? ''}`,
      DOCKER_CONFIG: join(second, 'docker-config'),
    };

    test('gives the same digests', async () => {
      const { stdout } = await bake(0, ['--push', '--json'], newer);
      const digests = (baked: Baked) =>
        Object.fromEntries(baked.targets.map(({ target, digest }) => [target, digest]));
      expect(digests(JSON.parse(stdout) as Baked)).toEqual(digests(pushed));
    });

    test('asks for what a definition reads outside of its folder', async () => {
      const { stderr } = await bake(1, ['greedy'], newer);
      expect(stderr).toContain('--allow=fs.read=/etc/hostname');
      await bake(
        0,
        [
          ...['greedy', '--push', '--set', `greedy.tags=${NAME}/greedy:1`],
          '--allow=fs.read=/etc/hostname',
        ],
        newer,
      );
    });
  });
});
