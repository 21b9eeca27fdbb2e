import { expect, test } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import { CATALOGUE, LINT_RULES } from '../../src/criteria/catalogue.ts';
import { fakeIo } from './command-io.ts';

async function printed(...args: string[]): Promise<string> {
  const { io, out, err } = fakeIo();
  expect(await explain(args, io)).toBe(0);
  expect(err()).toBe('');
  return out();
}

test('says what a criterion is, why, how to fix it, and what edits the Dockerfile', async () => {
  const text = await printed('no-shell');
  expect(text).toContain('No shell (no-shell)\nLevel 3, Scotch Bonnet; Minimalism\n');
  expect(text).toContain('Why\n  Most exploits end by starting a shell.');
  expect(text).toContain('      FROM gcr.io/distroless/static-debian12:nonroot\n');
  expect(text).toContain('scoville fix --only no-shell\n');
  expect(text).toMatch(/^Specification: https:\/\/\S+#no-shell$/m);
});

test('shows a Dockerfile in which a rule finds something, and one in which it does not', async () => {
  const text = await printed('sudo');
  expect(text).toContain('Found in this Dockerfile\n      FROM debian:trixie-slim\n');
  expect(text).toContain('Not found in this one\n');
  expect(text).not.toContain('Specification');
});

test('explains every id in at most 80 columns, but for what is to be copied', async () => {
  const ids = new Set([...CATALOGUE, ...LINT_RULES].map(({ id }) => id));
  const list = await printed();
  for (const id of ids) {
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
  expect(JSON.parse(await printed('--json'))).toHaveLength(
    new Set([...CATALOGUE, ...LINT_RULES].map(({ id }) => id)).size,
  );
});

test('an id that is not known names the nearest', async () => {
  await expect(explain(['no-shel'], fakeIo().io)).rejects.toThrow(
    'no criterion or lint rule is called "no-shel"; did you mean no-shell?',
  );
});
