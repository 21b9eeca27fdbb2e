import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BuildStep } from '../../src/model/events.ts';
import { digestOf } from '../../src/model/reference.ts';
import { fitted } from '../../src/report/text-width.ts';
import { liveLog, type LiveLogOptions, type LiveModel } from '../../src/ui/live-log.ts';
import { marksOf } from '../../src/ui/text.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const same = (text: string): string => text;
const PLAIN = { dim: same, green: same, red: same, yellow: same };

function started(columns = 40, more: Partial<LiveLogOptions> = {}) {
  const printed: string[] = [];
  const drawn: LiveModel[] = [];
  let closed = 0;
  const log = liveLog({
    surface: {
      print: (text) => printed.push(text),
      draw: (model) => drawn.push(model),
      close: () => (closed += 1),
    },
    columns: () => columns,
    style: PLAIN,
    marks: marksOf(true),
    now: () => Date.now(),
    fit: (text, room) => fitted(text, room, '…'),
    ...more,
  });
  const step = (digest: string, name: string, state: BuildStep['state'], rest = {}): void => {
    log.sink({ kind: 'build-step', step: { digest, name, state, ...rest } });
  };
  /** What runs as lines, after `ms` more. */
  const live = (ms = 100): readonly string[] => {
    vi.advanceTimersByTime(ms);
    return (drawn.at(-1)?.rows ?? []).flatMap(({ label, figures, log: lines }) => [
      `${label} ${figures}`,
      ...lines.map((line) => `  ${line}`),
    ]);
  };
  return { printed, drawn, log, step, live, closed: () => closed };
}

describe('the live log', () => {
  test('shows what runs with its seconds, and prints what is done', () => {
    const { printed, log, step, live } = started();
    step('a', 'FROM alpine', 'started');
    step('b', 'RUN make', 'started');
    step('a', 'FROM alpine', 'cached');
    expect(live(1500)).toEqual(['RUN make 1.5s']);
    step('b', 'RUN make', 'done', { seconds: 1.5 });
    log.sink({ kind: 'phase-done', phase: 'build', detail: '2 steps', seconds: 2 });
    expect(live()).toEqual([]);
    expect(printed).toEqual(['✔ FROM alpine cached', '✔ RUN make 1.5s', '✔ build: 2 steps 2.0s']);
  });

  test('a step that BuildKit ended because of another is told as such, without its log', () => {
    const { printed, log, step } = started(80);
    step('a', 'RUN sleep', 'started');
    step('b', 'RUN false', 'started');
    log.sink({ kind: 'build-log', step: 'a', text: 'on it' });
    step('b', 'RUN false', 'failed', { error: 'exit code: 1' });
    step('a', 'RUN sleep', 'failed', {
      error: 'exit code: 137: context canceled: context canceled',
    });
    expect(printed).toEqual(['✘ RUN false: exit code: 1', '○ RUN sleep cancelled']);
  });

  test('draws no more once it is stopped', () => {
    const { drawn, log, step, closed } = started();
    step('a', 'RUN sleep', 'started');
    log.stop();
    const before = drawn.length;
    vi.advanceTimersByTime(1000);
    expect([closed(), drawn.length]).toEqual([1, before]);
  });

  test('shows the last lines of the log below the step that printed them until it ends', () => {
    const { log, step, live } = started();
    step('a', 'RUN make', 'started');
    step('b', 'RUN test', 'started');
    log.sink({ kind: 'build-log', step: 'a', text: 'one\n\ntwo\nthree\nfour\nfive' });
    expect(live()).toEqual([
      'RUN make 0.1s',
      '  two',
      '  three',
      '  four',
      '  five',
      'RUN test 0.1s',
    ]);
    log.sink({ kind: 'build-log', step: 'b', text: 'six' });
    expect(live()).toEqual(['RUN make 0.2s', 'RUN test 0.2s', '  six']);
    step('b', 'RUN test', 'done', { seconds: 0.1 });
    expect(live()).toEqual(['RUN make 0.3s']);
  });

  test('a failed step comes with its error and the last lines that it printed', () => {
    const { printed, log, step } = started();
    step('a', 'RUN make', 'started');
    for (let i = 1; i <= 30; i++) log.sink({ kind: 'build-log', step: 'a', text: `line ${i}` });
    step('a', 'RUN make', 'failed', { error: 'exit code: 2' });
    const lines = printed[0]?.split('\n') ?? [];
    expect(lines).toHaveLength(21);
    expect([lines[0], lines[1], lines[20]]).toEqual([
      '✘ RUN make: exit code: 2',
      '  | line 11',
      '  | line 30',
    ]);
  });

  test('what a step printed and that comes after its failure is shown too', () => {
    const { printed, log, step } = started();
    step('a', 'RUN make', 'started');
    step('a', 'RUN make', 'failed', { error: 'exit code: 2' });
    log.sink({ kind: 'build-log', step: 'a', text: 'no rule \u001b[2Jto make' });
    expect(printed).toEqual(['✘ RUN make: exit code: 2', '  | no rule to make']);
  });

  test('a burst of log lines and transfers costs one drawing', () => {
    const { drawn, log, step } = started();
    step('a', 'RUN make', 'started');
    for (let i = 0; i < 1000; i++) log.sink({ kind: 'build-log', step: 'a', text: `line ${i}` });
    expect(drawn.length).toBe(0);
    vi.advanceTimersByTime(100);
    expect(drawn.length).toBe(1);
  });

  test('shows how far all transfers of a phase are, and how fast', () => {
    const { log, live } = started(60);
    log.sink({ kind: 'phase-started', phase: 'load', detail: 'app:1' });
    const move = (layer: string, done: number): void => {
      const digest = digestOf(Buffer.from(layer));
      log.sink({ kind: 'transfer', phase: 'load', digest, done, total: 3_000_000 });
    };
    move('one', 0);
    move('two', 0);
    vi.advanceTimersByTime(900);
    move('one', 3_000_000);
    move('two', 1_500_000);
    expect(live()).toEqual(['load into Docker app:1 1.0s 4.50 MB of 6.00 MB, 4.50 MB/s']);
    log.sink({ kind: 'phase-done', phase: 'load', detail: 'app:1', seconds: 1 });
    log.sink({ kind: 'phase-started', phase: 'load' });
    expect(live(0)).toEqual(['load into Docker app:1 1.0s 4.50 MB of 6.00 MB, 4.50 MB/s']);
    expect(live()).toEqual(['load into Docker 0.1s']);
  });

  test('shows what a build step downloads', () => {
    const { log, step, live } = started();
    step('a', 'FROM base', 'started');
    log.sink({ kind: 'step-transfer', step: 'a', done: 1_000_000, total: 4_000_000 });
    expect(live()).toEqual(['FROM base 0.1s 1.00 MB of 4.00 MB']);
  });

  test('lists what was planned, and how far each of it is', () => {
    const { drawn, log } = started();
    log.sink({ kind: 'steps-planned', steps: ['build', 'sbom', 'attest', 'grade', 'load'] });
    log.sink({ kind: 'phase-started', phase: 'build' });
    log.sink({ kind: 'part', part: 'sbom', state: 'done' });
    log.sink({ kind: 'part', part: 'scan', state: 'started' });
    log.sink({ kind: 'phase-off', phase: 'attest', reason: '--sign=false' });
    vi.advanceTimersByTime(100);
    expect(drawn.at(-1)?.items.map(({ label, state }) => `${label}: ${state}`)).toEqual([
      'build: running',
      'SBOM: done',
      'attest: off',
      'grade: waiting',
      'load: waiting',
    ]);
  });

  test('shows at most four of what runs, the newest', () => {
    const { step, live } = started();
    for (const name of ['a', 'b', 'c', 'd', 'e']) step(name, name, 'started');
    expect(live().map((line) => line.split(' ')[0])).toEqual(['b', 'c', 'd', 'e']);
  });
});

