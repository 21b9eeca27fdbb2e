import { describe, expect, test } from 'vitest';
import {
  asWritten,
  type Injection,
  readBack,
  sentDockerfile,
  WATCH_WORDS,
  withoutInjection,
} from '../../src/build/sent-dockerfile.ts';
import { withoutInjected } from '../../src/reproduce/recorded-fetches.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

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

const NOTHING: Injection = { names: () => [], clock: false, hermetic: undefined };

function sent(text: string, injection: Partial<Injection>) {
  const read = parseDockerfile(text);
  if (!read.ok) throw new Error(read.error.message);
  return sentDockerfile(text, read.value, { ...NOTHING, ...injection });
}

/** Behind the proxy. */
function injected(text: string, offline: readonly number[] = [], clock = false) {
  return sent(text, {
    clock,
    hermetic: { hashedName: '0.0', mark: 'ab', offline: new Set(offline) },
  });
}

const offered = (text: string) => sent(text, { names: () => ['SOURCE_DATE_EPOCH'] });
const clocked = (text: string): string | undefined =>
  sent(text, { clock: true })?.text.replaceAll(/--mount=\S+from=scoville-clock\S+/g, 'M');

describe('behind the proxy', () => {
  test('is read as the same instructions, and can be taken out again', () => {
    for (const text of [TEXT, TEXT.replaceAll('\n', '\r\n')]) {
      const found = injected(text, [3]);
      if (found === undefined) throw new Error('something is run');
      const read = parseDockerfile(found.text);
      const [stage] = read.ok ? read.value.stages : [];
      expect(
        stage?.instructions
          .map(({ keyword, rawArguments }) => [keyword, rawArguments.trim()])
          .slice(1),
      ).toEqual([
        ['RUN', `${WATCH_WORDS}apt-get install -y curl`],
        ['RUN', `${WATCH_WORDS}echo`],
        ['RUN', `${WATCH_WORDS}npm ci`],
        ['RUN', '<<EOF'],
      ]);
      expect(withoutInjection(found.text)).toEqual({ text, lines: found.lines });
    }
  });
});

describe('the history', () => {
  // BuildKit writes values without quotes, and those of the command line with the names.
  const words = (injected(TEXT)?.text.split('\n')[2] ?? '')
    .slice('ARG '.length)
    .replaceAll('"', '')
    .replace(
      'YARN_HTTP_PROXY YARN_HTTPS_PROXY',
      'YARN_HTTP_PROXY=http://build:b@c YARN_HTTPS_PROXY=http://build:b@c',
    );
  const count = words.match(/(?:^| )[A-Z_]+(?==)/g)?.length ?? 0;
  const argument = `ARG ${words}`;
  test.each([
    [argument, undefined],
    [argument.replaceAll(/(YARN_HTTPS?_PROXY)=\S+/g, '$1'), undefined],
    [`RUN |${count} ${words} /bin/sh -c npm ci # buildkit`, 'RUN /bin/sh -c npm ci # buildkit'],
    [`RUN |${count + 1} ${words} A=b /bin/sh -c x`, 'RUN |1 A=b /bin/sh -c x'],
    [`|${count} ${words} /bin/sh -c x`, '/bin/sh -c x'],
    [`RUN |${count} ${words} /bin/sh -c ${WATCH_WORDS}x`, 'RUN /bin/sh -c x'],
    // What else was put in, or declared before, stands where it was declared.
    [
      `RUN |${count + 2} SOURCE_DATE_EPOCH=1 ${words} A=b /bin/sh -c x`,
      'RUN |2 SOURCE_DATE_EPOCH=1 A=b /bin/sh -c x',
    ],
    [
      `RUN |${count} ${words.replace('/.scoville-hermetic', '/own')} /bin/sh -c x`,
      'RUN |1 SSL_CERT_FILE=/own/ca.pem /bin/sh -c x',
    ],
    [`RUN /bin/sh -c x ${words} y`, `RUN /bin/sh -c x ${words} y`],
    [argument.replace('DENO_CERT', 'OTHER'), argument.replace('DENO_CERT', 'OTHER')],
    ['ARG SSL_CERT_FILE=/own', 'ARG SSL_CERT_FILE=/own'],
    ['RUN |1 A=b /bin/sh -c x', 'RUN |1 A=b /bin/sh -c x'],
    ['CMD ["a"]', 'CMD ["a"]'],
  ])('%s', (before, after) => {
    expect(withoutInjected({ created_by: before })).toEqual(
      after === undefined ? undefined : { created_by: after },
    );
  });
});

