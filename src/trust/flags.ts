import { LEVELS } from '../build/flags.ts';
import {
  bool,
  choice,
  type CommandSpec,
  type FlagValues,
  many,
  standard,
  text,
  whole,
} from '../cli/flag-table.ts';
import {
  ATTACH_FLAGS,
  ATTACH_TITLES,
  JSON_FLAG,
  PLAIN_HTTP,
  PLATFORM,
  SIGNER_FLAGS,
} from '../cli/flags.ts';
import { endOfDay } from '../lib/time.ts';
import { readPurl } from '../model/packages.ts';
import { POLICY_FORMAT_NAMES } from './policy.ts';
import { isPredicateName, PREDICATE_NAMES } from './statement-kinds.ts';
import { VEX_JUSTIFICATIONS, VEX_STATUSES } from './vex-document.ts';

export const VERIFY = {
  name: 'verify',
  usage: ['verify [flags] IMAGE...'],
  about: `
Says whether an image may be deployed: a signature of its digest verifies against a key or identity that you name, and
verified attestations state what you ask for. Prints the digest, which is what to deploy. A name with a registry's host
is looked up there; a prefix says another place: docker: store: oci: oci-archive:.`,
  examples: [
    ['scoville verify --key cosign.pub HOST/my-app:1', 'signed by this key'],
    ['scoville verify --min-level 2 HOST/my-app:1', 'and graded level 2 or above'],
    ['scoville verify --type sbom --type provenance HOST/my-app:1', 'with these attestations'],
  ],
  exits: [
    ['0', 'verified'],
    ['1', 'not verified, or the policy is not met'],
    ['2', 'could not be verified, or a wrong flag or setting'],
    ['130', 'canceled'],
  ],
  flags: {
    ...SIGNER_FLAGS,
    type: many(
      'TYPE',
      'A predicate type that must be stated: a URI or a name; may be repeated',
      { choices: PREDICATE_NAMES },
      (given) =>
        isPredicateName(given)
          ? undefined
          : `invalid value ${JSON.stringify(given)} for --type; name a URI, or one of ${PREDICATE_NAMES.join(', ')}`,
    ),
    'min-level': whole(
      'LEVEL',
      'By a verdict that Scoville attested',
      { most: 5 },
      { choices: LEVELS },
    ),
    policy: text(
      'FILE',
      'A settings file: its trust.keys must have signed, its gate.minLevel is asked for',
      {
        path: true,
      },
    ),
    platform: PLATFORM,
    json: JSON_FLAG,
    'plain-http': PLAIN_HTTP,
  },
  titles: {
    key: 'Who must have signed (default: your own key, and trust.keys of the settings)',
    type: 'What must be stated',
    platform: 'Other flags',
  },
  operands: { least: 1, error: 'needs an image' },
} satisfies CommandSpec;

export type VerifyFlags = FlagValues<typeof VERIFY.flags>;

export const ATTEST = {
  name: 'attest',
  usage: ['attest --type TYPE --predicate FILE [flags] IMAGE'],
  about: `
Signs what a file says about an image, and keeps it beside the image: with the build in the layout, and in the registry
where the image is there. A seccomp or AppArmor profile is published as the artifact that Kubernetes and CRI-O take, too.
Then the image is graded by all that hangs on it, with the settings and the findings of its signed verdict. The new
verdict replaces the old one unless it is lower: then what would change is said, and --regrade signs it.`,
  examples: [
    [
      'scoville attest --type vex --predicate app.vex.json HOST/my-app:1',
      'which vulnerabilities do not apply',
    ],
    [
      'scoville attest --type seccomp --predicate seccomp.json my-app',
      'a profile, for a build that is here',
    ],
    [
      'scoville attest --type test-result --predicate result.json HOST/my-app:1',
      'an in-toto predicate',
    ],
  ],
  exits: [
    ['0', 'attached; prints the level, or that the signed verdict stays'],
    ['1', 'attached; the new verdict would be lower, and was not signed'],
    ['2', 'no such image, no key, a wrong predicate, type or flag'],
    ['130', 'canceled'],
  ],
  flags: {
    type: text('TYPE', 'The predicate type: a URI or a name', { choices: PREDICATE_NAMES }),
    predicate: text('FILE', 'The predicate: a JSON object, or a profile', { path: true }),
    ...ATTACH_FLAGS,
  },
  titles: {
    type: 'What is said',
    ...ATTACH_TITLES,
  },
  operands: { least: 1, most: 1, error: 'takes one image' },
} satisfies CommandSpec;

