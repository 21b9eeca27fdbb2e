import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileTrace } from '../../src/profile/file-trace.ts';
import { makeAppArmor, profileName } from '../../src/profile/make-apparmor.ts';
import { TraceReader } from '../../src/profile/trace-reader.ts';
import { readAppArmor } from '../../src/rules/security-profile/apparmor-profile.ts';
import { judgeProfile } from '../../src/rules/security-profile/security-profiles.ts';

/**
 * Lines as strace 6.13 writes them with `-f -y -s 0 -e raw=!CALLS`: a program that reads, writes,
 * locks, starts cat and serves.
 */
const LINES = String.raw`1     execve("/app/serve", [...], 0x7ffcc7602a80 /* 5 vars */) = 0
1     mmap(NULL, 2047568, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_DENYWRITE, 3</usr/lib/libc.so.6>, 0) = 0x7f30f2073000
1     openat(AT_FDCWD</app>, "/etc/alias", O_RDONLY|O_CLOEXEC) = 3</etc/real.conf>
1     openat(AT_FDCWD</app>, "/etc/none", O_RDONLY) = -1 ENOENT (No such file or directory)
1     openat(AT_FDCWD</app>, "data", O_RDONLY|O_DIRECTORY) = 4</app/data>
1     openat(AT_FDCWD</app>, "/tmp/a1b2", O_RDWR|O_CREAT|O_EXCL, 0600) = 5</tmp/a1b2>
1     openat(AT_FDCWD</app>, "/var/log/app.log", O_WRONLY|O_APPEND) = 6</var/log/app.log>
1     flock(6</var/log/app.log>, LOCK_EX) = 0
1     openat(AT_FDCWD</app>, "/proc/self/status", O_RDONLY) = 7</proc/1/status>
1     rename("state.new", "state")      = 0
1     socket(0x2, 0x80801, 0)           = 0x8
1     connect(9<socket:[1]>, {sa_family=AF_UNIX, sun_path="/run/db.sock"}, 110) = 0
1     connect(9<socket:[1]>, {sa_family=AF_UNIX, sun_path="/run/none.sock"}, 110) = -1 ENOENT (No such file or directory)
12    execve("/bin/cat", [...], 0x7ffd8a435810 /* 3 vars */ <unfinished ...>
1     openat(AT_FDCWD</app>, "/etc/hosts", O_RDONLY <unfinished ...>
12    <... execve resumed>)             = 0
1     <... openat resumed>)             = 9</etc/hosts>
13    execve("/bin/none", [...], 0x7ffd8a435810 /* 3 vars */) = -1 ENOENT (No such file or directory)
`;

function traced(text: string): FileTrace {
  const reader = new TraceReader('amd64', true);
  reader.push(Buffer.from(text, 'latin1'));
  const { files, unread } = reader.trace();
  expect(unread).toBe(0);
  if (files === undefined) throw new Error('no files');
  return { ...files, files: new Map([...files.files, ...files.named]) };
}

const made = (trace: FileTrace, more: { strict?: boolean; unproven?: string } = {}): string =>
  makeAppArmor({
    name: 'scoville-app',
    trace,
    hasCapabilities: false,
    strict: more.strict ?? false,
    comment: 'where it is from',
    unproven: more.unproven,
  });

function rulesOf(text: string): readonly string[] {
  return readAppArmor(text)?.profiles[0]?.rules ?? [];
}

const judged = (text: string) => judgeProfile('apparmor', { content: text }, 'amd64');

