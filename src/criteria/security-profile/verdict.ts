import { parseStrictJson } from '../../image/formats/json.ts';
import { field } from '../../lib/json.ts';
import type { ImageFact } from '../../model/facts.ts';
import { isUnproven } from '../../model/profile.ts';
import type { FoundAttestation } from '../../model/statement.ts';
import { attestationEvidence, attested, noneOwn, trustIn } from '../attested.ts';
import { criterion, fail, pass, unknown } from '../criterion.ts';
import { judgeAppArmor } from './apparmor.ts';
import {
  compareWithDefault,
  denies,
  MalformedProfile,
  readProfile,
  type SeccompProfile,
} from './seccomp.ts';

/** Whether a profile is valid, and whether it is tighter than the container engine's default. */
interface ProfileVerdict {
  readonly kind: 'seccomp' | 'AppArmor' | 'SELinux';
  readonly holds: 'tighter' | 'not-tighter' | 'malformed' | 'undecided';
  readonly reason: string;
}
type Answer = readonly [holds: ProfileVerdict['holds'], reason: string];

const MAX_PROFILE_BYTES = 16 * 1024 * 1024;
const PREDICATE = /(?:seccomp|apparmor|selinux|security-?profile)/i;

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
  const parsed =
    typeof inner === 'string'
      ? parseStrictJson(inner, 'the profile', MAX_PROFILE_BYTES)
      : undefined;
  const document = parsed?.ok === true ? parsed.value : inner;
  const kind = /selinux/i.test(type)
    ? 'SELinux'
    : typeof document === 'string' || /apparmor/i.test(type)
      ? 'AppArmor'
      : 'seccomp';
  const judge = { SELinux: selinux, AppArmor: apparmor, seccomp }[kind];
  const [holds, reason] = judge(document, architecture);
  return { kind, holds, reason };
}

function seccomp(profile: unknown, architecture: string): Answer {
  let read: SeccompProfile;
  try {
    read = readProfile(profile);
  } catch (error) {
    if (error instanceof MalformedProfile) return ['malformed', error.message];
    throw error;
  }
  if (!denies(read.defaultAction))
    return ['not-tighter', `${read.defaultAction} lets other calls through`];
  const { more, kept, total, isWhole, stops } = compareWithDefault(read, architecture);
  if (more.length > 0)
    return ['not-tighter', `allows what the default forbids: ${more.slice(0, 5).join(', ')}`];
  if (isWhole) return ['not-tighter', 'allows every system call that the default allows'];
  if (stops.length > 0)
    return ['malformed', `refuses what a container needs to start: ${stops.join(', ')}`];
  if (read.pretends)
    return ['undecided', 'it answers refused calls with error 0, which programs take for done'];
  return kept < total
    ? ['tighter', `allows ${kept} of the default’s ${total} system calls`]
    : [
        'undecided',
        'it allows each call of the default, and filters of arguments alone do not count',
      ];
}

function apparmor(document: unknown): Answer {
  // The rules of KEP-6061's form are turned into a profile by the runtime.
  if (typeof document !== 'string')
    return ['undecided', 'a structured AppArmor profile is not compared with docker-default here'];
  const { holds, reason } = judgeAppArmor(document);
  return holds === 'tighter' && isUnproven(document)
    ? ['undecided', 'its second line says that it is not proven']
    : [holds, reason];
}

