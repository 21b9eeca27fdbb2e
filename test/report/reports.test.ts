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
import { renderReport as render, writeReports } from '../../src/cli/render-report.ts';
import { writeFileBeside } from '../../src/config/project-files.ts';
import { REPORT_FORMATS, type ReportFormat, type ReportSubject } from '../../src/model/report.ts';
import { jsonReport } from '../../src/report/json.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { fakeIo } from '../cli/command-io.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { sampleScorecard } from './sample-scorecard.ts';

const CARD = sampleScorecard();
const SUBJECT: ReportSubject = { kind: 'image', image: { scorecard: CARD } };
const PLAIN = { color: false, width: 80, unicode: true };

async function written(
  requests: Parameters<typeof writeReports>[1],
  more: Parameters<typeof fakeIo>[0] = {},
) {
  let text = '';
  const { io, out } = fakeIo(more);
  await writeReports(SUBJECT, requests, io, (piece) => (text += piece));
  expect(out()).toBe('');
  return text;
}

describe('writeReports', () => {
  test('without a request it is the scorecard for a terminal, in ASCII where the locale is no UTF-8', async () => {
    expect(await written([])).toBe(await render(SUBJECT, 'terminal', { ...PLAIN, unicode: false }));
  });

  test.each([
    [{ LANG: 'en_GB.UTF-8' }, true],
    [{ LC_ALL: 'C', LANG: 'en_GB.UTF-8' }, false],
    [{ LC_ALL: '', LC_CTYPE: 'C.utf8' }, true],
  ])('%j: unicode %s', async (env, unicode) => {
    expect(await written([], { env })).toBe(
      await render(SUBJECT, 'terminal', { ...PLAIN, unicode }),
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
    expect(text).toBe(await render(SUBJECT, 'terminal', { ...PLAIN, unicode: false }));
    expect(readFileSync(join(cwd, 'card.md'), 'utf8')).toBe(markdownReport({ scorecard: CARD }));
  });
});

describe('reports in every format', () => {
  const other: ReportSubject = {
    kind: 'difference',
    before: { scorecard: sampleScorecard(undefined, 'old') },
    after: { scorecard: CARD },
  };
  const several: ReportSubject = { kind: 'comparison', images: [other.before, other.after] };
  const starts: Record<ReportFormat, RegExp> = {
    terminal: /^ /,
    json: /^\{\n {2}"schemaVersion": "1"/,
    markdown: /^## /,
    html: /^<!doctype html>/,
    sarif: /^\{\n {2}"\$schema"/,
    badges: /^!\[CHPs Score\]/,
    junit: /^<\?xml/,
    'code-quality': /^\[\n {2}\{\n {4}"description"/,
  };

  test.each(REPORT_FORMATS)('%s: of one image, of several, of two that differ', async (format) => {
    for (const subject of [SUBJECT, several, other]) {
      const text = await render(subject, format, PLAIN);
      expect(text).toMatch(starts[format]);
      expect(text.endsWith('\n')).toBe(true);
    }
  });

  test('several at once, each to its file, nothing of them on stdout', async () => {
    const cwd = temporaryFolder();
    const text = await written(
      REPORT_FORMATS.map((format) => ({ format, file: `r.${format}` })),
      { cwd },
    );
    expect(text).toContain('registry.example.com/app:1');
    expect(readdirSync(cwd).sort()).toEqual(REPORT_FORMATS.map((format) => `r.${format}`).sort());
    expect(readdirSync(join(cwd, 'r.badges'))).toHaveLength(13);
  });

  test('badges are a folder, a page where the name is one, a folder each of several images', async () => {
    const cwd = temporaryFolder();
    await written([{ format: 'badges', file: 'badges.md' }], { cwd });
    expect(readFileSync(join(cwd, 'badges.md'), 'utf8')).toMatch(/^!\[CHPs Score\]/);
    const { io } = fakeIo({ cwd });
    await writeReports(several, [{ format: 'badges', file: 'b' }], io, () => undefined);
    expect(readdirSync(join(cwd, 'b')).sort()).toEqual(['1', '2']);
    expect(readFileSync(join(cwd, 'b/2/overall.svg'), 'utf8')).toContain(CARD.digest);
  });

  test('a folder that cannot be made is the user’s to mend', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'taken'), '');
    await expect(written([{ format: 'badges', file: 'taken/b' }], { cwd })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('taken/b could not be made') as string,
    });
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
