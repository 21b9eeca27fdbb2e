import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { advisory, affects, exportZip, putExport } from '../fakes/made-export.ts';
import { bases, CLI, discard, own, registry, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const name = own('prove-e2e:1');
const context = folderHere('prove');

const write = (command: string): void => {
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM ${bases.busybox}\nCOPY in.txt /in.txt\nRUN ${command}\nUSER 65532\n`,
  );
};

beforeAll(() => {
  writeFileSync(join(context, 'in.txt'), 'one\n');
  write('cp /in.txt /out.txt');
});

async function build(exitCode: number, ...flags: string[]) {
  const args = ['build', '--offline', '--json', '-t', name, ...flags, context];
  const { stdout, stderr } = await scoville.expect(exitCode, args);
  const score = JSON.parse(stdout) as Scorecard;
  const reproducible = score.criteria.find(({ id }) => id === 'reproducible')?.outcome;
  return { ...score, reproducible, stderr };
}

test('the second build is part of the build, and its proof is kept while nothing changes', async () => {
  const first = await build(0, '--prove');
  expect(first.reproducible).toBe('pass');
  expect(first.stderr).toContain('building again without a cache');
  expect(first.stderr).toContain('a second build gave the same digest');

  const again = await build(0, '--prove');
  expect(again).toMatchObject({ reproducible: 'pass', digest: first.digest });
  expect(again.stderr).toContain('nothing changed since');
  expect(again.stderr).not.toContain('building again');

  // The statement still holds for the same digest, asked for or not.
  expect((await build(0)).reproducible).toBe('pass');
  const { stdout } = await scoville.expect(0, ['verify', '--json', `store:${name}`]);
  expect(stdout).toMatch(/"reproducible": true/);

  // Another input is another build, even where it comes to the same digest.
  writeFileSync(join(context, 'unused.txt'), 'x');
  const changed = await build(0, '--prove');
  expect(changed.digest).toBe(first.digest);
  expect(changed.stderr).toContain('building again');
  expect(changed.stderr).toMatch(/it took \d+ s last time/);
});

test('what is attached by hand stays with the same digest', async () => {
  writeFileSync(join(context, 'result.json'), '{"result":"PASSED"}');
  const flags = ['--type', 'https://in-toto.io/attestation/scai/v0.3'];
  await scoville.expect(0, ['attest', ...flags, '--predicate', join(context, 'result.json'), name]);
  rmSync(join(context, 'result.json'));
  expect((await build(0)).reproducible).toBe('pass');
  const { stdout } = await scoville.expect(0, ['verify', '--json', `store:${name}`]);
  expect(stdout).toContain('https://in-toto.io/attestation/scai/v0.3');
});

test('an image that comes out otherwise is published and not called reproducible', async () => {
  write('head -c 8 /dev/urandom > /out.txt');
  const { reproducible, stderr } = await build(0, '--prove');
  expect(reproducible).toBe('fail');
  expect(stderr).toContain('the image is not reproducible: a second build differs in');
});

test('a time that a RUN takes from the context differs each time it is looked for', async () => {
  utimesSync(join(context, 'in.txt'), 1_700_000_000, 1_700_000_000);
  write('stat -c %Y /in.txt > /out.txt');
  expect((await build(0, '--prove')).reproducible).toBe('fail');
  // BuildKit's cache now has what the second build made.
  expect((await build(0, '--prove')).reproducible).toBe('fail');
  const { stdout } = await scoville.expect(1, ['reproduce', '-t', name, context]);
  expect(stdout).toContain('out.txt');
});

test('level 5 asks for the proof, and without it nothing is tagged', async () => {
  write('head -c 9 /dev/urandom > /out.txt');
  const other = own('prove-e2e-gate:1');
  const args = ['build', '--offline', '--min-level', '5', '-t', other, context];
  const { stderr } = await scoville.expect(1, args);
  expect(stderr).toContain('building again without a cache');
  expect((await run('docker', ['image', 'inspect', other])).exitCode).not.toBe(0);
});

test('no step of the offline path opens a socket to anything but the engine and the registry', async () => {
  write('cp /in.txt /out.txt');
  const mirror = join(context, 'osv');
  const affected = [affects('Debian:13', 'made-up', [{ introduced: '0' }, { fixed: '1' }])];
  const record = advisory('MADE-UP-1', { modified: new Date().toISOString(), affected });
  putExport(mirror, 'Debian', exportZip([record]));
  const image = own(`${registry}/prove-e2e:sockets`);
  const trace = join(scoville.home, 'sockets');
  const steps = [
    ['db', 'update', '--from', mirror, 'Debian'],
    ['build', '--offline', '--prove', '--push', '--load', '-t', image, context],
    ['grade', '--offline', image],
    ['verify', '--min-level', '0', '--key', scoville.publicKey, image],
  ];
  const seen = new Set<string>();
  for (const step of steps) {
    const traced = [
      ...['-f', '-qq', '-s', '200', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', trace],
    ];
    const ended = await run('strace', [...traced, process.execPath, CLI, ...step], {
      env: { SCOVILLE_HOME: scoville.home, COSIGN_PASSWORD: undefined },
    });
    expect(ended.exitCode, ended.stderr).toBe(0);
    for (const place of placesIn(readFileSync(trace, 'utf8'))) seen.add(place);
  }
  const port = registry.split(':').at(-1) ?? '';
  const allowed = [`127.0.0.1:${port}`, `::1:${port}`];
  // By these, which have no file, docker and its plugin know that the other has ended.
  const isOfDocker = (place: string) => /^docker_cli_[0-9a-f]{32}$/.test(place);
  const elsewhere = [...seen].filter((place) => !place.startsWith('/') && !isOfDocker(place));
  expect(elsewhere.filter((place) => !allowed.includes(place))).toEqual([]);
  expect([...seen].filter((place) => allowed.includes(place))).not.toEqual([]);
  // Of this machine: the engine, and what C libraries ask for names.
  const local = [...seen].filter((place) => place.startsWith('/'));
  expect(local.filter((path) => !/docker.*\.sock$|\/nscd\/socket$/.test(path))).toEqual([]);
  discard([image]);
});

/** Where the sockets of a trace lead to: paths, and addresses with their port. */
function placesIn(trace: string): readonly string[] {
  return [...trace.matchAll(/\{sa_family=(AF_\w+), ([^}]*)\}/g)].flatMap(
    ([, family, rest = '']) => {
      if (family === 'AF_UNIX') return [/sun_path=@?"([^"]*)"/.exec(rest)?.[1] ?? rest];
      if (family === 'AF_NETLINK') return [];
      const port = /port=htons\((\d+)\)/.exec(rest)?.[1] ?? '';
      const address = /inet_addr\("([^"]*)"\)|inet_pton\(AF_INET6, "([^"]*)"/.exec(rest);
      return [`${address?.[1] ?? address?.[2] ?? rest}:${port}`];
    },
  );
}
