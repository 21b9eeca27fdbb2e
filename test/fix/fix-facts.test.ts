import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Registries } from '../../src/build/registries.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { readForEdits } from '../../src/dockerfile/analyse-dockerfile.ts';
import { fixDigests, fixHashes } from '../../src/fix/plan.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { digestOf } from '../../src/model/reference.ts';
import { withPlainHttp } from '../../src/model/settings.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  response.statusCode = request.url === '/there' ? 200 : 404;
  if (request.url === '/on') response.writeHead(302, { location: `${other}/there` });
  response.end('content');
});
let base = '';
/** The same server by a name that nobody allowed. */
let other = '';
const asked: string[] = [];

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  base = `http://127.0.0.1:${port}`;
  other = `http://localhost:${port}`;
});
afterAll(() => {
  server.close();
});

/** A Dockerfile and what is asked about it. */
function request(text: string, need: 'hashes' | 'digests', more: object) {
  const read = readForEdits(text);
  if (!read.ok) throw new Error(read.error.message);
  return {
    ...{ read: read.value, needs: new Set([need]), contextFolder: '/nowhere', buildArgs: [] },
    ...{ dockerfile: '/nowhere/Dockerfile', target: undefined, refresh: false, build: false },
    settings: { ...DEFAULT_SETTINGS, ...more },
  };
}

async function hashesOf(lines: readonly string[], offline = false, named = [base.slice(7)]) {
  const events: PipelineEvent[] = [];
  const context = contextOf(fakeRun([]).run, '/nowhere', { emit: (event) => events.push(event) });
  const settings = { offline, registries: withPlainHttp({}, named) };
  const asks = request(['FROM debian', ...lines].join('\n'), 'hashes', settings);
  return { found: await fixHashes(context, asks), events };
}

test('each address once, and how many came is told at the end', async () => {
  const { found, events } = await hashesOf([
    `ADD ${base}/there /a`,
    `ADD ${base}/there /b`,
    `ADD ${base}/gone /c`,
  ]);
  const sha256 = createHash('sha256').update('content').digest('hex');
  expect(found.get(`${base}/there`)).toMatchObject({
    ok: true,
    value: { digest: `sha256:${sha256}` },
  });
  expect(found.get(`${base}/gone`)).toMatchObject({ ok: false });
  expect(events).toEqual([
    { kind: 'phase-started', phase: 'inspect' },
    { kind: 'notice', text: `fetching ${base}/there for its hash` },
    { kind: 'notice', text: `fetching ${base}/gone for its hash` },
    { kind: 'phase-done', phase: 'inspect', seconds: 0, detail: '1 of 2 downloads fetched' },
  ]);
});

test('nothing is told where nothing is downloaded', async () => {
  expect(await hashesOf(['RUN true'])).toEqual({ found: new Map(), events: [] });
});

test('nothing is fetched offline', async () => {
  const { found, events } = await hashesOf([`ADD ${base}/there /a`], true);
  expect(found.get(`${base}/there`)).toEqual({ ok: false, error: 'nothing is fetched offline' });
  expect(events).toEqual([]);
});

test('this machine is not asked unless the user names it, a redirect to it neither', async () => {
  const before = asked.length;
  const { found } = await hashesOf([`ADD ${base}/there /a`], false, []);
  expect(found.get(`${base}/there`)).toMatchObject({ ok: false });
  expect(asked).toHaveLength(before);
  const { found: on } = await hashesOf([`ADD ${base}/on /a`]);
  expect(on.get(`${base}/on`)).toMatchObject({ ok: false });
  expect(asked.slice(before)).toEqual(['/on']);
});

test('offline, only registries of images that the Dockerfile has are asked', async () => {
  const text = 'FROM registry.example.com/golang:1.24\nRUN go build -o /a .\nCMD ["/a"]\n';
  for (const [offline, expected] of [
    [true, ['registry.example.com']],
    [false, ['gcr.io', 'registry.example.com']],
  ] as const) {
    const registriesAsked = new Set<string>();
    const registries = {
      reader: (registry: string) => {
        registriesAsked.add(registry);
        const root = { descriptor: { digest: digestOf('x') } };
        return { findManifest: () => Promise.resolve(root) };
      },
    } as unknown as Registries;
    const context = contextOf(fakeRun([]).run, '/nowhere');
    await fixDigests(context, registries, request(text, 'digests', { offline }), undefined);
    expect([...registriesAsked].sort()).toEqual(expected);
  }
});

test('a hint asks again after a day, or an hour where none answered; a refresh always does', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-fix-facts-'));
  try {
    const text = 'FROM registry.example.com/golang:1.24\nRUN go build -o /a .\nCMD ["/a"]\n';
    const names = new Set<string>();
    const registries = {
      reader: (registry: string) => ({
        findManifest: () => {
          names.add(registry);
          if (registry === 'gcr.io') return Promise.reject(new Error('no way there'));
          return Promise.resolve({ descriptor: { digest: digestOf('x') } });
        },
      }),
    } as unknown as Registries;
    const start = Date.now();
    const ask = async (minutes: number, more: object = {}) => {
      names.clear();
      asked.length = 0;
      const now = (): number => start + minutes * 60_000;
      const context = { ...contextOf(fakeRun([]).run, folder), now };
      const isHint = { isHint: true, ...more };
      const about = { ...request(text, 'digests', {}), ...isHint };
      const digests = await fixDigests(context, registries, about, undefined);
      const settings = { registries: withPlainHttp({}, [base.slice(7)]) };
      const downloads = request(`FROM debian\nADD ${base}/there /a`, 'hashes', settings);
      const hashes = await fixHashes(context, { ...downloads, ...isHint });
      expect(digests.get('registry.example.com/golang:1.24')).toMatchObject({ ok: true });
      expect([...digests.values()]).toContainEqual({ ok: false, error: 'no way there' });
      expect(hashes.get(`${base}/there`)).toMatchObject({ ok: true });
      return [...names].sort().concat(asked);
    };
    const all = ['gcr.io', 'registry.example.com', '/there'];
    expect(await ask(0)).toEqual(all);
    expect(await ask(59)).toEqual([]);
    expect(await ask(59, { refresh: true })).toEqual(['registry.example.com']);
    expect(await ask(59, { isHint: false })).toEqual(all);
    expect(await ask(61)).toEqual(['gcr.io']);
    expect(await ask(24 * 60 + 1)).toEqual(all);
    expect(await ask(1)).toEqual(all);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
