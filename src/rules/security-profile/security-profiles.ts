import { parseStrictJson } from '../../formats/strict-json.ts';
import { field } from '../../model/json-value.ts';
import { isUnproven } from '../../model/made-profile.ts';
import { readAppArmor } from './apparmor-profile.ts';
import { compareAppArmor } from './compare-apparmor.ts';
import { compareWithDefault } from './seccomp/compare-profiles.ts';
import {
  denies,
  MalformedProfile,
  readProfile,
  type SeccompProfile,
} from './seccomp/read-profile.ts';

/** Whether a profile is valid, and whether it is tighter than the container engine's default. */
export interface ProfileVerdict {
  readonly kind: 'seccomp' | 'AppArmor' | 'SELinux';
  readonly holds: 'tighter' | 'not-tighter' | 'malformed' | 'undecided';
  readonly reason: string;
}

const MAX_PROFILE_BYTES = 16 * 1024 * 1024;
const PREDICATE = /(?:seccomp|apparmor|selinux|security-?profile)/i;
export function isProfileType(type: string): boolean {
  return PREDICATE.test(type);
}

/**
 * Reads the profile that a predicate is or wraps (`profile`, `content`, or cosign's `Data`), and
 * compares it with the default for an image of `architecture` (GOARCH).
 */
export function judgeProfile(
  type: string,
  predicate: unknown,
  architecture: string,
): ProfileVerdict {
  const inner =
    field(predicate, 'profile') ??
    field(predicate, 'content') ??
    field(predicate, 'Data') ??
    predicate;
  const document = typeof inner === 'string' ? (parsedJson(inner) ?? inner) : inner;
  if (/selinux/i.test(type)) return selinux(document);
  if (typeof document === 'string') return apparmor(document);
  return /apparmor/i.test(type) ? structuredAppArmor() : seccomp(document, architecture);
}

/** The rules of KEP-6061's AppArmor form are turned into a profile by the runtime. */
function structuredAppArmor(): ProfileVerdict {
  const reason = 'a structured AppArmor profile is not compared with docker-default here';
  return { kind: 'AppArmor', holds: 'undecided', reason };
}

function parsedJson(text: string): unknown {
  const parsed = parseStrictJson(text, 'the profile', MAX_PROFILE_BYTES);
  return parsed.ok ? parsed.value : undefined;
}

function seccomp(profile: unknown, architecture: string): ProfileVerdict {
  const answer = (holds: ProfileVerdict['holds'], reason: string): ProfileVerdict => ({
    kind: 'seccomp',
    holds,
    reason,
  });
  let read: SeccompProfile;
  try {
    read = readProfile(profile);
  } catch (error) {
    if (error instanceof MalformedProfile) return answer('malformed', error.message);
    throw error;
  }
  if (!denies(read.defaultAction))
    return answer('not-tighter', `${read.defaultAction} lets other calls through`);
  const { more, kept, total, filtered, stops } = compareWithDefault(read, architecture);
  if (more.length > 0)
    return answer('not-tighter', `allows what the default forbids: ${more.slice(0, 5).join(', ')}`);
  if (kept === total && filtered.length === 0)
    return answer('not-tighter', 'allows every system call that the default allows');
  if (stops.length > 0)
    return answer('malformed', `refuses what a container needs to start: ${stops.join(', ')}`);
  if (read.pretends)
    return answer(
      'undecided',
      'it answers refused calls with error 0, which programs take for done',
    );
  return kept < total
    ? answer('tighter', `allows ${kept} of the default’s ${total} system calls`)
    : answer('tighter', `allows fewer arguments of ${filtered.slice(0, 5).join(', ')}`);
}

function apparmor(text: string): ProfileVerdict {
  const read = readAppArmor(text);
  if (read === undefined)
    return { kind: 'AppArmor', holds: 'malformed', reason: 'it is not a whole AppArmor profile' };
  const compared = compareAppArmor(read);
  return compared.holds === 'tighter' && isUnproven(text)
    ? { kind: 'AppArmor', holds: 'undecided', reason: 'its second line says that it is not proven' }
    : { kind: 'AppArmor', ...compared };
}

/** CIL that takes a domain out of enforcement, or gives it all. */
const OPEN_DOMAIN = /\(\s*typepermissive\s|\b(?:unconfined_domain|unconfined_t|spc_t)\b/;

function selinux(document: unknown): ProfileVerdict {
  const answer = (holds: ProfileVerdict['holds'], reason: string): ProfileVerdict => ({
    kind: 'SELinux',
    holds,
    reason,
  });
  if (typeof document !== 'string' || document.trim() === '')
    return answer('malformed', 'it is not text');
  const open = OPEN_DOMAIN.exec(document.slice(0, 1_000_000).replace(/;[^\n]*/g, ''));
  return open === null
    ? answer(
        'undecided',
        'an SELinux module adds to the container policy of the host, which is not seen here',
      )
    : answer('not-tighter', `it does not confine: ${open[0].replace('(', '').trim()}`);
}
