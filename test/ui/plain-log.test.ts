import { expect, test } from 'vitest';
import { digestOf } from '../../src/model/digest.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { plainLog } from '../../src/ui/plain-log.ts';

function shown(...events: readonly PipelineEvent[]): string {
  let text = '';
  const sink = plainLog((piece) => (text += piece));
  events.forEach(sink);
  return text;
}

function step(
  digest: string,
  name: string,
  state: 'started' | 'done' | 'cached' | 'failed',
  more = {},
) {
  return { kind: 'build-step', step: { digest, name, state, ...more } } as const;
}

test('numbers the steps in the order in which they are first seen, and tells each end', () => {
  expect(
    shown(
      step('a', '[1/2] FROM alpine', 'started'),
      step('b', '[2/2] RUN make', 'started'),
      step('a', '[1/2] FROM alpine', 'cached'),
      { kind: 'build-log', step: 'b', text: 'cc main.c\n\nld main.o' },
      step('b', '[2/2] RUN make', 'done', { seconds: 1.25 }),
    ),
  ).toBe(
    '#1 [1/2] FROM alpine\n#2 [2/2] RUN make\n#1 CACHED\n#2 cc main.c\n#2 ld main.o\n#2 DONE 1.3s\n',
  );
});

test('a failed step says why, each line of it', () => {
  expect(shown(step('a', 'RUN false', 'failed', { error: 'exit code: 1\nsecond line' }))).toBe(
    '#1 RUN false\n#1 ERROR: exit code: 1\nsecond line\n',
  );
});

test('phases, notices and warnings are told in our own name', () => {
  expect(
    shown(
      { kind: 'phase-started', phase: 'attest' },
      { kind: 'phase-done', phase: 'attest', detail: '3 statements', seconds: 0.5, cached: true },
      { kind: 'phase-off', phase: 'push', reason: 'not asked for' },
      { kind: 'notice', text: 'made a key' },
      { kind: 'warning', text: 'no scanner', nextStep: 'apt-get install grype' },
      { kind: 'build-warning', text: 'legacy ENV\nuse =' },
    ),
  ).toBe(
    [
      'scoville: sign and attest: 3 statements (cached, 0.5s)',
      'scoville: push: off, not asked for',
      'scoville: made a key',
      'scoville: warning: no scanner',
      '  next: apt-get install grype',
      'WARNING: legacy ENV',
      'use =',
      '',
    ].join('\n'),
  );
});

test('what the image and buildx say cannot steer the terminal', () => {
  expect(
    shown(
      step('a', 'RUN \u001b[2Jx', 'started'),
      { kind: 'build-log', step: 'a', text: '\u001b]0;t\u0007gone\rback' },
      { kind: 'raw', text: 'ERROR:\u001b[31m bad\n  2 | \u202Eline' },
    ),
  ).toBe('#1 RUN x\n#1 goneback\nERROR: bad\n  2 | line\n');
});

test('transfers, files and the scorecard are no lines', () => {
  const digest = digestOf(Buffer.from('a layer'));
  expect(
    shown(
      { kind: 'transfer', phase: 'load', digest, done: 1, total: 2 },
      { kind: 'file-normalised', layer: digest, path: 'a', rule: 'b' },
    ),
  ).toBe('');
});
