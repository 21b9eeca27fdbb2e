import { expect, test } from 'vitest';
import { conversation, type ShownAs } from '../../src/cli/conversation.ts';
import type { CommandIo } from '../../src/cli/io.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { fakeIo } from './command-io.ts';

const EVENTS: readonly PipelineEvent[] = [
  { kind: 'notice', text: 'a notice' },
  { kind: 'warning', text: 'a \u001b[2Jwarning', nextStep: 'a step' },
  { kind: 'raw', text: 'a raw line' },
  { kind: 'build-line', text: 'a plain line' },
  { kind: 'build-json', text: '{"vertexes":[]}' },
];

async function shown(as: ShownAs, more: Partial<CommandIo> = {}, interactive = true) {
  const { io, out, err } = fakeIo(more);
  const { sink, stop } = await conversation(io, as, interactive);
  EVENTS.forEach(sink);
  stop();
  expect(out()).toBe('');
  return err();
}

const PLAIN = 'scoville: a notice\nscoville: warning: a warning\n  next: a step\na plain line\n';
const TERMINAL = { errIsTerminal: true, env: { TERM: 'xterm' } };

test.each<[ShownAs, Partial<CommandIo>, boolean]>([
  ['auto', {}, true],
  ['plain', TERMINAL, true],
  ['tty', {}, true],
  ['auto', { errIsTerminal: true, env: { TERM: 'dumb' } }, true],
  ['auto', TERMINAL, false],
  ['tty', TERMINAL, false],
  ['auto', { errIsTerminal: true, env: { TERM: 'xterm', CI: 'true' } }, true],
  ['auto', { errIsTerminal: true, env: { TERM: 'xterm', SCOVILLE_ACCESSIBLE: '1' } }, true],
  ['auto', { errIsTerminal: true, env: { TERM: 'xterm', INK_SCREEN_READER: 'true' } }, true],
])('%s is shown as lines where nothing can be drawn', async (as, more, interactive) => {
  expect(await shown(as, more, interactive)).toBe(PLAIN);
});

test.each<ShownAs>(['auto', 'tty'])(
  '%s marks its lines in a terminal, and draws nothing where nothing runs',
  async (as) => {
    const utf8 = { ...TERMINAL, env: { ...TERMINAL.env, LANG: 'C.UTF-8' } };
    expect(await shown(as, utf8)).toBe('· a notice\n! a warning\n  next: a step\na raw line\n');
  },
);

test.each<ShownAs>(['quiet', 'none'])(
  '%s shows warnings and what buildx says of its end',
  async (as) => {
    expect(await shown(as, TERMINAL)).toBe(
      'scoville: warning: a warning\n  next: a step\na raw line\n',
    );
  },
);

test('a CI system gets its own marks where nobody asked for plain lines', async () => {
  const env = { GITHUB_ACTIONS: 'true' };
  expect(await shown('auto', { env })).toContain('::warning title=scoville::a warning%0A');
  expect(await shown('plain', { env })).toBe(PLAIN);
});
