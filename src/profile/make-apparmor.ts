import { UNPROVEN_APPARMOR } from '../model/made-profile.ts';
import { DENIED } from '../rules/security-profile/compare-apparmor.ts';
import { DEFAULT_CAPABILITIES } from '../rules/security-profile/seccomp/default-profile.ts';
import type { FileTrace } from './file-trace.ts';
import { pathRules, rulePath } from './path-rules.ts';

/** What an AppArmor profile is made of. */
export interface AppArmorRequest {
  /** What `--security-opt apparmor=` names. */
  readonly name: string;
  /** Has links in `named`, `entries` and `executed` resolved, and interpreters in the last two. */
  readonly trace: FileTrace;
  /** The engine's capabilities were left to the program. */
  readonly hasCapabilities: boolean;
  /** Nothing beside what was seen. */
  readonly strict: boolean;
  /** Where it comes from, in one line. */
  readonly comment: string;
  /** Why nobody has run the program under it; undefined where it was run. */
  readonly unproven: string | undefined;
}

const FAMILIES: Readonly<Record<string, string | undefined>> = {
  1: 'unix',
  2: 'inet',
  10: 'inet6',
  16: 'netlink',
};
const TYPES: Readonly<Record<string, string | undefined>> = {
  1: 'stream',
  2: 'dgram',
  3: 'raw',
  5: 'seqpacket',
};
const LONGEST_NAME = 60;

/** Files that a run-time reads now and then, and what for. */
const RARE_FILES: readonly (readonly [string, string])[] = [
  ['zones of time', '/etc/localtime r'],
  ['zones of time', '/usr/share/zoneinfo/** r'],
  [
    'memory and processors, as run-times ask for them',
    '/proc/{cpuinfo,meminfo,stat,loadavg,uptime} r',
  ],
  [
    'memory and processors, as run-times ask for them',
    '/proc/[0-9]*/{cgroup,maps,mountinfo,stat,statm,status} r',
  ],
  ['memory and processors, as run-times ask for them', '/sys/devices/system/cpu/** r'],
  ['memory and processors, as run-times ask for them', '/sys/fs/cgroup/** r'],
  ['random numbers', '/dev/{random,urandom} r'],
];
const LOOK_UP_FILES =
  '/etc/{hosts,host.conf,nsswitch.conf,resolv.conf,gai.conf,services,protocols} r';

/** A name that AppArmor takes, for an image such as `shop:1`. */
export function profileName(image: string): string {
  const [named = ''] = image.split('@');
  const [name = ''] = (named.split('/').at(-1) ?? '').split(':');
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? ['app'];
  return ['scoville', ...words].join('-').slice(0, LONGEST_NAME);
}

/**
 * Writes an AppArmor profile (apparmor.d(5)) of what a program opened, started and connected to,
 * with the rules by which Docker's own protects the kernel's files. What it starts stays in the
 * profile; what it was not seen to start is refused.
 */
export function makeAppArmor(request: AppArmorRequest): string {
  const { name, trace, comment, unproven } = request;
  const groups: readonly (readonly [string, readonly string[]])[] = [
    ['The program', [...trace.entries].map((path) => `${rulePath(path)} mr`)],
    ['What it starts', [...trace.executed].map((path) => `${rulePath(path)} mrix`)],
    ['What it opens', pathRules(trace.files).map(({ path, access }) => `${path} ${access}`)],
    [
      'Files and signals of the engine, and the loader',
      [
        '/dev/null rw',
        '/dev/{console,pts/[0-9]*} rw',
        '/{usr/,}lib{,32,64,x32}/{,*/}ld*.so* mr',
        'signal (receive) peer=unconfined',
        'signal (receive) peer=runc',
        'signal (receive) peer=crun',
        `signal (send, receive) peer=${name}`,
      ],
    ],
    ['Sockets', socketRules(request)],
    ['Capabilities, which the run left to it', capabilityRules(request)],
    ['Rare, so that a trace may miss it', request.strict ? [] : rareRules(request)],
    ['As in Docker’s own: files of the kernel', DENIED.map((rule) => `deny ${rule}`)],
  ];
  return `${[
    `# ${oneLine(comment)}`,
    ...(unproven === undefined ? [] : [`${UNPROVEN_APPARMOR} ${oneLine(unproven)}`]),
    'abi <abi/3.0>,',
    '#include <tunables/global>',
    '',
    `profile ${name} flags=(attach_disconnected,mediate_deleted) {`,
    ...groups
      .filter(([, rules]) => rules.length > 0)
      .flatMap(([why, rules]) => [`  # ${why}`, ...new Set(rules.map((rule) => `  ${rule},`))]),
    '}',
  ].join('\n')}\n`;
}

function socketRules({ trace, strict }: AppArmorRequest): readonly string[] {
  const seen = [...trace.sockets].flatMap((socket) => {
    const [family = '', type = ''] = socket.split(' ');
    const words = [FAMILIES[family], TYPES[type]];
    return words.includes(undefined) ? [] : [`network ${words.join(' ')}`];
  });
  const extra =
    !strict && usesInternet(trace)
      ? ['network inet dgram', 'network inet6 dgram', 'network netlink raw', 'network unix stream']
      : [];
  return [...new Set([...seen, ...extra])].toSorted();
}

function usesInternet({ sockets }: FileTrace): boolean {
  return [...sockets].some((socket) => /^(?:2|10) /.test(socket));
}

function capabilityRules({ hasCapabilities }: AppArmorRequest): readonly string[] {
  return hasCapabilities
    ? DEFAULT_CAPABILITIES.map((name) => `capability ${name.replace('CAP_', '').toLowerCase()}`)
    : [];
}

function rareRules({ trace }: AppArmorRequest): readonly string[] {
  return [...RARE_FILES.map(([, rule]) => rule), ...(usesInternet(trace) ? [LOOK_UP_FILES] : [])];
}

function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
