import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8 } from 'fflate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { databaseFolder } from '../../src/scan/database-folder.ts';
import { updateDatabase } from '../../src/scan/update-database.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { advisory, affects, exportZip, putExport, zipOf } from '../fakes/made-export.ts';

const NOW = Date.parse('2026-11-27T00:00:00Z');
const record = (id: string, name = 'a') =>
  advisory(id, { affected: [affects('npm', name, [{ introduced: '0' }])] });
const GOOD = exportZip([record('X-1'), record('X-2', 'b')]);

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'scoville-update-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const context = (signal?: AbortSignal) =>
  contextOf(fakeRun([]).run, home, { now: () => NOW, ...(signal === undefined ? {} : { signal }) });
const update = (
  from: string,
  given: { ecosystem?: string; signal?: AbortSignal; onProgress?: () => void } = {},
) =>
  updateDatabase(context(given.signal), {
    ecosystem: given.ecosystem ?? 'npm',
    from,
    onProgress: given.onProgress ?? (() => undefined),
  });
const files = (): readonly string[] => readdirSync(databaseFolder(context())).sort();

describe('from a folder', () => {
  const put = (zip: Uint8Array): string => {
    const from = join(home, 'osv');
    putExport(from, 'npm', zip);
    return from;
  };

  test('makes a database with the date of what it says, not of the copy', async () => {
    const { meta, isNew } = await update(put(GOOD));
    expect(isNew).toBe(true);
    expect(meta).toMatchObject({
      ecosystem: 'npm',
      records: 2,
      entries: 2,
      date: '2026-11-20T00:00:00.000Z',
      fetched: '2026-11-27T00:00:00.000Z',
    });
    expect(files()).toEqual(['npm.advisories']);
  });

  test('of a copy that is older than its records claim, the copy counts; nothing is from tomorrow', async () => {
    const from = put(exportZip([{ ...record('X-1'), modified: '2099-01-01T00:00:00Z' }]));
    expect((await update(from)).meta.date).toBe('2026-11-27T00:00:00.000Z');
    utimesSync(join(from, 'npm', 'all.zip'), new Date('2026-11-01'), new Date('2026-11-01'));
    expect((await update(from)).meta.date).toBe('2026-11-01T00:00:00.000Z');
  });

  const overlapping = (): Buffer => {
    const zip = Buffer.from(exportZip([record('X-1'), record('X-2')]));
    // The second entry of the directory points to the first member.
    const second = zip.lastIndexOf('PK\u0001\u0002', undefined, 'latin1');
    zip.writeUInt32LE(0, second + 42);
    return zip;
  };
  const damaged = (): Buffer => {
    const zip = Buffer.from(GOOD);
    const at = zip.indexOf('.json') + 20;
    zip[at] = (zip[at] ?? 0) ^ 0x55;
    return zip;
  };
  const lying = (): Buffer => {
    const zip = Buffer.from(zipOf({ 'X-1.json': new Uint8Array(8 * 1024 * 1024) }));
    const directory = zip.lastIndexOf('PK\u0001\u0002', undefined, 'latin1');
    zip.writeUInt32LE(100, directory + 24);
    return zip;
  };
  const huge = (): Buffer => {
    const zip = Buffer.from(GOOD);
    zip.writeUInt32LE(0x7fffffff, zip.indexOf('PK\u0001\u0002', 0, 'latin1') + 24);
    return zip;
  };
  const text = JSON.stringify(record('X-1'));

  test.each<[string, () => Uint8Array, RegExp]>([
    ['no zip archive', () => Buffer.from('<html>'), /not a zip archive, or cut off/],
    [
      'a zip that is cut off',
      () => GOOD.subarray(0, GOOD.length - 30),
      /not a zip archive, or cut off/,
    ],
    [
      'bytes behind it',
      () => Buffer.concat([GOOD, Buffer.alloc(10)]),
      /not a zip archive, or cut off/,
    ],
    ['no records', () => zipOf({}), /no records/],
    ['a damaged member', damaged, /damaged|unpacked/],
    ['a member that is more than it says', lying, /cannot be unpacked/],
    ['a member that says it is huge', huge, /too large/],
    ['members that share bytes', overlapping, /overlap|not what its directory says/],
    ['a name with a path', () => zipOf({ '../X-1.json': strToU8(text) }), /is the record of X-1/],
    ['another name', () => zipOf({ 'X-2.json': strToU8(text) }), /is the record of X-1/],
    [
      'an id twice',
      () => zipOf({ 'X-1.json': strToU8(text), 'x/../X-1.json': strToU8(text) }),
      /is the record of X-1/,
    ],
    ['no JSON', () => zipOf({ 'X-1.json': strToU8('{') }), /is not JSON/],
    [
      'a key twice',
      () => zipOf({ 'X-1.json': strToU8('{"id":"X-1","id":"X-1"}') }),
      /has the key "id" twice/,
    ],
    [
      'nested too deep',
      () => zipOf({ 'X-1.json': strToU8('['.repeat(5000) + ']'.repeat(5000)) }),
      /nested too deep/,
    ],
    [
      'another ecosystem',
      () =>
        exportZip([advisory('X-1', { affected: [affects('PyPI', 'a', [{ introduced: '0' }])] })]),
      /is not about npm/,
    ],
  ])('refuses %s, and keeps the database that is there', async (_, zip, why) => {
    await update(put(GOOD));
    const before = readFileSync(join(databaseFolder(context()), 'npm.advisories'));
    put(zip());
    await expect(update(join(home, 'osv'))).rejects.toThrow(why);
    expect(readFileSync(join(databaseFolder(context()), 'npm.advisories'))).toEqual(before);
    expect(files()).toEqual(['npm.advisories']);
  });

  test('two at once: both have it', async () => {
    const from = put(GOOD);
    const both = await Promise.all([update(from), update(from)]);
    expect(both.map(({ meta }) => meta.records)).toEqual([2, 2]);
    expect(files()).toEqual(['npm.advisories']);
  });

  test.each(['../npm', 'a/b', '', '.', 'Debian:13', 'x'.repeat(100)])(
    '%j is not an ecosystem',
    async (ecosystem) => {
      await expect(update(join(home, 'osv'), { ecosystem })).rejects.toThrow(
        'is not the name of an ecosystem',
      );
    },
  );

  test('without a file says which', async () => {
    await expect(update(join(home, 'none'))).rejects.toThrow(
      `no such file: ${join(home, 'none', 'npm', 'all.zip')}`,
    );
  });
});

