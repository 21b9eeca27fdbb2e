import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { type GradeRecord, recordOf } from '../../src/service/record-rows.ts';
import { startFakeRegistry } from '../fakes/fake-registry.ts';
import { ImageBytes } from '../fakes/images.ts';
import { layerTar } from '../fakes/tar-bytes.ts';
import { GraderStand, imageOf, NOW } from './grader-stand.ts';
import { manyFilesLayer } from './hostile-layers.ts';
import { rule } from './whole.ts';

const stand = new GraderStand();

/** A layer that no other test has: whose facts nobody knows yet. */
function debian(): Buffer {
  return layerTar({
    'etc/motd': randomBytes(8).toString('hex'),
    'etc/os-release': 'ID=debian\nVERSION_ID="13"\n',
    'var/lib/dpkg/status':
      'Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.3-1\nMaintainer: x\nDescription: x\n',
  });
}

function known(name: string, versions?: readonly string[]) {
  const affected = { package: { ecosystem: 'Debian:13', name } };
  const id = `DEBIAN-CVE-2026-${name.length}`;
  return { id, affected: [versions === undefined ? affected : { ...affected, versions }] };
}

/** As it comes out of a grader's process. */
function sent(made: GradeRecord | undefined): object {
  return { ...made, document: made && Buffer.from(made.document).toString() };
}

describe('a grader', () => {
  test('grades an image of a registry, with counts and dates', async () => {
    const { bytes, root } = imageOf([debian()], { config: { created: '2026-02-20T00:00:00Z' } });
    stand.push('team/app', bytes, root);
    stand.osv.entries.push(known('curl', ['0']), known('openssl', ['0']), known('zlib1g'));
    const answer = await stand.ask(stand.grader(), 'team/app');
    expect(answer).toMatchObject({
      ok: true,
      made: {
        scorecard: {
          image: `${stand.registry.host}/team/app:1`,
          digest: root.digest,
          gradedAt: '2026-03-01T12:00:00.000Z',
        },
        counts: { critical: 0, high: 0, medium: 0, low: 0, unknown: 1 },
        builtAt: new Date('2026-02-20T00:00:00Z'),
        advisoriesAt: new Date(NOW),
        report: { contents: [{ platform: 'linux/amd64', facts: { packages: { known: true } } }] },
      },
    });
    stand.osv.entries.length = 0;
  });

  test('reads no layer of a digest again, and asks for its manifest alone', async () => {
    const { bytes, root, layers } = imageOf([debian()], {
      config: { created: '2026-01-01T00:00:00Z' },
    });
    stand.push('team/again', bytes, root);
    const own = stand.grader();
    expect(await stand.ask(own, 'team/again')).toMatchObject({ ok: true });
    expect(stand.registry.calls).toContain(`GET /v2/team/again/blobs/${layers[0]?.digest}`);
    stand.registry.requests.length = 0;
    stand.osv.entries.push(known('curl', ['0']), known('openssl', ['0']), known('zlib1g'));
    const tomorrow = NOW + 86_400_000;
    const name = `${stand.registry.host}/team/again:1`;
    const again = (now: number) => stand.again(own, [name, `${name}0`], now);
    const made = await again(tomorrow);
    expect(stand.registry.calls.toSorted()).toEqual([
      'GET /v2/team/again/manifests/1',
      'GET /v2/team/again/manifests/10',
    ]);
    expect([...made.keys()]).toEqual([name]);
    expect(made.get(name)).toMatchObject({
      ...{ counts: [0, 0, 0, 0, 1], graded_at: '2026-03-02T12:00:00.000Z' },
    });
    // It says what a whole grade says.
    const whole = await stand.ask(own, 'team/again', { now: tomorrow });
    expect(whole.ok && sent(recordOf(whole.made))).toEqual(sent(made.get(name)));
    stand.osv.entries.length = 0;
    // Somebody asks: what hangs on it is looked up too, and still no layer is read.
    stand.registry.requests.length = 0;
    await stand.ask(own, 'team/again', { now: tomorrow });
    expect(stand.registry.calls).toContain(`GET /v2/team/again/referrers/${root.digest}`);
    expect(stand.registry.calls).not.toContain(`GET /v2/team/again/blobs/${layers[0]?.digest}`);
    // A week later, a daily grade has to look too.
    expect((await again(tomorrow + 6.9 * 86_400_000)).size).toBe(1);
    expect((await again(tomorrow + 7 * 86_400_000)).size).toBe(0);
  });

  test('looks again for what hangs on a young image', async () => {
    const { bytes, root } = imageOf([debian()], { config: { created: '2026-03-01T11:00:00Z' } });
    stand.push('team/young', bytes, root);
    const own = stand.grader();
    await stand.ask(own, 'team/young');
    const names = [`${stand.registry.host}/team/young:1`];
    expect((await stand.again(own, names, NOW + 86_400_000)).size).toBe(0);
  });

  test('takes a tag that moved for the new image', async () => {
    stand.push('team/moves', new ImageBytes());
    const own = stand.grader();
    await stand.ask(own, 'team/moves');
    const bytes = new ImageBytes();
    const digest = stand.push('team/moves', bytes, bytes.image({ text: 'other' }));
    const names = [`${stand.registry.host}/team/moves:1`];
    expect((await stand.again(own, names, NOW)).size).toBe(0);
    expect(await stand.ask(own, 'team/moves')).toMatchObject({ made: { scorecard: { digest } } });
  });
});

