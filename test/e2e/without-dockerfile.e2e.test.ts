import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { bases, output, ROOT } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

// Images that the real buildah and Nix make.
const scoville = scovilleHere();
const folder = folderHere('without-dockerfile');
const at = (...names: readonly string[]): string => join(folder, ...names);
// A store of our own for buildah, podman and skopeo, and nothing of root's.
const store = { CONTAINERS_STORAGE_CONF: at('storage.conf') };
const buildah = (...args: readonly string[]): Promise<string> =>
  output('buildah', args, { cwd: folder, env: store });

interface Graded {
  readonly card: Scorecard;
  readonly stderr: string;
  /** The outcome of a criterion. */
  readonly of: (id: string) => string;
}

async function graded(image: string, ...flags: readonly string[]): Promise<Graded> {
  const args = ['grade', '--json', '--offline', '--scanner', 'none', ...flags, image];
  const { stdout, stderr } = await scoville.expect(0, args, { cwd: folder, env: store });
  const card = JSON.parse(stdout) as Scorecard;
  const of = (id: string) => card.criteria.find((one) => one.id === id)?.outcome ?? 'none';
  return { card, stderr, of };
}

const outcomes = ({ of }: Graded, ids: string): readonly string[] =>
  ids.split(' ').map((id) => `${id} ${of(id)}`);

beforeAll(() => {
  const settings = ['driver = "vfs"', `graphroot = "${at('graph')}"`, `runroot = "${at('run')}"`];
  writeFileSync(at('storage.conf'), ['[storage]', ...settings, ''].join('\n'));
});

describe('buildah', () => {
  const DOCKERFILE = [
    `FROM ${bases.busybox}`,
    'RUN mkdir /data && (true || wget -O /data/x http://example.com/x)',
    'RUN true || apt-get install -y curl',
    'COPY note.txt /note.txt',
    'ENV API_KEY=sk-4f1a9c27d3b84e60',
    'USER 1000:1000',
    '',
  ];
  // Where a machine has lower limits than buildah asks for, it may not raise them.
  const LIMITS = ['--isolation=chroot', '--ulimit=nofile=1024:1024', '--ulimit=nproc=4096:4096'];

  beforeAll(async () => {
    mkdirSync(at('context'));
    writeFileSync(at('context', 'Dockerfile'), DOCKERFILE.join('\n'));
    writeFileSync(at('context', 'note.txt'), 'hello\n');
    for (const [name, ...flags] of [['app'], ['layers', '--layers'], ['docker', '--format=docker']])
      await buildah(
        ...['build', '--quiet', '--tls-verify=false', ...LIMITS, ...flags],
        ...['--tag', `localhost/${name ?? ''}:1`, 'context'],
      );
  });

  const CONTENT = 'no-shell no-package-manager no-secrets no-elevated-files nonroot-user';
  const OUTCOMES = [
    ...['no-shell fail', 'no-package-manager pass', 'no-secrets fail', 'no-elevated-files pass'],
    'nonroot-user pass',
  ];

  test.each(['app', 'layers', 'docker'])(
    '%s: one verdict, whatever form it is in',
    async (name) => {
      const image = `localhost/${name}:1`;
      const places = [
        `oci:${at(`${name}-oci`)}`,
        `oci-archive:${at(`${name}-oci.tar`)}`,
        `docker-archive:${at(`${name}.tar`)}`,
        `dir:${at(`${name}-dir`)}`,
      ];
      for (const place of places) await buildah('push', '--quiet', image, place);
      for (const place of [`containers-storage:${image}`, ...places]) {
        const one = await graded(place);
        expect([place, ...outcomes(one, CONTENT)]).toEqual([place, ...OUTCOMES]);
        expect(one.stderr).toContain(`${name === 'layers' ? 4 : 2} layers read`);
      }
    },
  );

  test('what only the history shows is at its entry there, and of no Dockerfile', async () => {
    const image = 'containers-storage:localhost/layers:1';
    const history = JSON.parse(
      await output('skopeo', ['inspect', '--config', image], { env: store }),
    ) as { readonly history: readonly { readonly created_by: string }[] };
    const { card } = await graded(image);
    const evidence = card.criteria.flatMap(({ id, evidence: found }) =>
      found.flatMap((one) => (one.kind === 'dockerfile' ? [{ id, ...one }] : [])),
    );
    expect(evidence.map(({ id }) => id)).toEqual(['verified-downloads', 'pinned-packages']);
    for (const one of evidence) {
      expect(one.inHistory).toBe(true);
      expect(history.history[one.startLine - 1]?.created_by).toContain(one.text);
    }
    const [download, install] = evidence.map(({ startLine }) => `history:${startLine}`);
    const shown = await scoville.expect(0, ['grade', '--offline', '--scanner=none', image], {
      env: store,
    });
    expect(shown.stdout).toMatch(RegExp(`verified-downloads .* ${download}\n`));
    expect(shown.stdout).toMatch(RegExp(`pinned-packages .* ${install}\n`));
    expect(shown.stdout).not.toContain('Dockerfile:');
  });

  test('its Dockerfile, named, fits its history and has the lines', async () => {
    const flags = ['--file', at('context', 'Dockerfile')];
    for (const name of ['app', 'layers']) {
      const { card } = await graded(`containers-storage:localhost/${name}:1`, ...flags);
      const places = card.criteria.flatMap(({ evidence }) =>
        evidence.flatMap((one) => (one.kind === 'dockerfile' ? [one.startLine] : [])),
      );
      expect([name, ...places]).toEqual([name, 2, 3]);
      expect(JSON.stringify(card.notices)).not.toContain('may not be this image');
    }
  });

  test('a container that was changed by hand and committed, from a base and from nothing', async () => {
    const made = async (base: string, name: string): Promise<Graded> => {
      const container = (await buildah('from', '--tls-verify=false', base)).trim();
      await buildah('copy', '--quiet', container, at('context', 'note.txt'), '/note.txt');
      await buildah('config', '--user=1000:1000', '--cmd=/note.txt', container);
      await buildah('commit', '--quiet', '--rm', container, `localhost/${name}:1`);
      return graded(`containers-storage:localhost/${name}:1`);
    };
    const unknown = ['trusted-source unknown', 'pinned-packages unknown', 'signed unknown'];
    const asked = 'no-shell nonroot-user trusted-source pinned-packages signed';
    expect(outcomes(await made(bases.busybox, 'by-hand'), asked)).toEqual([
      ...['no-shell fail', 'nonroot-user pass', ...unknown],
    ]);
    expect(outcomes(await made('scratch', 'scratch'), asked)).toEqual([
      ...['no-shell pass', 'nonroot-user pass', ...unknown],
    ]);
  });

  test('a list of podman’s store: the printed commands grade it', async () => {
    await buildah('manifest', 'create', 'localhost/list:1', 'localhost/app:1');
    const place = 'containers-storage:localhost/list:1';
    const ended = await scoville.expect(2, ['grade', '--offline', place], {
      cwd: folder,
      env: store,
    });
    const [, push = '', image = ''] =
      /next: (podman manifest push .*) && scoville grade (\S+)\n/.exec(ended.stderr) ?? [];
    await output('sh', ['-c', push], { cwd: folder, env: store });
    expect(outcomes(await graded(image), CONTENT)).toEqual(OUTCOMES);
  });
});