describe('lines', () => {
  test.each([
    ['long', 'x'.repeat(200)],
    ['wide', '漢字'.repeat(60)],
    ['of emoji', '🚀'.repeat(100)],
    ['full of tabs', 'a\t'.repeat(100)],
    ['of several lines', 'RUN a\nRUN b\n'.repeat(20)],
  ])('of done steps that are %s take one row', (_name, text) => {
    const { printed, step } = started(40);
    step('a', text, 'cached');
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatch(/^✔ .*… cached$/);
  });

  test('cannot steer the terminal', () => {
    const { printed, log, step, live } = started(60);
    step('a', 'RUN \u001b[2J\u001b[1;1Hx', 'started');
    log.sink({ kind: 'build-log', step: 'a', text: '\u001b]0;title\u0007a\rb\u202E' });
    log.sink({ kind: 'warning', text: 'w\u001b[5A', nextStep: 'n\u001b[5A' });
    log.sink({ kind: 'raw', text: 'ERROR:\u009b2K no\n  at\u0007 all' });
    log.sink({ kind: 'build-warning', text: 'one\ntwo\u001b[?25h' });
    expect(live()).toEqual(['RUN x 0.1s', '  ab']);
    step('a', 'RUN \u001b[2Jx', 'failed', { error: 'bad\u001b[2J' });
    expect(printed).toEqual([
      '! w\n  next: n',
      'ERROR: no\n  at all',
      '! one\ntwo',
      '✘ RUN x: bad\n  | ab',
    ]);
  });

  test('that stay are whole: paths and digests are copied from them', () => {
    const { printed, log, step } = started(30);
    const path = '/home/user/.config/scoville/keys/cosign.key';
    log.sink({ kind: 'notice', text: `made ${path}` });
    step('a', 'RUN make', 'failed', { error: `exit code 1 in ${path}` });
    expect(printed).toEqual([`· made ${path}`, `✘ RUN make: exit code 1 in ${path}`]);
  });

  test('keep the codes of their own style', () => {
    const { step, printed } = started(40, {
      style: { ...PLAIN, dim: (text) => `\u001b[2m${text}\u001b[22m` },
    });
    step('a', 'FROM alpine', 'cached');
    expect(printed).toEqual(['✔ FROM alpine \u001b[2mcached\u001b[22m']);
  });

  test('say what is off', () => {
    const { printed, log } = started();
    log.sink({ kind: 'phase-off', phase: 'push', reason: 'not asked for' });
    expect(printed).toEqual(['○ push: off, not asked for']);
  });
});