describe('from a server', () => {
  let server: Server;
  let zip: Buffer;
  let lastModified: string;
  let cutAt: number | undefined;
  const calls: string[] = [];

  beforeEach(async () => {
    zip = GOOD;
    cutAt = undefined;
    lastModified = 'Thu, 19 Nov 2026 10:00:00 GMT';
    calls.length = 0;
    server = createServer((request, response) => {
      const etag = `"${createHash('md5').update(zip).digest('hex')}"`;
      calls.push(`${request.url ?? ''}${request.headers['if-none-match'] === etag ? ' same' : ''}`);
      if (request.url !== '/osv/npm/all.zip') return void response.writeHead(404).end();
      const headers = { etag, 'last-modified': lastModified };
      if (request.headers['if-none-match'] === etag)
        return void response.writeHead(304, headers).end();
      response.writeHead(200, { ...headers, 'content-length': zip.length });
      if (cutAt === undefined) return void response.end(zip);
      response.write(zip.subarray(0, cutAt));
      setTimeout(() => request.socket.destroy(), 300);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/osv`;

  test('a mirror that copied it later does not make it newer, one that says an older date does not hide it', async () => {
    lastModified = 'Wed, 25 Nov 2026 10:00:00 GMT';
    expect((await update(address())).meta.date).toBe('2026-11-20T00:00:00.000Z');
    lastModified = 'Sat, 10 Oct 2026 10:00:00 GMT';
    zip = exportZip([record('X-1')]);
    expect((await update(address())).meta.date).toBe('2026-10-10T10:00:00.000Z');
  });

  test('has the date of the export; what did not change is not sent again', async () => {
    const first = await update(address());
    expect(first.meta).toMatchObject({
      from: address(),
      date: '2026-11-19T10:00:00.000Z',
      records: 2,
    });
    const second = await update(address());
    expect([second.isNew, second.meta]).toEqual([false, first.meta]);
    zip = exportZip([record('X-1'), record('X-2'), record('X-3')]);
    expect((await update(address())).meta.records).toBe(3);
    expect(calls).toEqual(['/osv/npm/all.zip', '/osv/npm/all.zip same', '/osv/npm/all.zip']);
  });

  test('begins again where it was cut off, and leaves nothing of the first part', async () => {
    cutAt = 100;
    await expect(update(address())).rejects.toMatchObject({
      message: expect.stringContaining('was cut off') as string,
      nextStep: expect.stringContaining('run it again') as string,
    });
    expect(files()).toEqual([]);
    cutAt = undefined;
    expect((await update(address())).meta.records).toBe(2);
    expect(files()).toEqual(['npm.advisories']);
  });

  test('an ecosystem that it does not have', async () => {
    await expect(update(address(), { ecosystem: 'Rocky Linux' })).rejects.toThrow(
      `cannot fetch ${address()}/Rocky%20Linux/all.zip: it answered 404`,
    );
  });

  test('stops when it is told to, and leaves no lock', async () => {
    const controller = new AbortController();
    const stopped = update(address(), {
      signal: controller.signal,
      onProgress: () => {
        controller.abort();
      },
    });
    await expect(stopped).rejects.toThrow();
    expect(existsSync(join(databaseFolder(context()), 'npm.advisories.lock'))).toBe(false);
    expect(existsSync(join(databaseFolder(context()), 'npm.advisories'))).toBe(false);
  });
});