describe('facts of layers', () => {
  const table = new Map<string, Uint8Array>();
  const facts = {
    get: (name: string) => Promise.resolve(table.get(name)),
    put: (name: string, packed: Uint8Array) => Promise.resolve(void table.set(name, packed)),
  };
  /** By a machine that has graded nothing yet. */
  async function askAnew(repository: string) {
    stand.registry.requests.length = 0;
    const home = await mkdtemp(join(tmpdir(), 'scoville-service-'));
    const grader = stand.grader({}, { facts, home });
    try {
      return await stand.ask(grader, repository);
    } finally {
      grader.close();
      await rm(home, { recursive: true, force: true });
    }
  }

  test('are read once for all machines, unless the table has others', async () => {
    const tar = debian();
    const { bytes, root, layers } = imageOf([tar]);
    stand.push('team/shared', bytes, root);
    const read = `GET /v2/team/shared/blobs/${layers[0]?.digest}`;
    const first = await askAnew('team/shared');
    expect(first).toMatchObject({ ok: true });
    expect(stand.registry.calls).toContain(read);
    const [[key = '', packed = Buffer.alloc(0)] = []] = table;
    expect([table.size, key.length]).toEqual([1, 64]);
    expect(await askAnew('team/shared')).toEqual(first);
    expect(stand.registry.calls).not.toContain(read);

    const name = `${layers[0]?.digest} ${digestOf(tar)}\n`;
    const plain = gunzipSync(packed).toString();
    expect(plain.startsWith(name)).toBe(true);
    const other = `${digestOf('c')}${plain.slice(digestOf('c').length)}`;
    const large = Buffer.concat([Buffer.from(plain), Buffer.alloc(65 << 20, ' ')]);
    for (const damaged of [
      Buffer.from('nothing'),
      ...[other, `${name}{"schema":1,"paths":""}`, `${name}{`, large].map((one) => gzipSync(one)),
    ]) {
      table.set(key, damaged);
      expect(await askAnew('team/shared')).toEqual(first);
      expect(stand.registry.calls).toContain(read);
      expect(table.get(key)).toEqual(packed);
    }
  });
});