export const VEX = {
  name: 'vex',
  usage: ['vex --vulnerability ID [flags] IMAGE', 'vex --review [flags] IMAGE'],
  about: `
Writes an OpenVEX document: what a vulnerability means for an image. Trivy, grype, Docker Scout and Scoville apply it to
that image, whichever name they know it by. With --attach it is signed and kept beside the image, which is graded again.
A vulnerability that it sets aside is shown as waived.

--review scans the image and asks for each finding what it means.`,
  examples: [
    [
      "scoville vex --vulnerability CVE-2026-1234 --reason 'not used' --attach my-app",
      'sign and attach it',
    ],
    [
      'scoville vex --vulnerability CVE-2026-1234 --status fixed -o vex.json my-app',
      'write a file, for other scanners',
    ],
    ['scoville vex --review --attach my-app', 'one finding after the other'],
    [
      'scoville vex --vulnerability CVE-2026-1 --status under_investigation my-app',
      'take an earlier one back',
    ],
  ],
  exits: [
    ['0', 'written or attached'],
    ['1', 'attached; the new verdict would be lower, and was not signed'],
    ['2', 'no such image, no key, an incomplete statement or a wrong flag'],
    ['130', 'canceled'],
  ],
  flags: {
    vulnerability: many(
      'ID',
      'A vulnerability; its other names follow after commas, and grype looks for GHSA ids. May be repeated',
      {},
      (given) =>
        given.split(',').every((id) => /^[A-Za-z][\w.:-]{2,127}$/.test(id))
          ? undefined
          : `--vulnerability takes an id such as CVE-2026-1234, not ${JSON.stringify(given)}`,
    ),
    status: standard(choice(VEX_STATUSES, 'STATUS', 'What it means for the image'), 'not_affected'),
    justification: choice(VEX_JUSTIFICATIONS, 'CODE', 'Why the image is not affected'),
    reason: text('TEXT', 'The same in words. For affected: what users of the image are to do'),
    until: text('DATE', 'The last day on which Scoville counts it (YYYY-MM-DD)', {}, (given) =>
      endOfDay(given) === undefined
        ? `--until takes a day, YYYY-MM-DD, not ${JSON.stringify(given)}`
        : undefined,
    ),
    package: many(
      'PURL',
      'Only in this package of the image; version and qualifiers may be left out. May be repeated',
      {},
      (given) =>
        readPurl(given) === undefined
          ? `--package takes a package URL such as pkg:npm/left-pad@1.3.0, not ${JSON.stringify(given)}`
          : undefined,
    ),
    author: standard(text('NAME', 'Who says so'), 'Unknown Author'),
    output: text('FILE', 'Write the document to a file instead of stdout', {
      short: 'o',
      path: true,
    }),
    review: bool('Walk through the open findings of the image in the terminal'),
    attach: bool('Sign it, keep it beside the image, and grade the image again'),
    ...ATTACH_FLAGS,
  },
  titles: {
    vulnerability: 'What is said',
    output: 'Where it goes',
    ...ATTACH_TITLES,
  },
  operands: { least: 1, most: 1, error: 'takes one image' },
} satisfies CommandSpec;

export type VexFlags = FlagValues<typeof VEX.flags>;

export const POLICY_COMMAND = {
  name: 'policy',
  usage: ['policy [flags] IMAGE'],
  about: `
Writes policies that admit an image and refuse everything else. The image is looked up in its registry and verified first,
as verify does: what its signers sign in the same repository is admitted. Name the image by its digest to admit that digest
alone. --type and --min-level become rules too: provenance of the same builder, an SBOM, a level.

An engine that cannot read how this image is signed, or cannot ask for what you ask for, gets no policy. The reason is
printed.`,
  examples: [
    ['scoville policy --for kyverno HOST/my-app:1', 'one policy, on stdout'],
    ['scoville policy --output policies HOST/my-app:1', 'every policy that can admit it'],
    ['scoville policy --for cosign --min-level 2 -o . HOST/my-app:1', 'level 2 and above'],
  ],
  exits: [
    ['0', 'written'],
    ['1', 'the image does not verify: nothing is written'],
    ['2', 'it cannot be verified, no policy can admit it, or a wrong flag or setting'],
    ['130', 'canceled'],
  ],
  flags: {
    for: many(
      'ENGINE',
      'For this engine; may be repeated',
      { choices: POLICY_FORMAT_NAMES, standard: 'every engine that can admit the image' },
      (given) =>
        POLICY_FORMAT_NAMES.some((name) => name === given)
          ? undefined
          : `invalid value ${JSON.stringify(given)} for --for; use one of ${POLICY_FORMAT_NAMES.join(', ')}`,
    ),
    output: text('DIR', 'Write the files into this folder', {
      short: 'o',
      path: true,
      standard: 'a single file is printed',
    }),
    mirror: many(
      'REPOSITORY',
      'A mirror in registries.conf, for containers-image; may be repeated',
    ),
    type: VERIFY.flags.type,
    'min-level': VERIFY.flags['min-level'],
    ...SIGNER_FLAGS,
    policy: VERIFY.flags.policy,
    'plain-http': PLAIN_HTTP,
  },
  titles: {
    for: 'What is written',
    type: 'What must be stated',
    key: VERIFY.titles.key,
    policy: 'Other flags',
  },
  operands: { least: 1, most: 1, error: 'needs one image' },
} satisfies CommandSpec;

export type PolicyFlags = FlagValues<typeof POLICY_COMMAND.flags>;
