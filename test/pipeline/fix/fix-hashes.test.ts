import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../src/config/default-settings.ts';
import { readForEdits } from '../../../src/dockerfile/read-for-edits.ts';
import type { PipelineEvent } from '../../../src/model/events.ts';
import { fixHashes } from '../../../src/pipeline/fix/fix-facts.ts';
import { fakeRun } from '../../fakes/fake-run.ts';
import { contextOf } from '../pipeline-context.ts';

const server = createServer((request, response) => {
  response.statusCode = request.url === '/there' ? 200 : 404;
  response.end('content');
});
let base = '';

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

async function hashesOf(lines: readonly string[], offline = false) {
  const read = readForEdits(['FROM debian', ...lines].join('\n'));
  if (!read.ok) throw new Error(read.error.message);
  const events: PipelineEvent[] = [];
  const context = contextOf(fakeRun([]).run, '/nowhere', { emit: (event) => events.push(event) });
  const found = await fixHashes(context, {
    read: read.value,
    needs: new Set(['hashes']),
    contextFolder: '/nowhere',
    dockerfile: '/nowhere/Dockerfile',
    buildArgs: [],
    target: undefined,
    settings: { ...DEFAULT_SETTINGS, offline },
    refresh: false,
    build: false,
    plainHttp: [],
  });
  return { found, events };
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
