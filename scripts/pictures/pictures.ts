import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chromium } from '../../test/e2e/chromium.ts';
import { newShell, putBack, readyImages } from '../../test/e2e/docs-shell.ts';
import { Terminal } from '../../test/e2e/tmux.ts';
import { castOf, record } from './recording.ts';
import { showService } from './service.ts';
import { svgOf } from './svg.ts';

const FOLDER = 'docs/images';
const COLUMNS = 80;
/** The card as a whole, and the prompt below it. */
const ROWS = 44;

/**
 * Runs the main job in a terminal, opens its report and the service's pages in a browser; writes all as pictures into
 * docs/images.
 */
export async function makePictures(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await showService(FOLDER);
  await readyImages();
  const shell = newShell();
  const out = mkdtempSync(join(tmpdir(), 'scoville-pictures-'));
  try {
    const { exitCode, stderr } = await shell.run('sample');
    if (exitCode !== 0) throw new Error(stderr);
    // The flag is shown, so that no settings are.
    rmSync(join(shell.folder, 'scoville/config'), { recursive: true });
    // An earlier recording left its steps in the cache: readers see them run.
    const lines = '\n'.repeat(1 + (Date.now() % 999));
    appendFileSync(join(shell.folder, 'work/hello/package.json'), lines);
    await recordBuild(shell);
    const report = join(out, 'report.html');
    await shell.run(`scoville report -o '${report}' hello`);
    await showReport(readFileSync(report, 'utf8'));
  } finally {
    rmSync(out, { recursive: true });
    shell.remove();
    await putBack();
  }
}

async function recordBuild(shell: ReturnType<typeof newShell>): Promise<void> {
  const terminal = await Terminal.open({
    columns: COLUMNS,
    rows: ROWS,
    cwd: join(shell.folder, 'work/hello'),
    env: { TERM: 'tmux-256color', SCOVILLE_HOME: join(shell.folder, 'scoville') },
  });
  try {
    await terminal.type(`PATH='${shell.bin}':$PATH; clear`);
    await terminal.until(/^\$\s*$/);
    const frames = await record(terminal, async () => {
      await terminal.type('scoville build --offline -t hello .');
      // The first build asks; Enter is a key of one's own.
      await terminal.until('No signing key yet');
      await terminal.press('Enter');
      await terminal.until(/Next steps?[\s\S]*\n\$\s*$/);
    });
    // The run has a home of its own; readers have theirs.
    const home = join(shell.folder, 'scoville/config');
    const shown = frames.map(({ at, text }) => ({
      at,
      text: text.replaceAll(home, '~/.config/scoville'),
    }));
    writeFileSync(join(FOLDER, 'build.cast'), castOf(shown, COLUMNS, ROWS));
    writeFileSync(join(FOLDER, 'build.svg'), svgOf(shown, COLUMNS, ROWS));
    const card = cardOf(shown.at(-1)?.text ?? '');
    writeFileSync(
      join(FOLDER, 'card.svg'),
      svgOf([{ at: 0, text: card }], COLUMNS, card.split('\n').length),
    );
  } finally {
    await terminal.close();
  }
}

/** Of a screen, the card alone: from the image's name to the last line above the prompt. */
function cardOf(screen: string): string {
  const lines = screen.split('\n');
  const start = lines.findIndex((line) => /hello:latest.*sha256:/.test(line));
  const end = lines.findLastIndex((line) => /Details:/.test(line));
  if (start < 0 || end < start) throw new Error('no card on the screen');
  return lines.slice(start, end + 1).join('\n');
}

async function showReport(page: string): Promise<void> {
  const browser = new Chromium();
  try {
    for (const width of [390, 1280])
      for (const scheme of ['light', 'dark'] as const) {
        await browser.open(page, width, scheme);
        writeFileSync(join(FOLDER, `report-${width}-${scheme}.png`), await browser.picture());
      }
  } finally {
    await browser.close();
  }
}
