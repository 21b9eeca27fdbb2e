// Made by hand after what the tools write, pnpm’s after what pnpm 9 wrote (docs/normaliser.md says which).
import { describe, expect, test } from 'vitest';
import { contentAfter, EPOCH, LATER, sample } from '../sample-layer.ts';

const after = async (path: string, text: string): Promise<string> =>
  (await contentAfter(sample(path, text))).toString();

/** 2023-11-14T22:13:20Z, the epoch of the samples. */
const AT_EPOCH = 'Tue Nov 14 22:13:20';

describe('properties-dates', () => {
  const remote = (date: string) =>
    `#NOTE: This is a Maven Resolver internal implementation file, its format can be changed without prior notice.\n#${date}\na-1.0.jar>central=\na-1.0.pom>central=\n`;
  const path = 'root/.m2/repository/a/1.0/_remote.repositories';

  test('Maven’s _remote.repositories: the date becomes the epoch, the rest stays', async () => {
    expect(await after(path, remote('Wed Nov 25 00:12:33 UTC 2026'))).toBe(
      remote(`${AT_EPOCH} UTC 2023`),
    );
  });

  test.each([
    ['an earlier one', remote('Tue Nov 14 22:13:19 UTC 2023')],
    ['another zone', remote('Wed Nov 25 00:12:33 CET 2026')],
    ['a month that is none', remote('Wed Nox 25 00:12:33 UTC 2026')],
  ])('%s stays', async (_name, text) => {
    expect(await after(path, text)).toBe(text);
  });

  test('values are not comments, and other files are not properties', async () => {
    const value = 'built=Wed Nov 25 00:12:33 UTC 2026\nx.lastUpdated=1795000000000\n';
    expect(await after('app/a.properties', value)).toBe(value);
    const text = '#Wed Nov 25 00:12:33 UTC 2026\n';
    expect(await after('app/a.txt', text)).toBe(text);
    expect(await after('app/a.properties', `${text}k=v\r\n`)).toBe(
      `#${AT_EPOCH} UTC 2023\nk=v\r\n`,
    );
  });

  test('Maven’s last look for newer versions becomes the epoch', async () => {
    const text = (time: number) => `maven-metadata-central.xml.lastUpdated=${time}\n`;
    const status = 'root/.m2/repository/a/resolver-status.properties';
    expect(await after(status, text(LATER * 1000 + 17))).toBe(text(EPOCH * 1000));
    expect(await after(status, text(EPOCH * 1000 - 1))).toBe(text(EPOCH * 1000 - 1));
  });
});

describe('pnpm-dates', () => {
  test('prunedAt, in either notation', async () => {
    const yaml = (date: string) => `layoutVersion: 5\nprunedAt: ${date}\nstoreDir: /s/v10\n`;
    const json = (date: string) => `{\n  "prunedAt": "${date}",\n  "skipped": []\n}\n`;
    for (const text of [yaml, json])
      expect(
        await after('app/node_modules/.modules.yaml', text('Wed, 25 Nov 2026 00:12:33 GMT')),
      ).toBe(text('Tue, 14 Nov 2023 22:13:20 GMT'));
  });

  test('a validation is dated before everything, so that pnpm looks at contents', async () => {
    const text = (time: number) => `{"lastValidatedTimestamp":${time},"projects":{}}`;
    const path = 'app/node_modules/.pnpm-workspace-state-v1.json';
    expect(await after(path, text(LATER * 1000))).toBe(text((EPOCH - 1) * 1000));
    expect(await after(path, text(EPOCH * 1000 - 5))).toBe(text(EPOCH * 1000 - 5));
  });

  test.each([
    [
      'the index of the store, newer and older',
      'root/.local/share/pnpm/store/v10/index/00/a.json',
      (time: number) => `{"files":{"a":{"checkedAt":${time},"size":1},"b":{"checkedAt":${time}}}}`,
    ],
    [
      'its first form',
      'p/.pnpm-store/v3/files/00/a-index.json',
      (time: number) => `{"files":{"a":{"checkedAt":${time}}}}`,
    ],
    [
      'the metadata cache',
      'root/.cache/pnpm/metadata-v1.3/registry.npmjs.org/a.json',
      (time: number) => `{"name":"a","versions":{},"cachedAt":${time}}`,
    ],
  ])('%s', async (_name, path, text) => {
    expect(await after(path, text(LATER * 1000 + 123))).toBe(text(EPOCH * 1000));
    expect(await after(path, text(EPOCH * 1000 - 1))).toBe(text(EPOCH * 1000 - 1));
    expect(await after(`app/${path.split('/').at(-1) ?? ''}`, text(LATER * 1000))).toBe(
      text(LATER * 1000),
    );
  });

  test('the last look for a newer pnpm, and no other text', async () => {
    const text = (date: string) => `{\n\t"lastUpdateCheck": "${date}",\n\t"other": "x"\n}`;
    const path = 'root/.local/state/pnpm/pnpm-state.json';
    expect(await after(path, text('Wed, 25 Nov 2026 01:10:39 GMT'))).toBe(
      text('Tue, 14 Nov 2023 22:13:20 GMT'),
    );
    expect(await after(path, text('once'))).toBe(text('once'));
  });
});

describe('uv-record', () => {
  const info = 'v/lib/python3.13/site-packages/a-1.dist-info';

  test('the time becomes the epoch, and RECORD holds no hash of it', async () => {
    const text = (secs: number, nanos: number) =>
      `{"timestamp":{"secs_since_epoch":${secs},"nanos_since_epoch":${nanos}},"commit":null}`;
    expect(await after(`${info}/uv_cache.json`, text(LATER, 123))).toBe(text(EPOCH, 0));
    expect(await after(`${info}/uv_cache.json`, text(EPOCH - 9, 5))).toBe(text(EPOCH - 9, 5));
    const record = (entry: string) => `a.py,sha256=x,1\r\n${entry}\r\na-1.dist-info/RECORD,,\r\n`;
    expect(
      await after(`${info}/RECORD`, record('a-1.dist-info/uv_cache.json,sha256=abc-_,71')),
    ).toBe(record('a-1.dist-info/uv_cache.json,,'));
    const without = record('b.py,sha256=y,2');
    expect(await after(`${info}/RECORD`, without)).toBe(without);
  });
});

test('databases of packages stay as they are', async () => {
  const text = 'C:Q1abc\nP:a\nV:1\nt:1795000000\n';
  for (const path of ['lib/apk/db/installed', 'lib/apk/db/scripts.tar', 'var/lib/rpm/rpmdb.sqlite'])
    expect(await after(path, text)).toBe(text);
});