describe('the profile of a trace', () => {
  const rules = rulesOf(made(traced(LINES), { strict: true }));

  test.each([
    '/app/serve mr',
    '/bin/cat mrix',
    '/usr/lib/libc.so.6 rm',
    '/etc/real.conf r',
    '/etc/hosts r',
    '/app/data/ r',
    '/tmp/** rwkl',
    '/var/log/app.log wk',
    '/proc/[0-9]*/status r',
    '/app/state.new rwkl',
    '/app/state rwkl',
    '/run/db.sock rw',
    'network inet stream',
    'signal (send, receive) peer=scoville-app',
  ])('grants %s', (rule) => {
    expect(rules).toContain(rule);
  });

  test('grants nothing that failed, no shell, no capability, no network beside', () => {
    const text = rules.filter((rule) => !rule.startsWith('deny ')).join('\n');
    expect(text).not.toMatch(/none|bin\/sh|capability|inet6|\/\*\* \w*x/);
    expect(rules.filter((rule) => rule.endsWith('ix'))).toEqual(['/bin/cat mrix']);
  });

  test('is tighter than Docker’s own; unproven, it is not taken for it', () => {
    expect(judged(made(traced(LINES))).holds).toBe('tighter');
    const unproven = made(traced(LINES), { unproven: 'no AppArmor\nprofile x {}' });
    expect(unproven).toContain('\n# NOT PROVEN: no AppArmor?profile x {}\n');
    expect(judged(unproven)).toMatchObject({
      holds: 'undecided',
      reason: 'its second line says that it is not proven',
    });
  });

  test('names what a trace may miss, unless it is strict', () => {
    const lax = rulesOf(made(traced(LINES)));
    expect(lax).toEqual(expect.arrayContaining(['/etc/localtime r', 'network inet6 dgram']));
    expect(rules).not.toContain('/etc/localtime r');
  });
});

test('many files of a folder are one rule, and those of the system are told apart', () => {
  const open = (path: string): string => `1 openat(AT_FDCWD</>, "x", O_RDONLY) = 3<${path}>\n`;
  const many = Array.from({ length: 40 }, (_, at) => open(`/app/lib/${at}.js`)).join('');
  const etc = Array.from({ length: 20 }, (_, at) => open(`/etc/${at}`)).join('');
  const rules = rulesOf(made(traced(`${many}${etc}${open('/srv/one')}`), { strict: true }));
  expect(rules.filter((rule) => rule.startsWith('/app'))).toEqual(['/app/** r']);
  expect(rules.filter((rule) => rule.startsWith('/etc/'))).toHaveLength(20);
  expect(rules).toContain('/srv/one r');
});

test('a name cannot end a rule, add one, or be a pattern', () => {
  const parser = ['/usr/sbin/apparmor_parser', '/sbin/apparmor_parser'].find(existsSync);
  const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
  const hostile = [
    'x,\n  capability,',
    '{a,b}',
    '**',
    '"q"',
    '@{HOME}',
    '#include <x>',
    'a b',
    '^',
  ];
  const one = (path: string): string =>
    made(
      {
        files: new Map([[path, new Set('rw')]]),
        named: new Map(),
        entries: new Set([path]),
        executed: new Set([path]),
        sockets: new Set(),
        unplaced: 0,
      },
      { strict: true },
    );
  const plain = rulesOf(one('/x')).length;
  const check = (name: string): void => {
    const text = one(`/${Buffer.from(name).toString('latin1')}`);
    const rules = rulesOf(text);
    expect(rules).toHaveLength(plain);
    expect(rules.filter((rule) => rule.startsWith('/') && rule.includes('*'))).toHaveLength(2);
    expect(judged(text).holds).toBe('tighter');
  };
  for (const name of hostile) {
    check(name);
    if (parser !== undefined)
      expect(spawnSync(parser, ['-Q', '-K'], { input: one(`/${name}`) }).status).toBe(0);
  }
  fc.assert(fc.property(names, check), { numRuns: 200 });
});

test('the parser of AppArmor reads it, where it is here', (context) => {
  const parser = ['/usr/sbin/apparmor_parser', '/sbin/apparmor_parser'].find(existsSync);
  // scripts/test.sh installs it, and runs this file again.
  if (parser === undefined) return context.skip();
  const text = made(traced(LINES), { unproven: 'not here' });
  const ran = spawnSync(parser, ['-Q', '-K'], { input: text, encoding: 'utf8' });
  expect(ran.stderr).not.toContain('error');
  expect(ran.status).toBe(0);
});

test.each([
  ['shop:1', 'scoville-shop'],
  ['localhost:5000/team/My_App@sha256:00', 'scoville-my-app'],
  ['.', 'scoville-app'],
])('the name for %s', (image, name) => {
  expect(profileName(image)).toBe(name);
});
