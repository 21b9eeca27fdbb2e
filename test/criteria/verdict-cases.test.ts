import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../src/criteria/catalogue.ts';
import { pinnedPackages } from '../../src/criteria/pinned-packages.ts';
import { verifiedDownloads } from '../../src/criteria/verified-downloads.ts';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import { buildFact } from '../../src/facts/build-facts.ts';
import { contextOf } from '../dockerfile/context-of.ts';
import { judgesAs, type Row } from './criterion-table.ts';
import { factsOf } from './facts-builder.ts';
import { factsOfCase } from './facts-of-case.ts';

const SUM = '0123456789abcdef'.repeat(4);
/** What stands for long texts in the tables. */
const SHORT: readonly (readonly [string, string])[] = [
  ['@S', SUM],
  ['@A', 'a'.repeat(64)],
  ['@B', 'b'.repeat(40)],
  ['@C', SUM.slice(0, 40)],
];

function whole(text: string): string {
  return SHORT.reduce((all, [sign, long]) => all.replaceAll(sign, long), text);
}

interface Case {
  readonly line: number;
  readonly verdict: string;
  readonly text: string;
  readonly files: Readonly<Record<string, string>>;
}

/** One case a line: verdict, Dockerfile, files of its context. */
function casesOf(id: string): readonly Case[] {
  const lines = readFileSync(`test/dockerfile/cases/${id}.tsv`, 'utf8').split('\n');
  return lines.flatMap((row, at) => {
    if (row === '' || row.startsWith('#')) return [];
    const [verdict = '', written = '', files = '{}'] = row.split('\t');
    const text = JSON.parse(`"${whole(written).replaceAll('"', '\\"')}"`) as string;
    return [
      {
        line: at + 1,
        verdict,
        text: /^(?:#|ARG.*\nFROM|FROM)/.test(text) ? text : `FROM x\n${text}`,
        files: JSON.parse(whole(files)) as Case['files'],
      },
    ];
  });
}

test.each([verifiedDownloads, pinnedPackages])('the cases of $id', ({ id, judge }) => {
  const cases = casesOf(id);
  const wrong = cases.flatMap(({ line, verdict, text, files }) => {
    const read = analyseDockerfile(text, {}, contextOf(files));
    if (!read.ok) return [`${line}: ${read.error.message}`];
    const build = buildFact({ dockerfile: { ...read.value, source: 'build' } });
    const { outcome, summary } = judge(factsOf({ build }));
    return outcome === verdict ? [] : [`${line}: ${outcome}, ${summary}, and not ${verdict}`];
  });
  expect(wrong).toEqual([]);
  expect(cases.length).toBeGreaterThan(200);
});

/** The rows of verdicts.tsv by criterion. */
function verdicts(): ReadonlyMap<string, readonly Row[]> {
  const rows = new Map<string, Row[]>();
  let id = '';
  for (const row of readFileSync('test/criteria/verdicts.tsv', 'utf8').split('\n')) {
    id = /^# criterion (.*)/.exec(row)?.[1] ?? id;
    if (row === '' || row.startsWith('#')) continue;
    const [outcome = '', name = '', says = '', given = '', more = '{}'] = row.split('\t');
    const facts = factsOfCase(given);
    rows.set(id, [
      ...(rows.get(id) ?? []),
      [outcome as Row[0], name, facts, says, JSON.parse(more) as NonNullable<Row[4]>],
    ]);
  }
  return rows;
}

const VERDICTS = verdicts();
test('every criterion has rows', () => {
  expect([...VERDICTS.keys()].sort()).toEqual(CATALOGUE.map(({ id }) => id).sort());
});
for (const criterion of CATALOGUE) judgesAs(criterion, VERDICTS.get(criterion.id) ?? []);