describe('SOURCE_DATE_EPOCH', () => {
  test('is declared behind each FROM of a stage that runs something', () => {
    const text =
      '# escape=`\nFROM a `\n  AS build\nRUN one\n\nFROM scratch\nCOPY --from=build / /\nFROM b\nRUN two';
    expect(offered(text)).toEqual({
      text: '# escape=`\nFROM a `\n  AS build\nARG SOURCE_DATE_EPOCH\nRUN one\n\nFROM scratch\nCOPY --from=build / /\nFROM b\nARG SOURCE_DATE_EPOCH\nRUN two',
      lines: [1, 2, 3, undefined, 4, 5, 6, 7, 8, undefined, 9],
    });
  });

  test.each([
    'FROM a\nARG SOURCE_DATE_EPOCH\nRUN x',
    'FROM a\nARG B=1 SOURCE_DATE_EPOCH=7\nRUN x',
    'FROM a\nENV SOURCE_DATE_EPOCH=7\nRUN x',
    'FROM a\nCOPY x y',
  ])('is not where it is known, or nothing runs: %j', (text) => {
    expect(offered(text)).toBeUndefined();
  });

  test('a global ARG alone reaches no stage', () => {
    expect(offered('ARG SOURCE_DATE_EPOCH=7\nFROM a\nRUN x')?.lines).toEqual([1, 2, undefined, 3]);
  });
});

describe('what BuildKit says', () => {
  const map = { lines: [1, undefined, 2, 3] };

  test.each([
    ['Dockerfile:3', 'Dockerfile:2'],
    ['Dockerfile:9', 'Dockerfile:9'],
    ['other.txt:3', 'other.txt:3'],
    ['   1 |     FROM a', '   1 |     FROM a'],
    ['   2 |     ARG SOURCE_DATE_EPOCH', undefined],
    ['   3 | >>> RUN x', '   2 | >>> RUN x'],
    ['--------------------', '--------------------'],
  ])('%s', (line, wanted) => {
    expect(asWritten(line, map, 'Dockerfile')).toBe(wanted);
  });
});

describe('a clock', () => {
  test('every RUN has the mounts, in front of its own flags, and lines stay', () => {
    expect(
      clocked(
        'FROM debian AS a\nRUN date\n  run --network=none \\\n  # RUN no\n  id\nFROM a\nCOPY x /\nRUN <<EOF\nRUN x\nEOF\n',
      ),
    ).toBe(
      'FROM debian AS a\nRUN M M date\n  run M M --network=none \\\n  # RUN no\n  id\nFROM a\nCOPY x /\nRUN M M <<EOF\nRUN x\nEOF\n',
    );
  });
});

test.each([
  ['scoville-hermetic-seen 172.17.0.3; Tcp:', undefined],
  ['#7 0.123 scoville-hermetic-seen 172.17.0.3; Tcp:', undefined],
  ['#7 0.123 halfscoville-hermetic-seen 172.17.0.3; Tcp:', '#7 0.123 half'],
  [`#7 0.123 + ${WATCH_WORDS}a`, '#7 0.123 + a'],
  ['', ''],
])('%j is shown as %j', (text, expected) => {
  expect(readBack(text)).toBe(expected);
});
