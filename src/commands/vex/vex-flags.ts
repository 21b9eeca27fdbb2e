import { VEX_JUSTIFICATIONS, VEX_STATUSES } from '../../attestations/openvex.ts';
import type { CommandSpec } from '../../plans/flags/command-spec.ts';
import { bool, choice, type FlagValues, many, standard, text } from '../../plans/flags/flag.ts';
import { ATTACH_FLAGS, ATTACH_TITLES } from '../shared-flags.ts';

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
    ),
    status: standard(choice(VEX_STATUSES, 'STATUS', 'What it means for the image'), 'not_affected'),
    justification: choice(VEX_JUSTIFICATIONS, 'CODE', 'Why the image is not affected'),
    reason: text('TEXT', 'The same in words. For affected: what users of the image are to do'),
    until: text('DATE', 'The last day on which Scoville counts it (YYYY-MM-DD)'),
    package: many(
      'PURL',
      'Only in this package of the image; version and qualifiers may be left out. May be repeated',
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

/** What `scoville vex` was asked for. */
export type VexFlags = FlagValues<typeof VEX.flags>;
