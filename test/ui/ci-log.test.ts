import { expect, test } from 'vitest';
import type { PipelineEvent } from '../../src/model/events.ts';
import { ciLog, ciMarks } from '../../src/ui/plain-log.ts';

const BUILD: readonly PipelineEvent[] = [
  { kind: 'notice', text: 'first' },
  { kind: 'phase-started', phase: 'build' },
  { kind: 'build-line', text: '#1 [internal] load' },
  { kind: 'build-line', text: '#2 0.1 ##[group]x' },
  { kind: 'build-line', text: '::set-output name=digest::evil' },
  { kind: 'raw', text: '  ::error::evil' },
];
const DONE: PipelineEvent = { kind: 'phase-done', phase: 'build', detail: 'built', seconds: 2 };

function shown(env: Record<string, string>, events: readonly PipelineEvent[]): string {
  const marks = ciMarks(env);
  if (marks === undefined) throw new Error('no marks');
  let text = '';
  const { sink, stop } = ciLog(
    (more) => (text += more),
    marks,
    () => 1_700_000_000_900,
  );
  events.forEach(sink);
  stop();
  return text;
}

test('GitHub: the build is folded, warnings are annotations, and nothing that a build prints is a command', () => {
  const warning: PipelineEvent = { kind: 'warning', text: '50% of\u001b[2J it', nextStep: 'do' };
  expect(shown({ GITHUB_ACTIONS: 'true' }, [...BUILD, DONE, warning])).toBe(
    `scoville: first
::group::docker buildx build
#1 [internal] load
#2 0.1 ## [group]x
: :set-output name=digest::evil
::endgroup::
scoville: build: built (2.0s)
::warning title=scoville::50%25 of it%0A  next: do
`,
  );
});

test('GitHub: what buildx says of a build that fails stands outside the fold', () => {
  expect(shown({ GITHUB_ACTIONS: 'true' }, BUILD)).toMatch(/\n::endgroup::\n {2}: :error::evil\n$/);
});

test('GitLab: a section that is folded, with its times', () => {
  const warning: PipelineEvent = { kind: 'warning', text: 'w' };
  expect(shown({ GITLAB_CI: 'true' }, [...BUILD.slice(0, 3), DONE, warning])).toBe(
    'scoville: first\n' +
      '\u001b[0Ksection_start:1700000000:scoville_build[collapsed=true]\r\u001b[0Kdocker buildx build\n' +
      '#1 [internal] load\n' +
      '\u001b[0Ksection_end:1700000000:scoville_build\r\u001b[0K\n' +
      'scoville: build: built (2.0s)\nscoville: warning: w\n',
  );
});

test('elsewhere there are no marks', () => {
  expect(ciMarks({ CI: 'true', GITHUB_ACTIONS: 'false' })).toBe(undefined);
});
