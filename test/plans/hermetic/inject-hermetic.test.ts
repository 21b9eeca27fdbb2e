import { describe, expect, test } from 'vitest';
import {
  hermeticFiles,
  injectHermetic,
  withoutFlags,
  withoutInjection,
} from '../../../src/plans/hermetic/inject-hermetic.ts';
import { withoutInjected } from '../../../src/plans/hermetic/restore-build.ts';
import { WATCH_WORDS } from '../../../src/plans/hermetic/watch-runs.ts';
import { withClock } from '../../../src/plans/reproduce/inject-clock.ts';
import { parseDockerfile } from '../../dockerfile/parse-dockerfile.ts';

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

describe('injectHermetic', () => {
  test('mounts into each RUN, over the bundle only where none is written, and declares where programs look', () => {
    const sent = injected(TEXT, [3, 4])?.text.split('\n') ?? [];
    expect(sent[2]).toMatch(
      /^ARG SSL_CERT_FILE=\/\.scoville-hermetic\/ca\.pem NODE_EXTRA_CA_CERTS=\/\.scoville-hermetic\/ca\.pem /,
    );
    expect(sent.slice(3, 9)).toEqual([
      `RUN --network=none ${first(3)} ${WATCH_WORDS}apt-get install -y curl`,
      `run ${first(4)} ${bundles(4)} --network=none ${WATCH_WORDS}echo`,
      `  RUN ${first(5)} ${bundles(5)} \\`,
      `    ${WATCH_WORDS}npm ci`,
      `RUN ${first(7)} ${bundles(7)} <<EOF`,
      `${WATCH_WORDS}RUN not an instruction`,
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
        ['RUN', `${WATCH_WORDS}apt-get install -y curl`],
        ['RUN', `${WATCH_WORDS}echo`],
        ['RUN', `${WATCH_WORDS}npm ci`],
        ['RUN', '<<EOF'],
      ]);
      expect(withoutInjection(sent.text)).toEqual({ text, lines: sent.lines });
    }
  });

  test('can be taken out again behind the mounts of a clock', () => {
    const sent = injected(TEXT, [3]);
    const read = parseDockerfile(sent?.text ?? '');
    if (sent === undefined || !read.ok) throw new Error('it can be read');
    const timed = withClock(sent.text, read.value) ?? '';
    const own = parseDockerfile(TEXT);
    expect(timed).not.toBe(sent.text);
    expect(withoutInjection(timed)).toEqual({
      text: own.ok ? withClock(TEXT, own.value) : undefined,
      lines: sent.lines,
    });
  });

  test('leaves a Dockerfile alone that runs nothing', () => {
    expect(injected('FROM a\nCOPY . .\n')).toBeUndefined();
  });
});

test('what is shown of a step does not tell of it', () => {
  const [, , , line = ''] = injected(TEXT, [3])?.text.split('\n') ?? [];
  expect(withoutFlags(`[build 2/4] ${line}`)).toBe('[build 2/4] RUN apt-get install -y curl');
});

test('a JVM is told the proxy with its password by a file, which only Java from 9 reads', () => {
  const files = hermeticFiles({
    pem: 'PEM',
    trustStore: Buffer.from('p12'),
    proxyUrl: 'http://build:pass-word@172.17.0.1:40000',
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