/** CIL that takes a domain out of enforcement, or gives it all. */
const OPEN_DOMAIN = /\(\s*typepermissive\s|\b(?:unconfined_domain|unconfined_t|spc_t)\b/;

function selinux(document: unknown): Answer {
  if (typeof document !== 'string' || document.trim() === '')
    return ['malformed', 'it is not text'];
  const open = OPEN_DOMAIN.exec(document.slice(0, 1_000_000).replace(/;[^\n]*/g, ''));
  return open === null
    ? [
        'undecided',
        'an SELinux module adds to the container policy of the host, which is not seen here',
      ]
    : ['not-tighter', `it does not confine: ${open[0].replace('(', '').trim()}`];
}

interface Judged {
  readonly found: FoundAttestation;
  readonly profile: ProfileVerdict;
}

const EXPLAIN = 'scoville explain security-profile';

function wordsOf({ found, profile }: Judged, count: number): string {
  const which = count > 1 && found.digest !== undefined ? ` ${found.digest}` : '';
  const among = count > 1 ? ` (one of ${count} that are attached)` : '';
  return `${profile.kind} profile${which}${among} ${profile.reason}`;
}

/**
 * No signed time says which of a signer's profiles is the newer one, so a wide one counts until it
 * is gone (docs/decisions/0037-several-profiles.md).
 */
function wayOut(wide: Judged, counted: readonly Judged[]): string {
  const isReplaced = counted.some(
    ({ found, profile }) =>
      profile.holds === 'tighter' &&
      profile.kind === wide.profile.kind &&
      found.verifiedBy === wide.found.verifiedBy,
  );
  return isReplaced
    ? '; the same signer attached a tighter one: delete this one, or publish another digest where the registry cannot delete'
    : '';
}

/** A profile is made by running the image's program. */
function startsSomething({ config: { config } }: ImageFact): boolean {
  return (config?.Entrypoint?.length ?? 0) > 0 || (config?.Cmd?.length ?? 0) > 0;
}

export const securityProfile = criterion({
  id: 'security-profile',
  title: 'Security profile attached',
  vector: 'configuration',
  level: 5,
  spec: '#attach-a-security-profile',
  why: 'A seccomp or AppArmor profile that fits the program takes away the system calls that an exploit needs.',
  needs: ['image', 'attestations'],
  decidedBy:
    'A seccomp or AppArmor profile attached for this digest, as an attestation or referrer, that parses and is tighter than the container engine’s default. A ' +
    'seccomp profile denies by default and allows what runc and crun need to start a container. It allows fewer calls than Docker’s and no others: each of its rules lies within one of Docker’s, arguments, capabilities, kernel and machine included. One that only narrows arguments is unknown. ' +
    'An AppArmor profile is in enforce mode, grants nothing that docker-default denies, and less as a whole. What depends on includes or variables that are not seen, ' +
    'and an SELinux module, is unknown; so is a profile that nobody is known to have signed. ' +
    'An AppArmor profile in JSON (KEP-6061), or one that says it is not proven, is unknown too. Of several signed profiles, the worst counts.',
  check: ({ image, attestations }) => {
    const found = attested(attestations, image, (type) => PREDICATE.test(type));
    const judged: Judged[] = found.own.map((one) => ({
      found: one,
      profile: judgeProfile(one.predicateType, one.predicate, image.platform.architecture),
    }));
    if (judged.length === 0) {
      const verdict = noneOwn(found, 'security profile', attestations);
      return startsSomething(image) ? verdict : { settle: EXPLAIN, ...verdict };
    }
    const evidence = judged.map((one) =>
      attestationEvidence(one.found, `${one.profile.kind}: ${one.profile.reason}`),
    );
    // Which one a runtime takes is not known here: the worst of those that somebody answers for.
    const signed = judged.filter((one) => trustIn(one.found) !== 'unverified-attestation');
    const counted = signed.length > 0 ? signed : judged;
    const wide = counted.find(({ profile }) => /^(?:not-tighter|malformed)$/.test(profile.holds));
    if (wide !== undefined)
      return fail(`${wordsOf(wide, counted.length)}${wayOut(wide, counted)}`, evidence);
    const open = counted.find(({ profile }) => profile.holds === 'undecided');
    if (open !== undefined)
      return unknown(open.profile.reason, undefined, evidence, trustIn(open.found));
    const [first] = counted;
    return first === undefined
      ? fail('no profile', evidence)
      : pass(wordsOf(first, 1), evidence, { source: trustIn(first.found) });
  },
  remedies: [
    {
      title: 'Make a seccomp profile that fits this program',
      detail:
        'Traces the program, writes the system calls that it makes to seccomp.json, and proves that it runs with these alone. ' +
        'Then attach it: scoville build --profile seccomp.json, or attest.seccomp in .scoville.yaml.',
      example: 'scoville profile IMAGE',
    },
  ],
});
