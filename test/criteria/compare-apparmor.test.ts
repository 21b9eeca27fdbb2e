import { describe, expect, test } from 'vitest';
import { judgeProfile } from '../../src/criteria/security-profile/verdict.ts';

const holds = (text: string): string => judgeProfile('apparmor', text, 'amd64').holds;

/** What docker-default denies of files, and of networks. */
const DENIES = `deny network alg,
  deny @{PROC}/* w,
  deny @{PROC}/{[^1-9/],[^1-9/][^0-9/],[^1-9s/][^0-9y/][^0-9s/],[^1-9/][^0-9/][^0-9/][^0-9/]*}/** w,
  deny @{PROC}/sys/[^k]** w,  # but the kernel's
  deny @{PROC}/sys/kernel/{?,??,[^s][^h][^m]**} w,
  deny @{PROC}/sysrq-trigger rwklx,
  deny @{PROC}/kcore rwklx,
  deny mount,
  deny /sys/[^f]*/** wklx,
  deny /sys/f[^s]*/** wklx,
  deny /sys/fs/[^c]*/** wklx,
  deny /sys/fs/c[^g]*/** wklx,
  deny /sys/fs/cg[^r]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/devices/virtual/powercap/** rwklx,
  deny /sys/kernel/security/** rwklx,`;
const OWN = 'signal (send,receive) peer=app, ptrace (trace,read) peer=app,';
const profile = (body: string, head = 'profile app'): string =>
  `#include <tunables/global>\n${head} {\n  #include <abstractions/base>\n  ${body}\n}\n`;

describe('an AppArmor profile beside docker-default', () => {
  test.each([
    ['tighter', 'files by path', profile('network inet tcp, /app/** r,')],
    [
      'tighter',
      'on one line',
      'profile app { network inet, /app/{a,b}/** rix, capability chown, }',
    ],
    ['tighter', 'all files, with the denials', profile(`file, network, ${DENIES} ${OWN}`)],
    ['tighter', 'signals as the default', profile(`signal (receive) peer=unconfined, ${OWN}`)],
    ['tighter', 'a hat as tight', profile('/app r, ^hat { /app r, }')],
    [
      'tighter',
      'modes that confine',
      profile('/app r,', 'profile app flags=(attach_disconnected, mediate_deleted)'),
    ],
    [
      'not-tighter',
      'docker-default',
      profile(`network, capability, file, umount, ${DENIES} ${OWN}`),
    ],
    [
      'not-tighter',
      'the same on one line',
      `profile app { network, capability, file, umount, ${DENIES.replaceAll(/#.*/g, '')} }`,
    ],
    ['not-tighter', 'mount on one line', 'profile app { /app r, mount, }'],
    ['not-tighter', 'mount of one kind', profile('mount fstype=proc,')],
    ['not-tighter', 'mount behind a qualifier', profile('audit allow mount,')],
    ['not-tighter', 'everything', profile('allow all,')],
    ['not-tighter', 'all files without the denials', profile('file,')],
    [
      'not-tighter',
      'all files but one denial',
      profile(`file, ${DENIES.replace('deny @{PROC}/kcore rwklx,', '')}`),
    ],
    ['not-tighter', 'the kernel’s files by a pattern', profile('/{proc,usr}/** rw,')],
    ['not-tighter', 'the kernel’s files by a variable', profile('@{PROC}/** rw,')],
    ['not-tighter', 'the kernel’s files by name', profile('/proc/kcore r,')],
    ['not-tighter', 'every network', profile('network, /app r,')],
    ['not-tighter', 'raw sockets of any family', profile('network raw, /app r,')],
    [
      'not-tighter',
      'complain',
      profile('/app r,', 'profile app flags=(attach_disconnected,complain)'),
    ],
    ['not-tighter', 'unconfined', profile('/app r,', 'profile app flags=(unconfined)')],
    ['not-tighter', 'complain of old', profile('/app r,', '/usr/bin/app (complain)')],
    ['not-tighter', 'a hat in complain mode', profile('/app r, ^hat flags=(complain) { /app r, }')],
    ['not-tighter', 'a child that mounts', profile('/app r, profile child { mount, }')],
    [
      'not-tighter',
      'a second profile that mounts',
      `${profile('/app r,')}${profile('mount,', 'profile b')}`,
    ],
    ['not-tighter', 'unconfined programs', profile('/bin/* ux,')],
    ['not-tighter', 'signals to anyone', profile('signal,')],
    ['not-tighter', 'ptrace of anyone', profile('ptrace (trace) peer=other,')],
    ['undecided', 'programs with another profile', profile('/bin/* px,')],
    ['undecided', 'an include that is not seen', profile('/app r, #include <local/app>\n')],
    ['undecided', 'one that may be there', profile('/app r,\n include if exists <local/app>\n')],
    ['undecided', 'variables of its own', `@{PROC}=/elsewhere\n${profile(`file, ${DENIES}`)}`],
    [
      'undecided',
      'an ABI that mediates less',
      `abi <kernel-5.4-outoftree-network>,\n${profile('/app r,')}`,
    ],
    ['undecided', 'rules with priorities', profile('priority=5 /app r,')],
    ['undecided', 'rules on a condition', profile('/app r, if $x { deny /app w, }')],
    ['malformed', 'cut off', 'profile app { /app r,'],
    ['malformed', 'no profile', 'network,'],
    ['malformed', 'a brace too many', `${profile('/app r,')}}`],
  ])('%s: %s', (expected, _name, text) => {
    expect(holds(text)).toBe(expected);
  });
});

describe('SELinux', () => {
  test.each([
    ['undecided', '(block app (blockinherit container))'],
    ['not-tighter', '(block app) (typepermissive app.process)'],
    ['not-tighter', '(allow spc_t self (capability (all)))'],
    ['undecided', '(block app) ; (typepermissive app.process)'],
    ['malformed', ' '],
  ])('%s: %s', (expected, text) => {
    expect(judgeProfile('selinux', text, 'amd64').holds).toBe(expected);
  });
});