describe('Nix', () => {
  const NIX = { NIX_REMOTE: `local?root=${at('nix')}` };

  /** Builds in a sandbox and a store of this file's own. */
  async function built(shell: boolean): Promise<string> {
    const flags = Object.entries({
      'build-users-group': '',
      substitute: 'false',
      'sandbox-paths': '/bin /usr /lib /lib64',
    }).flatMap(([name, value]) => ['--option', name, value]);
    const file = join(ROOT, 'test/e2e/nix/image.nix');
    const args = ['--no-out-link', ...flags, '--arg', 'shell', String(shell), file];
    return at('nix', (await output('nix-build', args, { env: NIX })).trim());
  }

  test.each([
    [false, 'no-shell pass', 2],
    [true, 'no-shell fail', 3],
  ])('a layer for each store path; with a shell: %s', async (shell, noShell, packages) => {
    const one = await graded(await built(shell));
    expect(one.stderr).toContain(`inspect: ${packages} packages, `);
    expect(
      outcomes(one, 'no-shell no-package-manager no-elevated-files nonroot-user recently-updated'),
    ).toEqual([
      ...[noShell, 'no-package-manager pass', 'no-elevated-files pass', 'nonroot-user fail'],
      // The fixed date of 1970 says nothing.
      'recently-updated unknown',
    ]);
    const shown = one.card.criteria.find(({ id }) => id === 'no-shell')?.evidence ?? [];
    const shells = shown.flatMap((found) => (found.kind === 'file' ? [found.path] : []));
    expect(shells).toEqual(
      shell
        ? [expect.stringMatching(/^nix\/store\/\w{32}-bash-interactive-5\.2p37\/bin\/bash$/)]
        : [],
    );
  });

  test('its store as a root file system', async () => {
    await built(true);
    const one = await graded(`rootfs:${at('nix')}`);
    expect(one.stderr).toMatch(/inspect: 3 packages, /);
    expect(one.of('no-shell')).toBe('fail');
  });
});
