import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { Grader, type GraderAnswer, type GraderOptions } from '../../src/service/grader.ts';
import { packFacts, sharedKey, unpackFacts } from '../../src/service/kept.ts';
import type { FakeOsv } from '../fakes/fake-osv.ts';
import { fakeOsv } from '../fakes/fake-osv.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/fake-registry.ts';
import { ImageBytes } from '../fakes/images.ts';
import { entry, layerTar, tarOf } from '../fakes/tar-bytes.ts';
import { type BundledGrader, bundledGrader } from './bundled-grader.ts';

let bundle: BundledGrader;
let registry: FakeRegistry;
let osv: FakeOsv;
let home = '';
const open: Grader[] = [];
const NOW = Date.parse('2026-03-01T12:00:00Z');

beforeAll(async () => {
  bundle = await bundledGrader();
  registry = await startFakeRegistry({ referrersApi: true });
  osv = await fakeOsv();
  home = await mkdtemp(join(tmpdir(), 'scoville-service-'));
});

afterAll(async () => {
  await registry.close();
  await osv.close();
  await bundle.remove();
  await rm(home, { recursive: true, force: true });
});

afterEach(() => {
  for (const grader of open.splice(0)) grader.close();
  registry.requests.length = registry.faults.length = 0;
});

function rule(host: string, more: Partial<GraderOptions['settings']['registries'][0]> = {}) {
  const plain = { repositories: [], follow: [], plainHttp: true, also: [], isPrivate: false };
  return { host, ...plain, ...more };
}

function gradersOptions(bounds = {}): GraderOptions {
  return {
    settings: {
      registries: [rule(registry.host)],
      osv: osv.url,
      trust: { images: [], keys: [], identities: [], bases: [] },
      bounds: { memory: 1024 ** 3, seconds: 60, layerBytes: 1e9, factBytes: 1e9, ...bounds },
    },
    home,
    facts: { get: () => Promise.resolve(undefined), put: () => Promise.resolve() },
    env: process.env,
    file: bundle.file,
  };
}

function grader(more: Partial<GraderOptions> = {}, bounds = {}): Grader {
  const made = new Grader({ ...gradersOptions(bounds), ...more });
  open.push(made);
  return made;
}

/** Into the registry, under a tag. */
function push(repository: string, tag: string, bytes: ImageBytes, root = bytes.image()): string {
  for (const [digest, blob] of bytes.blobs) {
    registry.putBlob(repository, blob);
    if (digest === root.digest) registry.putManifest(repository, tag, blob, MEDIA_TYPE.manifest);
  }
  return root.digest;
}

function ask(made: Grader, repository: string, tag = '1', more = {}): Promise<GraderAnswer> {
  const image = { registry: registry.host, repository, tag };
  return made.grade({ image, now: NOW, ...more });
}

/** An image of these layers, with what its configuration says. */
function imageOf(tars: readonly Buffer[], config: Readonly<Record<string, unknown>> = {}) {
  const bytes = new ImageBytes();
  const layers = tars.map((tar) => bytes.add(gzipSync(tar, { level: 1 }), MEDIA_TYPE.layerGzip));
  const diffIds = tars.map((tar) => digestOf(tar));
  const root = bytes.image({
    config: { rootfs: { type: 'layers', diff_ids: diffIds }, ...config },
    manifest: { layers },
  });
  return { bytes, root, layers };
}

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

