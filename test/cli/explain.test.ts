import { expect, test } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import { CATALOGUE, FIX_RULES, LINT_RULES } from '../../src/criteria/catalogue.ts';
import { CAUSES } from '../../src/reproduce/causes.ts';
import { fakeIo } from './command-io.ts';

const IDS = new Set([
  ...[...CATALOGUE, ...LINT_RULES, ...FIX_RULES].map(({ id }) => id),
  ...CAUSES.keys(),
]);

async function printed(...args: string[]): Promise<string> {
  const { io, out, err } = fakeIo();
  expect(await explain(args, io)).toBe(0);
  expect(err()).toBe('');
  return out();
}

test('says what a criterion is, why, and how to fix it', async () => {
  const text = await printed('no-shell');
  expect(text).toContain('No shell (no-shell)\nLevel 3, Scotch Bonnet; Minimalism\n');
  expect(text).toContain('Why\n  Most exploits end by starting a shell.');
  expect(text).toContain('      FROM gcr.io/distroless/static-debian12:nonroot\n');
  expect(text).toMatch(/^Specification: https:\/\/\S+#no-shell$/m);
});

test('shows a Dockerfile in which a rule finds something, and one in which it does not', async () => {
  const text = await printed('sudo');
  expect(text).toContain('Found in this Dockerfile\n      FROM debian:trixie-slim\n');
  expect(text).toContain('Not found in this one\n');
  expect(text).not.toContain('Specification');
});

test('explains every id in at most 80 columns, but for what is to be copied', async () => {
  const list = await printed();
  for (const id of IDS) {
    expect(list).toMatch(new RegExp(`^  ${id} `, 'm'));
    const text = await printed(id);
    expect(text).toMatch(/^Why\n {2}\S/m);
    expect(text).toMatch(/^How to fix it\n {2}\S/m);
    const wide = text.split('\n').filter((line) => line.length > 80 && !/^ {6}|^\S+: /.test(line));
    expect(wide).toEqual([]);
  }
});

test('--json is what a program reads, of all where none is named', async () => {
  const [one] = JSON.parse(await printed('--json', 'no-shell')) as [Record<string, unknown>];
  expect(one).toMatchObject({ schemaVersion: 1, id: 'no-shell', level: 3, vector: 'minimalism' });
  expect(JSON.parse(await printed('--json'))).toHaveLength(IDS.size);
});

test('an id that is not known names the nearest', async () => {
  await expect(explain(['no-shel'], fakeIo().io)).rejects.toThrow(
    'nothing is called "no-shel"; did you mean no-shell?',
  );
  await expect(explain(['CVE-2026-1'], fakeIo().io)).rejects.toThrow(
    'nothing is called "CVE-2026-1", and no image graded here has it',
  );
});
