import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RpmHeader } from '../../src/image/formats/rpm-header.ts';
import { sqliteRows } from '../../src/image/formats/sqlite.ts';
import { retimedRpmDatabase } from '../../src/normalize/rules/databases.ts';
import { contentAfter, sample } from './sample-layer.ts';

const FIXTURE = `${import.meta.dirname}/../fixtures/rpm/rpmdb.sqlite.gz`;
const [INSTALL_TIME, INSTALL_TID] = [1008, 1128];
const database = (): Buffer => gunzipSync(readFileSync(FIXTURE));

/** The times that a database tells of its packages, and the ids in its table of transactions. */
function timesOf(file: Uint8Array): { readonly headers: number[]; readonly table: number[] } {
  const headers = [...sqliteRows(file, 'Packages')].flatMap(([, blob]) => {
    const header = new RpmHeader(blob as Uint8Array);
    return [header.integer(INSTALL_TIME) ?? 0, header.integer(INSTALL_TID) ?? 0];
  });
  const table = [...sqliteRows(file, 'Installtid')].map(([key]) =>
    Buffer.from(key as Uint8Array).readUInt32LE(),
  );
  return { headers, table };
}

describe('a database that rpm made', () => {
  const before = timesOf(database());

  test('holds times, later ones become the epoch, earlier ones stay', () => {
    expect(new Set([...before.headers, ...before.table]).size).toBeGreaterThan(0);
    const epoch = Math.min(...before.headers) - 86_400;
    const after = timesOf(retimedRpmDatabase(database(), epoch) ?? Buffer.alloc(0));
    expect(new Set([...after.headers, ...after.table])).toEqual(new Set([epoch]));
    expect(after.headers).toHaveLength(before.headers.length);
    const later = retimedRpmDatabase(database(), Math.max(...before.headers)) ?? database();
    expect(timesOf(later)).toEqual(before);
  });

  test('all else that is read stays: names, versions, files, every table, a second pass finds nothing', () => {
    const epoch = 1_000_000_000;
    const changed = retimedRpmDatabase(database(), epoch) ?? Buffer.alloc(0);
    for (const table of ['Name', 'Basenames', 'Providename', 'Sigmd5', 'Sha1header'])
      expect([...sqliteRows(changed, table)]).toEqual([...sqliteRows(database(), table)]);
    const fields = (file: Uint8Array) =>
      [...sqliteRows(file, 'Packages')].map(([, blob]) => {
        const header = new RpmHeader(blob as Uint8Array);
        return [1000, 1001, 1002, 1117, 1004].map((tag) => header.strings(tag));
      });
    expect(fields(changed)).toEqual(fields(database()));
    expect(retimedRpmDatabase(Buffer.from(changed), epoch)).toBeUndefined();
  });

  test('goes through the rule by its path, and is left alone elsewhere', async () => {
    const at = async (path: string) => timesOf(await contentAfter(sample(path, database())));
    const late = timesOf(await contentAfter(sample('srv/rpmdb.sqlite', database())));
    expect(late).toEqual(before);
    expect(Math.max(...(await at('usr/lib/sysimage/rpm/rpmdb.sqlite')).headers)).toBeLessThan(
      Math.max(...before.headers),
    );
  });

  test('damaged ones end, and are written back as whole as they were or not at all', () => {
    const whole = database();
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const { at, byte } of changes)
          bytes[(byte % 2 === 0 ? at % 4096 : at) % bytes.length] = byte;
        const length = retimedRpmDatabase(bytes, 1_000_000_000)?.length;
        expect([undefined, whole.length]).toContain(length);
      }),
      { numRuns: 100 },
    );
  });
});
