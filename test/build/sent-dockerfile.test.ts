import { describe, expect, test } from 'vitest';
import {
  asWritten,
  hermeticFiles,
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
  return sent(text, { clock, hermetic: { hashedName: '0.0', offline: new Set(offline) } });
}

const offered = (text: string) => sent(text, { names: () => ['SOURCE_DATE_EPOCH'] });
const clocked = (text: string): string | undefined =>
  sent(text, { clock: true })?.text.replaceAll(/--mount=\S+from=scoville-clock\S+/g, 'M');

const mount = (file: string, target: string): string =>
  `--mount=type=bind,from=scoville-hermetic,source=${file},target=${target}`;
/** What the RUN that begins on a line gets. */
const first = (line: number): string =>
  [
    mount(`run${line}`, '/.scoville-hermetic'),
    mount(`run${line}/ca.pem`, '/etc/ssl/certs/0.0'),
    mount(`run${line}/ca.pem`, '/etc/apk/ca.pem'),
    mount(`run${line}/apt.conf`, '/etc/apt/apt.conf.d/99scoville-hermetic'),
    mount(`run${line}/resolv.conf`, '/etc/resolv.conf'),
  ].join(' ');
const bundles = (line: number): string =>
  [
    mount(`run${line}/ca.pem`, '/etc/ssl/certs/ca-certificates.crt'),
    mount(`run${line}/ca.pem`, '/etc/pki/tls/certs/ca-bundle.crt'),
  ].join(' ');

describe('behind the proxy', () => {
  test('mounts into each RUN, over the bundle only where none is written, and declares where programs look', () => {
    const lines = injected(TEXT, [3, 4])?.text.split('\n') ?? [];
    expect(lines[2]).toMatch(
      /^ARG SSL_CERT_FILE=\/\.scoville-hermetic\/ca\.pem NODE_EXTRA_CA_CERTS=\/\.scoville-hermetic\/ca\.pem /,
    );
    expect(lines.slice(3, 9)).toEqual([
      `RUN --network=none ${first(3)} ${WATCH_WORDS}apt-get install -y curl`,
      `run ${first(4)} ${bundles(4)} --network=none ${WATCH_WORDS}echo`,
      `  RUN ${first(5)} ${bundles(5)} \\`,
      `    ${WATCH_WORDS}npm ci`,
      `RUN ${first(7)} ${bundles(7)} <<EOF`,
      `${WATCH_WORDS}RUN not an instruction`,
    ]);
    expect(lines.slice(9)).toEqual(['EOF', 'FROM scratch', 'COPY --from=build / /', '']);
  });

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

test('a JVM is told the proxy with its password by a file, which only Java from 9 reads', () => {
  const files = hermeticFiles({
    pem: 'PEM',
    trustStore: Buffer.from('p12'),
    proxyUrl: 'http://build:pass-word@172.17.0.1:40000',
    mark: 'mark',
    mode: 'replay',
  });
  expect(String(files['java-options']).split('\n')).toEqual(
    expect.arrayContaining([
      '-Djavax.net.ssl.trustStore=/.scoville-hermetic/ca.p12',
      '-Dhttps.proxyHost=172.17.0.1',
      '-Dhttps.proxyPort=40000',
      '-Dhttp.proxyUser=build',
      '-Dhttps.proxyPassword=pass-word',
      '-Djdk.http.auth.tunneling.disabledSchemes=',
    ]),
  );
  expect(files['maven-settings.xml']).toContain(
    '<protocol>https</protocol><host>172.17.0.1</host><port>40000</port><username>build</username><password>pass-word</password>',
  );
  expect(files['wgetrc']).toBe('ca_certificate = /.scoville-hermetic/ca.pem\n');
  expect(injected(TEXT)?.text).toContain(
    ' JAVA_TOOL_OPTIONS="-XX:+IgnoreUnrecognizedVMOptions -XX:VMOptionsFile=/.scoville-hermetic/java-options" ',
  );
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
