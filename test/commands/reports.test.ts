import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderReport, writeReports } from '../../src/commands/reports.ts';
import { writeFileBeside } from '../../src/pipeline/write-file-beside.ts';
import { jsonReport } from '../../src/reporters/json.ts';
import { markdownReport } from '../../src/reporters/markdown.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { sampleScorecard } from '../reporters/sample-scorecard.ts';
import { fakeIo } from './command-io.ts';

const CARD = sampleScorecard();
const PLAIN = { color: false, width: 80, unicode: true };

async function written(
  requests: Parameters<typeof writeReports>[1],
  more: Parameters<typeof fakeIo>[0] = {},
) {
  let text = '';
  const { io, out } = fakeIo(more);
  await writeReports(CARD, requests, io, (piece) => (text += piece));
  expect(out()).toBe('');
  return text;
}

describe('writeReports', () => {
  test('without a request it is the scorecard for a terminal, in ASCII where the locale is no UTF-8', async () => {
    expect(await written([])).toBe(
      await renderReport(CARD, 'terminal', { ...PLAIN, unicode: false }),
    );
  });

  test.each([
    [{ LANG: 'en_GB.UTF-8' }, true],
    [{ LC_ALL: 'C', LANG: 'en_GB.UTF-8' }, false],
    [{ LC_ALL: '', LC_CTYPE: 'C.utf8' }, true],
  ])('%j: unicode %s', async (env, unicode) => {
    expect(await written([], { env })).toBe(
      await renderReport(CARD, 'terminal', { ...PLAIN, unicode }),
    );
  });

  test('colours go to a terminal only', async () => {
    const env = { LANG: 'C.UTF-8' };
    expect(await written([], { env, color: true })).not.toContain('\u001b[');
    expect(await written([], { env, color: true, outIsTerminal: true })).toContain('\u001b[');
  });

  test('what is asked for without a file takes the place of the scorecard', async () => {
    expect(await written([{ format: 'json' }])).toBe(jsonReport(CARD));
  });

  test('files come besides, below the folder where the user stands', async () => {
    const cwd = temporaryFolder();
    const text = await written([{ format: 'markdown', file: 'card.md' }], { cwd });
    expect(text).toBe(await renderReport(CARD, 'terminal', { ...PLAIN, unicode: false }));
    expect(readFileSync(join(cwd, 'card.md'), 'utf8')).toBe(markdownReport(CARD));
  });
});

describe('writeFileBeside', () => {
  test('replaces a file, and leaves nothing else', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a'), 'old');
    await writeFileBeside(join(folder, 'a'), 'new');
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('a link stays one, and what it names is written', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'real'), 'old');
    symlinkSync('real', join(folder, 'link'));
    await writeFileBeside(join(folder, 'link'), 'new');
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('new');
  });

  test('a device is written to and stays', async () => {
    await writeFileBeside('/dev/null', 'gone');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(existsSync(`/dev/null.${process.pid}.tmp`)).toBe(false);
  });

  test('what cannot be written is the user’s to mend', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'taken'));
    await expect(writeFileBeside(join(folder, 'none/a'), 'x')).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('none/a could not be written: ENOENT') as string,
    });
    await expect(writeFileBeside(join(folder, 'taken'), 'x')).rejects.toThrow('EISDIR');
  });
});
