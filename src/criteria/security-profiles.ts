import { parseStrictJson } from '../formats/strict-json.ts';
import { field, listField, textField } from './attested.ts';
import { CONDITIONAL_SYSCALLS, DEFAULT_SYSCALLS } from './default-syscalls.ts';

/** What reading a profile shows: whether it is one, and whether it is tighter than the container engine's default. */
export interface ProfileVerdict {
  readonly kind: 'seccomp' | 'AppArmor' | 'SELinux';
  readonly holds: 'tighter' | 'not-tighter' | 'malformed' | 'undecided';
  readonly reason: string;
}

const MAX_PROFILE_BYTES = 16 * 1024 * 1024;
const PREDICATE = /(?:seccomp|apparmor|selinux|security-?profile)/i;
const DENIES = /^SCMP_ACT_(?:ERRNO|KILL|KILL_PROCESS|KILL_THREAD|TRAP)$/;
/** Actions that let the call through: allowed, logged, or decided by someone outside the profile. */
const PERMITS = /^SCMP_ACT_(?:ALLOW|LOG|TRACE|NOTIFY)$/;

/** True where a predicate or artifact type names a security profile. */
export function isProfileType(type: string): boolean {
  return PREDICATE.test(type);
}

/** Reads the profile that a predicate is or wraps (`profile`, `content`, or cosign's `Data`). */
export function judgeProfile(type: string, predicate: unknown): ProfileVerdict {
  const inner =
    field(predicate, 'profile') ??
    field(predicate, 'content') ??
    field(predicate, 'Data') ??
    predicate;
  const document = typeof inner === 'string' ? (parsedJson(inner) ?? inner) : inner;
  if (/selinux/i.test(type))
    return {
      kind: 'SELinux',
      holds: typeof document === 'string' && document.trim() !== '' ? 'undecided' : 'malformed',
      reason: 'an SELinux module adds to the container policy of the host, which is not seen here',
    };
  if (typeof document === 'string') return apparmor(document);
  return seccomp(document);
}

function parsedJson(text: string): unknown {
  const parsed = parseStrictJson(text, 'the profile', MAX_PROFILE_BYTES);
  return parsed.ok ? parsed.value : undefined;
}

/** Names that entries without a capability condition let through. */
function permitted(profile: unknown): string[] {
  return listField(profile, 'syscalls')
    .filter((entry) => PERMITS.test(textField(entry, 'action') ?? ''))
    .filter((entry) => listField(field(entry, 'includes'), 'caps').length === 0)
    .flatMap((entry) => [...listField(entry, 'names'), field(entry, 'name')])
    .filter((name) => typeof name === 'string');
}

function seccomp(profile: unknown): ProfileVerdict {
  const answer = (holds: ProfileVerdict['holds'], reason: string): ProfileVerdict => ({
    kind: 'seccomp',
    holds,
    reason,
  });
  const byDefault = textField(profile, 'defaultAction');
  if (byDefault?.startsWith('SCMP_ACT_') !== true)
    return answer('malformed', 'no default action, so it is no seccomp profile');
  if (!DENIES.test(byDefault))
    return answer('not-tighter', `${byDefault} lets other calls through`);
  const names = [...new Set(permitted(profile))];
  const extra = names.filter(
    (name) => !DEFAULT_SYSCALLS.has(name) && !CONDITIONAL_SYSCALLS.has(name),
  );
  if (extra.length > 0)
    return answer(
      'not-tighter',
      `allows what the default forbids: ${extra.slice(0, 5).join(', ')}`,
    );
  const kept = names.filter((name) => DEFAULT_SYSCALLS.has(name)).length;
  return kept < DEFAULT_SYSCALLS.size
    ? answer('tighter', `allows ${kept} of the default’s ${DEFAULT_SYSCALLS.size} system calls`)
    : answer('not-tighter', 'allows every system call that the default allows');
}

/** Rules without an object, each of which grants a whole class; docker-default has these four. */
const BLANKET = ['file', 'network', 'capability', 'umount'];
const LOOSER =
  /^\s*(?:allow\s+)?(?:all|mount|ptrace|change_profile|pivot_root|userns|io_uring)\s*,/m;

function apparmor(text: string): ProfileVerdict {
  const answer = (holds: ProfileVerdict['holds'], reason: string): ProfileVerdict => ({
    kind: 'AppArmor',
    holds,
    reason,
  });
  const rules = text.slice(0, 1_000_000).replace(/#(?!include).*$/gm, '');
  const head = /^\s*(?:profile\s+\S+|\/\S+)[^{}]*\{/m.exec(rules);
  if (head === null || !rules.includes('}'))
    return answer('malformed', 'no profile block, so it is no AppArmor profile');
  if (/flags=\([^)]*(?:complain|unconfined)/.test(head[0]))
    return answer('not-tighter', 'it is in complain or unconfined mode');
  const looser = LOOSER.exec(rules);
  if (looser !== null)
    return answer('not-tighter', `grants what docker-default denies: ${looser[0].trim()}`);
  const granted = BLANKET.filter((name) =>
    new RegExp(`^\\s*(?:allow\\s+)?${name}\\s*,`, 'm').test(rules),
  );
  return granted.length < BLANKET.length
    ? answer(
        'tighter',
        `grants ${granted.join(', ') || 'nothing'} as a whole, docker-default all of ${BLANKET.join(', ')}`,
      )
    : answer('not-tighter', 'grants as much as docker-default');
}
