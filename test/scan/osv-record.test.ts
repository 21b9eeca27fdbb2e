import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOsvRecord, judgeOsv, parseOsvRecord } from '../../src/scan/osv-records.ts';
import { yamlTable } from '../fakes/table.ts';

async function judged(value: Readonly<Record<string, unknown>>) {
  const record = parseOsvRecord(value, String(value['id']));
  if (record === undefined) throw new Error('no record');
  const judgement = await judgeOsv(record, record.affected);
  return judgement === undefined
    ? undefined
    : `${judgement.severity} ${judgement.severitySource} ${judgement.weight}`;
}

interface Row {
  readonly by: string;
  readonly record: Readonly<Record<string, unknown>>;
  readonly says?: string;
}
const ROWS = yamlTable('test/scan/osv-record.yaml') as readonly Row[];

test.each(ROWS)('severity by $by', async ({ record, says }) => {
  expect(await judged(record)).toBe(says);
});

test('names: aliases and upstream; of an advisory that gives neither, the CVEs that are related', () => {
  const names = (value: Readonly<Record<string, unknown>>) =>
    parseOsvRecord(value, String(value['id']))?.names;
  expect(
    names({ id: 'DEBIAN-CVE-2025-1000', upstream: ['CVE-2025-1000'], related: ['CVE-2025-9999'] }),
  ).toEqual(['CVE-2025-1000']);
  expect(names({ id: 'ALSA-2025:1', related: ['CVE-2025-1000', 'RHSA-2025:1'] })).toEqual([
    'CVE-2025-1000',
  ]);
  expect(
    names({ id: 'GHSA-1', aliases: ['CVE-2025-1000', '../../etc', 7], related: ['CVE-2025-2000'] }),
  ).toEqual(['CVE-2025-1000']);
});

test('fixes end ranges of versions, not of commits', () => {
  const about = { ecosystem: 'e', name: 'n' };
  const ranges = [
    { type: 'GIT', events: [{ fixed: 'abcdef' }] },
    {
      type: 'SEMVER',
      events: [
        { introduced: '0' },
        { fixed: '1.2' },
        { introduced: '2.0' },
        { fixed: '2.1' },
        { fixed: 'a\nb' },
      ],
    },
  ];
  expect(
    parseOsvRecord({ id: 'A-1', affected: [{ package: about, ranges }] }, 'A-1')?.affected[0]
      ?.fixed,
  ).toEqual(['1.2', '2.1']);
});

test('another’s record is none', () => {
  expect(parseOsvRecord({ id: 'A-2' }, 'A-1')).toBeUndefined();
  expect(parseOsvRecord([], 'A-1')).toBeUndefined();
});

test('whatever a server says ends in a record of plain JSON that the cache gives back, or in none', () => {
  const record = fc.record(
    {
      id: fc.constant('A-1'),
      aliases: fc.jsonValue(),
      upstream: fc.jsonValue(),
      severity: fc.jsonValue(),
      affected: fc.oneof(
        fc.jsonValue(),
        fc.array(
          fc.record({ package: fc.jsonValue(), ranges: fc.jsonValue(), severity: fc.jsonValue() }),
        ),
      ),
      database_specific: fc.jsonValue(),
      summary: fc.jsonValue(),
      withdrawn: fc.jsonValue(),
    },
    { requiredKeys: ['id'] },
  );
  fc.assert(
    fc.property(record, (value) => {
      const parsed = parseOsvRecord(JSON.parse(JSON.stringify(value)), 'A-1');
      const back: unknown = JSON.parse(JSON.stringify(parsed));
      expect(back).toEqual(parsed);
      expect(isOsvRecord(back, 'A-1')).toBe(true);
      expect(isOsvRecord(back, 'A-2')).toBe(false);
    }),
    { numRuns: 60 },
  );
});