describe('a grader', () => {
  test('grades an image of a registry, with counts and dates', async () => {
    const { bytes, root } = imageOf([debian()], { created: '2026-02-20T00:00:00Z' });
    push('team/app', '1', bytes, root);
    osv.entries.push(known('curl', ['0']), known('openssl', ['0']), known('zlib1g'));
    const answer = await ask(grader(), 'team/app');
    expect(answer).toMatchObject({
      ok: true,
      made: {
        digest: root.digest,
        scorecard: {
          image: `${registry.host}/team/app:1`,
          digest: root.digest,
          gradedAt: '2026-03-01T12:00:00.000Z',
        },
        counts: { critical: 0, high: 0, medium: 0, low: 0, unknown: 1 },
        builtAt: new Date('2026-02-20T00:00:00Z'),
        advisoriesAt: new Date(NOW),
        report: { contents: [{ platform: 'linux/amd64', facts: { packages: { known: true } } }] },
      },
    });
    osv.entries.length = 0;
  });

  test('reads no layer of a digest again, and asks for its manifest alone', async () => {
    const { bytes, root, layers } = imageOf([debian()], { created: '2026-01-01T00:00:00Z' });
    push('team/again', '1', bytes, root);
    const own = grader();
    expect(await ask(own, 'team/again')).toMatchObject({ ok: true });
    expect(registry.calls).toContain(`GET /v2/team/again/blobs/${layers[0]?.digest}`);
    registry.requests.length = 0;
    osv.entries.push(known('curl', ['0']), known('openssl', ['0']), known('zlib1g'));
    const tomorrow = NOW + 86_400_000;
    const answer = await ask(own, 'team/again', '1', { isAgain: true, now: tomorrow });
    expect(registry.calls).toEqual(['GET /v2/team/again/manifests/1']);
    expect(answer).toMatchObject({
      ok: true,
      made: { counts: { unknown: 1 }, scorecard: { gradedAt: '2026-03-02T12:00:00.000Z' } },
    });
    osv.entries.length = 0;
    // Somebody asks: what hangs on it is looked up too, and still no layer is read.
    registry.requests.length = 0;
    await ask(own, 'team/again', '1', { now: tomorrow });
    expect(registry.calls).toContain(`GET /v2/team/again/referrers/${root.digest}`);
    expect(registry.calls).not.toContain(`GET /v2/team/again/blobs/${layers[0]?.digest}`);
    // A week later, a daily grade looks too.
    registry.requests.length = 0;
    await ask(own, 'team/again', '1', { isAgain: true, now: NOW + 9 * 86_400_000 });
    expect(registry.calls).toContain(`GET /v2/team/again/referrers/${root.digest}`);
  });

  test('looks again for what hangs on a young image', async () => {
    const { bytes, root } = imageOf([debian()], { created: '2026-03-01T11:00:00Z' });
    push('team/young', '1', bytes, root);
    const own = grader();
    await ask(own, 'team/young');
    registry.requests.length = 0;
    await ask(own, 'team/young', '1', { isAgain: true, now: NOW + 86_400_000 });
    expect(registry.calls).toContain(`GET /v2/team/young/referrers/${root.digest}`);
  });

  test('takes a tag that moved for the new image', async () => {
    push('team/moves', '1', new ImageBytes());
    const own = grader();
    await ask(own, 'team/moves');
    const bytes = new ImageBytes();
    const digest = push('team/moves', '1', bytes, bytes.image({ text: 'other' }));
    expect(await ask(own, 'team/moves', '1', { isAgain: true })).toMatchObject({
      made: { digest },
    });
  });
});

