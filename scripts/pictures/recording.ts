import { setTimeout as sleep } from 'node:timers/promises';
import type { Terminal } from '../../test/e2e/tmux.ts';

/** What a terminal shows from a time on, in seconds since the recording began; with SGR codes. */
export interface Frame {
  readonly at: number;
  readonly text: string;
}

/** Between two looks, in milliseconds. */
const LOOK_MS = 500;
/** A reader waits no longer for the next frame, in seconds, however long the program worked. */
const LONGEST_WAIT = 1.2;

/** Records what a terminal shows while `job` runs. Waits are shortened, and nothing else is changed. */
export async function record(terminal: Terminal, job: () => Promise<void>): Promise<Frame[]> {
  const looks: { readonly ms: number; readonly text: string }[] = [];
  const start = Date.now();
  const state = { isDone: false };
  const look = async (): Promise<void> => {
    const text = (await terminal.screen(true)).replace(/\n+$/, '');
    if (text !== looks.at(-1)?.text) looks.push({ ms: Date.now() - start, text });
  };
  const looking = (async () => {
    while (!state.isDone) {
      await look();
      await sleep(LOOK_MS);
    }
  })();
  try {
    await job();
  } finally {
    state.isDone = true;
    await looking;
  }
  await look();
  let at = 0;
  return looks.map(({ ms, text }, i) => {
    at += Math.min(LONGEST_WAIT, (ms - (looks[i - 1]?.ms ?? ms)) / 1000);
    return { at, text };
  });
}

/** The recording as asciinema reads it (asciicast v2). */
export function castOf(frames: readonly Frame[], columns: number, rows: number): string {
  const header = { version: 2, width: columns, height: rows, env: { TERM: 'xterm-256color' } };
  const events = frames.map(({ at, text }) => [
    Number(at.toFixed(3)),
    'o',
    `\u001b[H\u001b[2J${text.replaceAll('\n', '\r\n')}`,
  ]);
  return [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join('');
}
