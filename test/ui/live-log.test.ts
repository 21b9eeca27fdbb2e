import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { digestOf } from '../../src/model/digest.ts';
import type { BuildStep } from '../../src/model/events.ts';
import { fitted } from '../../src/reporters/text-width.ts';
import { liveLog, type LiveLogOptions } from '../../src/ui/live-log.ts';
import { TerminalScreen } from './terminal-screen.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const same = (text: string): string => text;
const PLAIN = { dim: same, green: same, red: same, yellow: same };

function started(columns = 40, more: Partial<LiveLogOptions> = {}) {
  const screen = new TerminalScreen(columns);
  const written: string[] = [];
  const log = liveLog({
    write: (text) => {
      written.push(text);
      screen.write(text);
    },
    columns,
    style: PLAIN,
    now: () => Date.now(),
    fit: (text, room) => fitted(text, room, '…'),
    ...more,
  });
  const step = (digest: string, name: string, state: BuildStep['state'], rest = {}): void => {
    log.sink({ kind: 'build-step', step: { digest, name, state, ...rest } });
  };
  return { screen, written, log, step };
}

describe('the live log', () => {
  test('shows what runs with its seconds, and what is done above it', () => {
    const { screen, log, step } = started();
    step('a', 'FROM alpine', 'started');
    step('b', 'RUN make', 'started');
    step('a', 'FROM alpine', 'cached');
    vi.advanceTimersByTime(1500);
    expect(screen.lines).toEqual(['✔ FROM alpine cached', '⠴ RUN make 1.5s']);
    step('b', 'RUN make', 'done', { seconds: 1.5 });
    log.sink({ kind: 'phase-done', phase: 'build', detail: '2 steps', seconds: 2 });
    expect(screen.lines).toEqual([
      '✔ FROM alpine cached',
      '✔ RUN make 1.5s',
      '✔ build: 2 steps 2.0s',
    ]);
  });

  test('hides the cursor, and shows it again once however often it is stopped', () => {
    const { screen, written, log } = started();
    expect(screen.cursorShown).toBe(false);
    log.stop();
    log.stop();
    expect(screen.cursorShown).toBe(true);
    expect(written).toEqual(['\u001b[?25l', '\u001b[?25h']);
  });

  test('takes the running rows away when it is stopped, and never draws them again', () => {
    const { screen, log, step } = started();
    log.sink({ kind: 'notice', text: 'kept' });
    step('a', 'RUN sleep', 'started');
    log.stop();
    step('b', 'RUN more', 'started');
    vi.advanceTimersByTime(1000);
    expect(screen.lines).toEqual(['· kept']);
  });

  test('shows the last lines of the log below what runs until a step ends', () => {
    const { screen, log, step } = started();
    step('a', 'RUN make', 'started');
    log.sink({ kind: 'build-log', step: 'a', text: 'one\n\ntwo\nthree\nfour\nfive' });
    vi.advanceTimersByTime(100);
    expect(screen.lines).toEqual(['⠙ RUN make 0.1s', '  two', '  three', '  four', '  five']);
    step('a', 'RUN make', 'done', { seconds: 0.1 });
    expect(screen.lines).toEqual(['✔ RUN make 0.1s']);
  });

  test('a burst of log lines and transfers costs no redraw of its own', () => {
    const { written, log, step } = started();
    step('a', 'RUN make', 'started');
    const before = written.length;
    for (let i = 0; i < 1000; i++) log.sink({ kind: 'build-log', step: 'a', text: `line ${i}` });
    expect(written.length).toBe(before);
    vi.advanceTimersByTime(100);
    expect(written.length).toBe(before + 1);
  });

  test('shows how far a transfer is, with its phase only', () => {
    const { screen, log } = started(60);
    log.sink({ kind: 'phase-started', phase: 'load', detail: 'app:1' });
    log.sink({
      kind: 'transfer',
      phase: 'load',
      digest: digestOf(Buffer.from('a layer')),
      done: 1_500_000,
      total: 3_000_000,
    });
    vi.advanceTimersByTime(100);
    expect(screen.lines).toEqual(['⠙ load into Docker app:1 0.1s 1.50 MB of 3.00 MB']);
    log.sink({ kind: 'phase-done', phase: 'load', detail: 'app:1', seconds: 1 });
    log.sink({ kind: 'phase-started', phase: 'load' });
    expect(screen.lines).toEqual(['✔ load into Docker: app:1 1.0s', '⠙ load into Docker 0.0s']);
  });

  test('shows at most four of what runs, the newest', () => {
    const { screen, step } = started();
    for (const name of ['a', 'b', 'c', 'd', 'e']) step(name, name, 'started');
    expect(screen.lines.map((line) => line.split(' ')[1])).toEqual(['b', 'c', 'd', 'e']);
  });
});

describe('lines', () => {
  test.each([
    ['long', 'x'.repeat(200)],
    ['wide', '漢字'.repeat(60)],
    ['of emoji', '🚀'.repeat(100)],
    ['full of tabs', 'a\t'.repeat(100)],
    ['of several lines', 'RUN a\nRUN b\n'.repeat(20)],
  ])('that are %s take one row each, so that they can be erased', (_name, text) => {
    const { screen, log, step } = started(40);
    step('a', text, 'started');
    log.sink({ kind: 'build-log', step: 'a', text });
    for (let i = 0; i < 5; i++) vi.advanceTimersByTime(100);
    const logged = Math.min(4, text.split('\n').filter(Boolean).length);
    expect(screen.lines).toHaveLength(1 + logged);
    step('a', text, 'cached');
    expect(screen.lines).toHaveLength(1);
    expect(screen.lines[0]).toMatch(/^✔ .*… cached$/);
  });

  test('cannot steer the terminal', () => {
    const { screen, log, step } = started(60);
    step('a', 'RUN \u001b[2J\u001b[1;1Hx', 'started');
    log.sink({ kind: 'build-log', step: 'a', text: '\u001b]0;title\u0007a\rb\u202E' });
    log.sink({ kind: 'warning', text: 'w\u001b[5A', nextStep: 'n\u001b[5A' });
    log.sink({ kind: 'raw', text: 'ERROR:\u009b2K no\n  at\u0007 all' });
    log.sink({ kind: 'build-warning', text: 'one\ntwo\u001b[?25h' });
    expect(screen.lines).toEqual([
      '! w',
      '  next: n',
      'ERROR: no',
      '  at all',
      '! one',
      'two',
      '⠋ RUN x 0.0s',
      '  ab',
    ]);
    expect(screen.cursorShown).toBe(false);
  });

  test('that stay are whole: paths and digests are copied from them', () => {
    const { screen, log, step } = started(30);
    const path = '/home/user/.config/scoville/keys/cosign.key';
    log.sink({ kind: 'notice', text: `made ${path}` });
    step('a', 'RUN make', 'failed', { error: `exit code 1 in ${path}` });
    expect(screen.lines.join('')).toBe(`· made ${path}✘ RUN make: exit code 1 in ${path}`);
  });

  test('keep the codes of their own style', () => {
    const written: string[] = [];
    const { step } = started(40, {
      style: { ...PLAIN, dim: (text) => `\u001b[2m${text}\u001b[22m` },
      write: (text) => written.push(text),
    });
    step('a', 'FROM alpine', 'cached');
    expect(written.at(-1)).toBe('✔ FROM alpine \u001b[2mcached\u001b[22m\n');
  });

  test('say what is off', () => {
    const { screen, log } = started();
    log.sink({ kind: 'phase-off', phase: 'push', reason: 'not asked for' });
    expect(screen.lines).toEqual(['○ push: off, not asked for']);
  });
});
