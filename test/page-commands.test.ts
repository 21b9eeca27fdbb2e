import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingLines, pageBlocks, TEACHING_PAGES } from './e2e/page-commands.ts';
import { tableRows } from './fakes/table.ts';

const ROOT = resolve(import.meta.dirname, '..');

const PAGE = [
  '# A page',
  '<!-- run: first: sample -->',
  '<!-- run: exit 1: scoville build | scoville fix -->',
  '',
  '```console',
  '$ scoville build \\',
  '$   -t hello .',
  'short of the gate',
  '...',
  '$ echo $?',
  '1',
  '```',
  '1. A list',
  '   ```sh',
  "   cat > Dockerfile <<'END'",
  '   FROM scratch',
  '   END',
  '   scoville lint',
  '   ```',
  '<!-- run: skip: no host -->',
  '```sh',
  'ssh host',
  '```',
  '```yaml',
  'a: b',
  '```',
].join('\n');

describe('the commands of a page', () => {
  test('are read from sh and console, with output, comments and reasons', () => {
    expect(pageBlocks('page.md', PAGE)).toEqual([
      {
        page: 'page.md',
        line: 5,
        first: ['sample'],
        exits: [
          [1, 'scoville build'],
          [1, 'scoville fix'],
        ],
        commands: [
          { text: 'scoville build \\\n  -t hello .', output: ['short of the gate', '...'] },
          { text: 'echo $?', output: ['1'] },
        ],
      },
      {
        page: 'page.md',
        line: 14,
        first: [],
        exits: [],
        commands: [
          { text: "cat > Dockerfile <<'END'\nFROM scratch\nEND", output: [] },
          { text: 'scoville lint', output: [] },
        ],
      },
      {
        page: 'page.md',
        line: 21,
        skip: 'no host',
        first: [],
        exits: [],
        commands: [{ text: 'ssh host', output: [] }],
      },
    ]);
  });

  test.each([
    ['<!-- run: later: no -->\n```sh\nls\n```', 'page.md:1 cannot be read'],
    ['<!-- run: skip: no -->\ntext\n```sh\nls\n```', 'page.md:2 a block has to follow'],
  ])('%j is an error', (text, problem) => {
    expect(() => pageBlocks('page.md', text)).toThrow(problem);
  });

  test('output is compared without digests, folders and gaps, in its order', () => {
    const printed = ` hello   sha256:${'ab'.repeat(32)}\nwritten: /tmp/scoville-docs-x/work/hello/scoville.lock\nlast\n`;
    expect(
      missingLines(
        [`hello sha256:${'01'.repeat(32)}`, '...', 'written: /home/me/hello/scoville.lock'],
        printed,
      ),
    ).toEqual([]);
    expect(missingLines(['last', 'hello sha256:0123456789ab'], printed)).toEqual([
      'hello sha256:0123456789ab',
    ]);
    expect(missingLines(['Level 2'], printed)).toEqual(['Level 2']);
  });
});

test('these blocks are not run by docs-commands.e2e.test.ts, and why', () => {
  const skipped = TEACHING_PAGES.flatMap((page) =>
    pageBlocks(page, readFileSync(join(ROOT, page), 'utf8')),
  ).flatMap(({ page, skip, commands }) =>
    skip === undefined ? [] : [[page, commands[0]?.text.split(/ +[#\\]/)[0], skip]],
  );
  expect(skipped).toEqual(tableRows('test/page-commands.tsv'));
});
