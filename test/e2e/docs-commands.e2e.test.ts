import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newShell, putBack, readyImages } from './docs-shell.ts';
import { ROOT, run } from './harness.ts';
import { type Block, missingLines, pageBlocks, TEACHING_PAGES } from './page-commands.ts';
import { rows } from './rows.ts';

/**
 * The pages whose commands are run, with those blocks. `test/page-commands.test.ts` lists the
 * others.
 */
const PAGES = TEACHING_PAGES.map((page) => ({
  page,
  blocks: pageBlocks(page, readFileSync(join(ROOT, page), 'utf8')).filter(
    ({ skip }) => skip === undefined,
  ),
})).filter(({ blocks }) => blocks.length > 0);

beforeAll(readyImages);
afterAll(putBack);

function expectedExit({ exits }: Block, command: string): number {
  return exits.find(([, words]) => command.startsWith(words))?.[0] ?? 0;
}

const FIRST = ['README.md', 'docs/tutorials/first-image.md'];

describe.each(rows(PAGES, ({ page }) => FIRST.includes(page)))('$page', ({ page, blocks }) => {
  test('its commands do what it says', async () => {
    const shell = newShell();
    const containers: string[] = [];
    try {
      for (const block of blocks) {
        for (const command of block.first) {
          const { exitCode, stderr } = await shell.run(command);
          if (exitCode !== 0) throw new Error(`${page}:${block.line} ${command}\n${stderr}`);
        }
        for (const { text, output: lines } of block.commands) {
          const ended = await shell.run(text);
          const printed = `${ended.stdout}\n${ended.stderr}`;
          containers.push(...(/^[0-9a-f]{64}$/m.exec(ended.stdout) ?? []));
          const where = `${page}:${block.line} ${text}\n${printed}`;
          expect(ended.exitCode, where).toBe(expectedExit(block, text));
          expect(missingLines(lines, printed), where).toEqual([]);
        }
      }
    } finally {
      if (containers.length > 0) await run('docker', ['rm', '--force', ...containers]);
      shell.remove();
    }
  });
});