describe('what a registry does', () => {
  test.each([
    ['does not have the tag', 404, 'image', true],
    ['refuses', 403, 'image', undefined],
    ['has a fault', 503, 'registry', undefined],
  ])('where it %s (%i) that is a failure of kind %s', async (_, status, kind, gone) => {
    stand.registry.fail(/manifests\/1/, { do: 'status', status }, 99);
    const answer = await stand.ask(stand.grader(), 'team/app');
    expect(answer).toMatchObject({ ok: false, kind });
    expect(answer.ok ? undefined : answer.gone).toBe(gone);
    if (status === 403)
      expect(answer).toMatchObject({
        nextStep: 'give the registry a username and passwordFile in settings that may read it',
      });
  });

  test('its passwords are those of settings, or of the request alone', async () => {
    const locked = await startFakeRegistry({ auth: 'bearer', username: 'me', password: 'right' });
    try {
      const bytes = new ImageBytes();
      const root = bytes.image();
      for (const [digest, blob] of bytes.blobs) {
        locked.putBlob('app', blob);
        if (digest === root.digest) locked.putManifest('app', '1', blob, MEDIA_TYPE.manifest);
      }
      const image = { registry: locked.host, repository: 'app', tag: '1' };
      const settings = stand.settings();
      const withRule = (more: object) =>
        stand.grader(
          {},
          {
            settings: {
              ...settings,
              registries: [rule(locked.host, { plainHttp: true, ...more })],
            },
          },
        );
      // What `docker login` left on this machine is not asked.
      await writeFile(
        join(stand.home, 'config.json'),
        JSON.stringify({ auths: { [locked.host]: { auth: btoa('me:right') } } }),
      );
      const none = withRule({});
      expect(await none.grade({ image, now: NOW })).toMatchObject({ ok: false, kind: 'image' });
      const right = { username: 'me', password: 'right' };
      const own = withRule({ credentials: right });
      expect(await own.grade({ image, now: NOW })).toMatchObject({ ok: true });
      const credentials = right;
      expect(await none.grade({ image, now: NOW, credentials })).toMatchObject({ ok: true });
      // And forgotten.
      expect(await none.grade({ image, now: NOW })).toMatchObject({ ok: false });
    } finally {
      await locked.close();
    }
  });

  test('it leads nowhere that settings do not name', async () => {
    const { bytes, root, layers } = imageOf([layerTar({ 'etc/motd': String(randomBytes(8)) })]);
    stand.push('team/leads', bytes, root);
    for (const to of [
      'https://169.254.169.254/latest/meta-data/',
      'http://127.0.0.1:9/',
      'https://registry.example.com@evil.example/blob',
      'https://evil.example/blob',
    ]) {
      stand.registry.fail(new RegExp(`GET .*${layers[0]?.digest}`), { do: 'redirect', to }, 1);
      const answer = await stand.ask(stand.grader(), 'team/leads');
      const { host } = new URL(to);
      expect(answer).toMatchObject({ ok: false, kind: 'image' });
      expect(answer.ok || answer.message).toContain(
        `${host} is not among the hosts that settings allow`,
      );
    }
  });

  test('its tokens come from nowhere that settings do not name', async () => {
    const headers = { 'www-authenticate': 'Bearer realm="https://evil.example/token",service="x"' };
    stand.registry.fail(/manifests\/1/, { do: 'status', status: 401, headers }, 9);
    const answer = await stand.ask(stand.grader(), 'team/app');
    expect(answer).toMatchObject({ ok: false, kind: 'image' });
    expect(answer.ok || answer.message).toMatch(/evil\.example is not among the hosts/);
  });

  test('a name that answers an address of a private network is not asked', async () => {
    const { port } = new URL(`http://${stand.registry.host}`);
    // This machine's own name leads to it, or to nothing.
    const host = `${hostname().toLowerCase()}:${port}`;
    const settings = stand.settings();
    const own = stand.grader(
      {},
      { settings: { ...settings, registries: [rule(host, { plainHttp: true })] } },
    );
    const image = { registry: host, repository: 'team/app', tag: '1' };
    const answer = await own.grade({ image, now: NOW });
    expect(answer).toMatchObject({ ok: false });
    expect(answer.ok || answer.message).toMatch(/address of a private network|ENOTFOUND|EAI_AGAIN/);
    expect(stand.registry.calls).toEqual([]);
  });
});

