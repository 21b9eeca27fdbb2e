import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bases, discard, output, OWN } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const TAG = `scoville-record-leaves-${OWN}:1`;
const folder = folderHere('leaves');

beforeAll(() => {
  writeFileSync(join(folder, '.dockerignore'), '*\n');
});

afterAll(() => {
  discard([TAG]);
});

function build(lines: readonly string[], ...args: string[]): string[] {
  writeFileSync(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
  return [
    ...['build', ...args, '--no-interactive', '--sign=false', '--grade=false', '--progress=plain'],
    ...['--iidfile', join(folder, 'iid'), '-t', TAG, folder],
  ];
}

test('what a RUN takes along of the recording ends the build, with each line, and nothing is left', async () => {
  const lines = [
    `FROM ${bases.debian} AS made`,
    'RUN mkdir /out; cp -a /etc /out/etc',
    'RUN env > /out/env',
    'RUN tar -C / -czf /out/etc.tgz etc',
    'RUN cp /etc/ssl/certs/*.0 /out/',
    'RUN cat /proc/self/environ | base64 -w 0 > /out/encoded',
    'RUN echo "$SSL_CERT_FILE" > /out/name',
    'RUN env; echo none > /out/clean',
    'RUN ls /etc/apt/apt.conf.d > /out/names',
    `FROM ${bases.debian}`,
    'COPY --from=made /out/env /env',
    'SHELL ["/bin/bash", "-c"]',
    'RUN declare -p > /declared',
    'RUN ["/bin/sh", "-c", "set > /set"]',
    'COPY --from=made /out/clean /clean',
  ];
  const whole = await scoville.expect(2, build(lines, '--record'));
  expect(whole.stderr).toContain('the build copied what the recording put into its RUNs\n');
  for (const found of [
    'Dockerfile:11 (from a RUN of line 2, 3, 4, 5, 6, 7, 8, 9): /env has the password of its proxy',
    'Dockerfile:13: /declared has the password of its proxy',
    'Dockerfile:14: /set has the password of its proxy',
  ])
    expect(whole.stderr).toContain(`\n  ${found}\n`);
  expect(whole.stderr).not.toContain('/clean has');

  const made = await scoville.expect(2, build(lines, '--record', '--target=made'));
  const places = [...made.stderr.matchAll(/^ {2}Dockerfile:(\d+): (\S+) has (.*)$/gm)];
  expect(new Set(places.map(([, line]) => line))).toEqual(new Set('2345679'));
  const at = (path: string): string | undefined =>
    places
      .find(([, , found]) => found === path)
      ?.slice(1)
      .join(' ');
  const listed = places
    .flatMap(([, , path = '']) => path)
    .find((path) => path.includes('/99scoville-'));
  expect(listed).toMatch(/^\/out\/etc\/apt\/apt\.conf\.d\/99scoville-[0-9a-f]{48}$/);
  expect(at('/out/names')).toBe('9 /out/names its resolv.conf or apt.conf');
  expect(at('/out/etc/resolv.conf')).toBe('2 /out/etc/resolv.conf its resolv.conf or apt.conf');
  expect(at('/out/env')).toBe('3 /out/env the password of its proxy');
  expect(at('/out/etc.tgz')).toMatch(/^4 /);
  expect(at('/out/encoded')).toBe('6 /out/encoded the password of its proxy');
  expect(at('/out/name')).toBe('7 /out/name names of its files');
  // What a RUN prints does not show it either.
  expect(made.stderr).toMatch(/http_proxy=http:\/\/\*+@172/);
  expect(await output('docker', ['images', '-q', TAG])).toBe('');

  const kept = [`FROM ${bases.busybox}`, 'ARG http_proxy', 'ENV kept=$http_proxy', 'RUN true'];
  const configured = await scoville.expect(2, build(kept, '--record'));
  expect(configured.stderr).toContain("Dockerfile:2: the image's configuration has the password");
});

test('a cache is exported after the layers were looked at', async () => {
  const cache = join(folder, 'cache');
  const to = `--cache-to=type=local,dest=${cache}`;
  const leaving = [`FROM ${bases.busybox}`, 'RUN env > /env'];
  await scoville.expect(2, build(leaving, '--record', to));
  expect(existsSync(cache)).toBe(false);
  await scoville.expect(0, build([`FROM ${bases.busybox}`, 'RUN echo a > /a'], '--record', to));
  expect(existsSync(join(cache, 'index.json'))).toBe(true);
});

test('a RUN that takes nothing along gives the image that it gives without a recording', async () => {
  const lines = [
    `FROM ${bases.debian}`,
    'USER 65534',
    'RUN mkdir /tmp/x && ls / > /tmp/x/root && cp -a /etc/debian_version /etc/passwd /tmp/x',
    'RUN ["/bin/ls", "/"]',
  ];
  const digests: string[] = [];
  for (const flags of [[], ['--record'], ['--replay']]) {
    await scoville.expect(
      0,
      build(
        lines.map((line) => line.replace('ls -a /', 'ls /')),
        ...flags,
      ),
    );
    digests.push(readFileSync(join(folder, 'iid'), 'utf8'));
  }
  expect(new Set(digests).size).toBe(1);
});
