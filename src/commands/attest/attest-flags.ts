import { PREDICATE_NAMES } from '../../attestations/predicate-name.ts';
import type { CommandSpec } from '../../plans/flags/command-spec.ts';
import { text } from '../../plans/flags/flag.ts';
import { ATTACH_FLAGS, ATTACH_TITLES } from '../shared-flags.ts';

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

/** What `scoville attest` was asked for. */
