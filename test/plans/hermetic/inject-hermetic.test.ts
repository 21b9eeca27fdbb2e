import { describe, expect, test } from 'vitest';
import { parseDockerfile } from '../../../src/dockerfile/parse-dockerfile.ts';
import {
  injectHermetic,
  withoutFlags,
  withoutInjected,
  withoutInjection,
} from '../../../src/plans/hermetic/inject-hermetic.ts';

const TEXT = [
  '# syntax=docker/dockerfile:1',
  'FROM a AS build',
  'RUN apt-get install -y curl',
  'run --network=none echo',
  '  RUN \\',
  '    npm ci',
  'RUN <<EOF',
  'RUN not an instruction',
  'EOF',
  'FROM scratch',
  'COPY --from=build / /',
  '',
].join('\n');

function injected(text: string, offline: readonly number[] = []) {
  const read = parseDockerfile(text);
  if (!read.ok) throw new Error(read.error.message);
  return injectHermetic(text, read.value, { hashedName: '0.0', offline: new Set(offline) });
}

const mount = (file: string, target: string): string =>
  `--mount=type=bind,from=scoville-hermetic,source=${file},target=${target}`;
const FIRST = [
  mount('ca.pem', '/.scoville-hermetic/ca.pem'),
  mount('ca.pem', '/etc/ssl/certs/0.0'),
  mount('apt.conf', '/etc/apt/apt.conf.d/99scoville-hermetic'),
  mount('resolv.conf', '/etc/resolv.conf'),
].join(' ');
const BUNDLES = [
  mount('ca.pem', '/etc/ssl/certs/ca-certificates.crt'),
  mount('ca.pem', '/etc/pki/tls/certs/ca-bundle.crt'),
].join(' ');

describe('injectHermetic', () => {
  test('mounts into each RUN, over the bundle only where none is written, and declares where programs look', () => {
    const sent = injected(TEXT, [3, 4])?.text.split('\n') ?? [];
    expect(sent[2]).toMatch(
      /^ARG SSL_CERT_FILE=\/\.scoville-hermetic\/ca\.pem NODE_EXTRA_CA_CERTS=\/\.scoville-hermetic\/ca\.pem /,
    );
    expect(sent.slice(3, 9)).toEqual([
      `RUN --network=none ${FIRST} apt-get install -y curl`,
      `run ${FIRST} ${BUNDLES} --network=none echo`,
      `  RUN ${FIRST} ${BUNDLES} \\`,
      '    npm ci',
      `RUN ${FIRST} ${BUNDLES} <<EOF`,
      'RUN not an instruction',
    ]);
    expect(sent.slice(9)).toEqual(['EOF', 'FROM scratch', 'COPY --from=build / /', '']);
  });

  test('is read as the same instructions, and can be taken out again', () => {
    for (const text of [TEXT, TEXT.replaceAll('\n', '\r\n')]) {
      const sent = injected(text, [3]);
      if (sent === undefined) throw new Error('something is run');
      const read = parseDockerfile(sent.text);
      const [stage] = read.ok ? read.value.stages : [];
      expect(
        stage?.instructions
          .map(({ keyword, rawArguments }) => [keyword, rawArguments.trim()])
          .slice(1),
      ).toEqual([
        ['RUN', 'apt-get install -y curl'],
        ['RUN', 'echo'],
        ['RUN', 'npm ci'],
        ['RUN', '<<EOF'],
      ]);
      expect(withoutInjection(sent.text)).toEqual({ text, lines: sent.lines });
    }
  });

  test('leaves a Dockerfile alone that runs nothing', () => {
    expect(injected('FROM a\nCOPY . .\n')).toBeUndefined();
  });
});

test('what is shown of a step does not tell of it', () => {
  const [, , , line = ''] = injected(TEXT, [3])?.text.split('\n') ?? [];
  expect(withoutFlags(`[build 2/4] ${line}`)).toBe('[build 2/4] RUN apt-get install -y curl');
});

describe('the history', () => {
  const argument = injected(TEXT)?.text.split('\n')[2] ?? '';
  const words = argument.slice('ARG '.length);
  const count = words.split(' ').length;
  test.each([
    [argument, undefined],
    [`RUN |${count} ${words} /bin/sh -c npm ci # buildkit`, 'RUN /bin/sh -c npm ci # buildkit'],
    [`RUN |${count + 1} ${words} A=b /bin/sh -c x`, 'RUN |1 A=b /bin/sh -c x'],
    [`|${count} ${words} /bin/sh -c x`, '/bin/sh -c x'],
    ['ARG SSL_CERT_FILE=/own', 'ARG SSL_CERT_FILE=/own'],
    ['RUN |1 A=b /bin/sh -c x', 'RUN |1 A=b /bin/sh -c x'],
    ['CMD ["a"]', 'CMD ["a"]'],
  ])('%s', (before, after) => {
    expect(withoutInjected({ created_by: before })).toEqual(
      after === undefined ? undefined : { created_by: after },
    );
  });
});
