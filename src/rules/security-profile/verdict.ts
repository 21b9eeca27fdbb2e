import type { ImageFact } from '../../model/facts.ts';
import type { FoundAttestation } from '../../model/statement.ts';
import { attestationEvidence, attested, noneOwn, trustIn } from '../shared/verdict/attested.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { fail, pass, unknown } from '../shared/verdict/verdict.ts';
import { isProfileType, judgeProfile, type ProfileVerdict } from './security-profiles.ts';

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
    'seccomp profile denies by default and allows what runc and crun need to start a container. It allows fewer calls than Docker’s and no others, with each filter of arguments, capability, kernel and machine compared. ' +
    'An AppArmor profile is in enforce mode, grants nothing that docker-default denies, and less as a whole. What depends on includes or variables that are not seen, ' +
    'and an SELinux module, is unknown; so is a profile that nobody is known to have signed. ' +
    'An AppArmor profile in JSON (KEP-6061), or one that says it is not proven, is unknown too. Of several signed profiles, the worst counts.',
  check: ({ image, attestations }) => {
    const found = attested(attestations, image, isProfileType);
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