describe('facts of layers', () => {
  const key = `${digestOf('a')} ${digestOf('b')}`;

  test('are read once for all machines', async () => {
    const table = new Map<string, Uint8Array>();
    const facts = {
      get: (name: string) => Promise.resolve(table.get(name)),
      put: (name: string, packed: Uint8Array) => Promise.resolve(void table.set(name, packed)),
    };
    const { bytes, root, layers } = imageOf([debian()]);
    push('team/shared', '1', bytes, root);
    const first = await ask(grader({ facts }), 'team/shared');
    expect(table.size).toBe(1);
    registry.requests.length = 0;
    const other = await mkdtemp(join(tmpdir(), 'scoville-service-'));
    try {
      expect(await ask(grader({ facts, home: other }), 'team/shared')).toEqual(first);
      expect(registry.calls).not.toContain(`GET /v2/team/shared/blobs/${layers[0]?.digest}`);
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  test.each([
    ['no gzip', Buffer.from('nothing')],
    ['another layer', gzipSync(`${digestOf('c')} ${digestOf('b')}\n{"schema":30}`)],
    ['another schema', gzipSync(`${key}\n{"schema":1,"paths":""}`)],
    ['no JSON', gzipSync(`${key}\n{`)],
    ['not all of it', gzipSync(`${key}\n{"schema":30,"paths":""}`)],
    ['too much', gzipSync(Buffer.concat([Buffer.from(`${key}\n`), Buffer.alloc(65 << 20, ' ')]))],
  ])('of the table do not count where they are %s', async (_, packed) => {
    expect(await unpackFacts(key, packed)).toBeUndefined();
  });

  test('come back as they were, by a key of one length', async () => {
    const tar = debian();
    const tars = imageOf([tar]);
    push('team/packed', '1', tars.bytes, tars.root);
    const table = new Map<string, Uint8Array>();
    const put = (name: string, packed: Uint8Array) => Promise.resolve(void table.set(name, packed));
    const home = await mkdtemp(join(tmpdir(), 'scoville-service-'));
    await ask(
      grader({ home, facts: { get: () => Promise.resolve(undefined), put } }),
      'team/packed',
    );
    await rm(home, { recursive: true, force: true });
    const name = `${tars.layers[0]?.digest} ${digestOf(tar)}`;
    const packed = table.get(sharedKey(name));
    const found = packed && (await unpackFacts(name, packed));
    expect(found?.facts.packages[0]?.packages[0]).toMatchObject({ name: 'zlib1g' });
    const again = await packFacts(name, JSON.stringify(found?.facts));
    expect(again && (await unpackFacts(name, again))?.facts).toEqual(found?.facts);
    expect(sharedKey(name.repeat(100))).toHaveLength(64);
  });
});

describe('what a registry does', () => {
  test.each([
    ['does not have the tag', 404, 'image', true],
    ['refuses', 403, 'image', undefined],
    ['has a fault', 503, 'registry', undefined],
  ])('where it %s (%i) that is a failure of kind %s', async (_, status, kind, gone) => {
    registry.fail(/manifests\/1/, { do: 'status', status }, 99);
    const answer = await ask(grader(), 'team/app');
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
      const { settings } = gradersOptions();
      const withRule = (more: object) =>
        grader({ settings: { ...settings, registries: [rule(locked.host, more)] } });
      // What `docker login` left on this machine is not asked.
      await writeFile(
        join(home, 'config.json'),
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
    push('team/leads', '1', bytes, root);
    for (const to of [
      'https://169.254.169.254/latest/meta-data/',
      'http://127.0.0.1:9/',
      'https://registry.example.com@evil.example/blob',
      'https://evil.example/blob',
    ]) {
      registry.fail(new RegExp(`GET .*${layers[0]?.digest}`), { do: 'redirect', to }, 1);
      const answer = await ask(grader(), 'team/leads');
      const { host } = new URL(to);
      expect(answer).toMatchObject({ ok: false, kind: 'image' });
      expect(answer.ok || answer.message).toContain(
        `${host} is not among the hosts that settings allow`,
      );
    }
  });

  test('its tokens come from nowhere that settings do not name', async () => {
    const headers = { 'www-authenticate': 'Bearer realm="https://evil.example/token",service="x"' };
    registry.fail(/manifests\/1/, { do: 'status', status: 401, headers }, 9);
    const answer = await ask(grader(), 'team/app');
    expect(answer).toMatchObject({ ok: false, kind: 'image' });
    expect(answer.ok || answer.message).toMatch(/evil\.example is not among the hosts/);
  });

  test('a name that answers an address of a private network is not asked', async () => {
    const { port } = new URL(`http://${registry.host}`);
    // This machine's own name leads to it, or to nothing.
    const host = `${hostname().toLowerCase()}:${port}`;
    const { settings } = gradersOptions();
    const own = grader({ settings: { ...settings, registries: [rule(host)] } });
    const image = { registry: host, repository: 'team/app', tag: '1' };
    const answer = await own.grade({ image, now: NOW });
    expect(answer).toMatchObject({ ok: false });
    expect(answer.ok || answer.message).toMatch(/address of a private network|ENOTFOUND|EAI_AGAIN/);
    expect(registry.calls).toEqual([]);
  });
});

/** A layer of empty files, by one header of which the name's digits and the checksum change. */
function manyFiles(count: number): Buffer {
  const start = `usr/share/${'x'.repeat(60)}/`;
  const header = tarOf([{ entry: entry({ name: `${start}000000`, size: 0 }) }]).subarray(0, 512);
  const sum = parseInt(header.toString('latin1', 148, 154), 8);
  const tar = Buffer.alloc(512 * (count + 2));
  for (let i = 0; i < count; i += 1) {
    const digits = String(i).padStart(6, '0');
    const more = Array.from(digits).reduce((all, digit) => all + Number(digit), 0);
    header.copy(tar, 512 * i);
    tar.write(digits, 512 * i + start.length, 'latin1');
    tar.write((sum + more).toString(8).padStart(6, '0'), 512 * i + 148, 'latin1');
  }
  return tar;
}

describe('bounds', () => {
  test('layers that are too large are not asked for', async () => {
    const { bytes, root } = imageOf([debian()]);
    push('team/large', '1', bytes, root);
    const answer = await ask(grader({}, { layerBytes: 100 }), 'team/large');
    expect(answer).toMatchObject({ ok: false, kind: 'bounds' });
    expect(answer.ok || answer.message).toMatch(/^its layers have \d+ bytes, and at most 100 are/);
    expect(registry.calls.filter((call) => call.includes('/blobs/')).length).toBe(1);
  });

  test('a registry that hangs takes no longer than a grade may, and the next goes well', async () => {
    push('team/app', '1', new ImageBytes());
    registry.fail(/manifests\/1/, { do: 'hang' });
    const own = grader({}, { seconds: 2 });
    expect(await ask(own, 'team/app')).toEqual({
      ...{ ok: false, kind: 'bounds', message: 'it took more than 2 seconds' },
    });
    expect(await ask(own, 'team/app')).toMatchObject({ ok: true });
  });

  test('a layer that takes too much memory ends its process alone', async () => {
    const { bytes, root } = imageOf([manyFiles(300_000)]);
    push('team/bomb', '1', bytes, root);
    push('team/app', '1', new ImageBytes());
    const own = grader({}, { memory: 160 * 1024 * 1024 });
    expect(await ask(own, 'team/bomb')).toEqual({
      ...{ ok: false, kind: 'bounds', message: 'it took more than 160 MiB of memory' },
    });
    expect(await ask(own, 'team/app')).toMatchObject({ ok: true });
  });

  test('a process that ends is a failure of that grade, and another one comes', async () => {
    push('team/app', '1', new ImageBytes());
    const own = grader();
    await ask(own, 'team/app');
    const { pid } = own;
    registry.fail(/manifests\/1/, { do: 'delay', ms: 300 });
    const answer = ask(own, 'team/app');
    setTimeout(() => process.kill(Number(pid), 'SIGKILL'), 100);
    expect(await answer).toMatchObject({ ok: false, kind: 'bounds' });
    expect(await ask(own, 'team/app')).toMatchObject({ ok: true });
    expect(own.pid).not.toBe(pid);
  });

  test('after so many grades, and where a grade is stopped, a process is replaced', async () => {
    push('team/app', '1', new ImageBytes());
    const own = grader({ mostGrades: 2 });
    await ask(own, 'team/app');
    const { pid } = own;
    await ask(own, 'team/app');
    expect([typeof pid, own.pid]).toEqual(['number', undefined]);
    registry.fail(/manifests\/1/, { do: 'hang' });
    const stop = new AbortController();
    const image = { registry: registry.host, repository: 'team/app', tag: '1' };
    const answer = own.grade({ image, now: NOW }, { signal: stop.signal });
    setTimeout(() => {
      stop.abort();
    }, 50);
    expect(await answer).toMatchObject({ ok: false, message: 'it was stopped' });
  });

  test('a damaged layer is a failure of the image', async () => {
    const { bytes, root, layers } = imageOf([layerTar({ 'etc/motd': 'to be damaged' })]);
    push('team/damaged', '1', bytes, root);
    registry.blobs.set(`team/damaged@${layers[0]?.digest}`, Buffer.alloc(layers[0]?.size ?? 0));
    expect(await ask(grader(), 'team/damaged')).toMatchObject({ ok: false, kind: 'image' });
  });
});

test('the settings of a project in the folder, and of the user, do not count', async () => {
  push('team/app', '1', new ImageBytes());
  await writeFile(join(home, '.scoville.yaml'), 'scanner: none\n');
  const answer = await ask(grader(), 'team/app');
  expect(answer).toMatchObject({ ok: true });
  expect(answer.ok && answer.made.scorecard.trust).toBeUndefined();
  expect(answer.ok && answer.made.report.contents[0]?.facts.vulnerabilities.known).toBe(true);
  expect(await readFile(join(home, '.scoville.yaml'), 'utf8')).toBe('scanner: none\n');
  await rm(join(home, '.scoville.yaml'));
});
