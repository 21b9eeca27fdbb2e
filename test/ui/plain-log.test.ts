import { expect, test } from 'vitest';
import type { PipelineEvent } from '../../src/model/events.ts';
import { digestOf } from '../../src/model/reference.ts';
import { plainLog } from '../../src/ui/plain-log.ts';

function shown(...events: readonly PipelineEvent[]): string {
  let text = '';
  const sink = plainLog((piece) => (text += piece));
  events.forEach(sink);
  return text;
}

test('the build comes as the lines of buildx, and once: its steps and their logs are in them', () => {
  expect(
    shown(
      { kind: 'build-step', step: { digest: 'a', name: 'RUN make', state: 'started' } },
      { kind: 'build-line', text: '#1 [1/2] RUN make' },
      { kind: 'build-log', step: 'a', text: 'cc main.c' },
      { kind: 'build-line', text: '#1 0.1 cc main.c' },
      { kind: 'build-warning', text: 'legacy ENV' },
      { kind: 'raw', text: 'ERROR: failed to solve' },
      { kind: 'build-line', text: 'ERROR: failed to solve' },
      { kind: 'build-json', text: '{}' },
    ),
  ).toBe('#1 [1/2] RUN make\n#1 0.1 cc main.c\nERROR: failed to solve\n');
});

test('phases, notices and warnings are told in our own name', () => {
  expect(
    shown(
      { kind: 'phase-started', phase: 'attest' },
      { kind: 'phase-done', phase: 'attest', detail: '3 statements', seconds: 0.5, cached: true },
      { kind: 'phase-off', phase: 'push', reason: 'not asked for' },
      { kind: 'notice', text: 'made a key' },
      { kind: 'warning', text: 'no scanner', nextStep: 'apt-get install grype' },
    ),
  ).toBe(
    [
      'scoville: sign and attest: 3 statements (cached, 0.5s)',
      'scoville: push: off, not asked for',
      'scoville: made a key',
      'scoville: warning: no scanner',
      '  next: apt-get install grype',
      '',
    ].join('\n'),
  );
});

test('what the image and buildx say cannot steer the terminal', () => {
  expect(
    shown(
      { kind: 'build-line', text: '#1 \u001b]0;t\u0007gone\rback' },
      { kind: 'build-line', text: 'ERROR:\u001b[31m bad\n  2 | \u202Eline' },
      { kind: 'notice', text: 'a\u001b[2J' },
    ),
  ).toBe('#1 goneback\nERROR: bad\n  2 | line\nscoville: a\n');
});

test('what takes a while says what it works on, with bytes, and how it ended', () => {
  expect(
    shown(
      { kind: 'phase-started', phase: 'inspect', detail: '4 layers', bytes: 226_000_000 },
      { kind: 'phase-done', phase: 'inspect', detail: '168 packages', seconds: 4.31 },
      { kind: 'part', part: 'sbom', state: 'started' },
      { kind: 'part', part: 'scan', state: 'started', detail: '168 packages' },
      { kind: 'part', part: 'scan', state: 'done', detail: '2 CVEs by OSV.dev', seconds: 1.2 },
    ),
  ).toBe(
    [
      'scoville: inspect: 4 layers, 226 MB ...',
      'scoville: inspect: 168 packages (4.3s)',
      'scoville: scan: 168 packages ...',
      'scoville: scan: 2 CVEs by OSV.dev (1.2s)',
      '',
    ].join('\n'),
  );
});

test('a long transfer says how far it is, with bytes, and less and less often', () => {
  let text = '';
  let time = 0;
  const sink = plainLog(
    (piece) => (text += piece),
    () => time,
  );
  sink({ kind: 'phase-started', phase: 'push' });
  for (const name of ['a', 'b'])
    for (let step = 1; step <= 4; step++) {
      time += 2000;
      const done = step * 10_000_000;
      sink({ kind: 'transfer', phase: 'push', digest: digestOf(name), done, total: 40_000_000 });
    }
  expect(text).toBe('scoville: push: 30.0 MB of 40.0 MB\nscoville: push: 80.0 MB of 80.0 MB\n');
});

test('short transfers, files and the scorecard are no lines', () => {
  const digest = digestOf(Buffer.from('a layer'));
  expect(
    shown(
      { kind: 'transfer', phase: 'load', digest, done: 1, total: 2 },
      { kind: 'file-normalised', layer: digest, path: 'a', rule: 'b' },
    ),
  ).toBe('');
});