describe('bounds', () => {
  test('layers that are too large are not asked for', async () => {
    const { bytes, root } = imageOf([debian()]);
    stand.push('team/large', bytes, root);
    const answer = await stand.ask(stand.grader({ layerBytes: 100 }), 'team/large');
    expect(answer).toMatchObject({ ok: false, kind: 'bounds' });
    expect(answer.ok || answer.message).toMatch(/^its layers have \d+ bytes, and at most 100 are/);
    expect(stand.registry.calls.filter((call) => call.includes('/blobs/')).length).toBe(1);
  });

  test('a registry that hangs takes no longer than a grade may, and the next goes well', async () => {
    stand.push('team/app', new ImageBytes());
    stand.registry.fail(/manifests\/1/, { do: 'hang' });
    const own = stand.grader({ seconds: 2 });
    expect(await stand.ask(own, 'team/app')).toEqual({
      ...{ ok: false, kind: 'bounds', message: 'it took more than 2 seconds' },
    });
    expect(await stand.ask(own, 'team/app')).toMatchObject({ ok: true });
  });

  test('a layer that takes too much memory ends its process alone', async () => {
    const { bytes, root } = imageOf([manyFilesLayer(300_000)]);
    stand.push('team/bomb', bytes, root);
    stand.push('team/app', new ImageBytes());
    const own = stand.grader({ memory: 160 * 1024 * 1024 });
    expect(await stand.ask(own, 'team/bomb')).toEqual({
      ...{ ok: false, kind: 'bounds', message: 'it took more than 160 MiB of memory' },
    });
    expect(await stand.ask(own, 'team/app')).toMatchObject({ ok: true });
  });

  test('a process that ends is a failure of that grade, and another one comes', async () => {
    stand.push('team/app', new ImageBytes());
    const own = stand.grader();
    await stand.ask(own, 'team/app');
    const { pid } = own;
    stand.registry.fail(/manifests\/1/, { do: 'delay', ms: 300 });
    const answer = stand.ask(own, 'team/app');
    setTimeout(() => process.kill(Number(pid), 'SIGKILL'), 100);
    expect(await answer).toMatchObject({ ok: false, kind: 'bounds' });
    expect(await stand.ask(own, 'team/app')).toMatchObject({ ok: true });
    expect(own.pid).not.toBe(pid);
  });

  test('a grade that is stopped ends its process', async () => {
    stand.push('team/app', new ImageBytes());
    const own = stand.grader();
    stand.registry.fail(/manifests\/1/, { do: 'hang' });
    const stop = new AbortController();
    const image = { registry: stand.registry.host, repository: 'team/app', tag: '1' };
    const answer = own.grade({ image, now: NOW }, { signal: stop.signal });
    setTimeout(() => {
      stop.abort();
    }, 50);
    expect(await answer).toMatchObject({ ok: false, message: 'it was stopped' });
    expect(own.pid).toBeUndefined();
  });

  test('a damaged layer is a failure of the image', async () => {
    const { bytes, root, layers } = imageOf([layerTar({ 'etc/motd': 'to be damaged' })]);
    stand.push('team/damaged', bytes, root);
    stand.registry.blobs.set(
      `team/damaged@${layers[0]?.digest}`,
      Buffer.alloc(layers[0]?.size ?? 0),
    );
    expect(await stand.ask(stand.grader(), 'team/damaged')).toMatchObject({
      ok: false,
      kind: 'image',
    });
  });
});

test('the settings of a project in the folder, and of the user, do not count', async () => {
  stand.push('team/app', new ImageBytes());
  await writeFile(join(stand.home, '.scoville.yaml'), 'scanner: none\n');
  const answer = await stand.ask(stand.grader(), 'team/app');
  expect(answer).toMatchObject({ ok: true });
  expect(answer.ok && answer.made.scorecard.trust).toBeUndefined();
  expect(answer.ok && answer.made.report.contents[0]?.facts.vulnerabilities.known).toBe(true);
  expect(await readFile(join(stand.home, '.scoville.yaml'), 'utf8')).toBe('scanner: none\n');
  await rm(join(stand.home, '.scoville.yaml'));
});
