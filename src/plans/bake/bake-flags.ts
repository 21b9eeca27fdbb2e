import { byCodeUnit } from '../../model/order.ts';
import { BUILDX_FLAGS } from '../flags/buildx-flags.ts';
import type { CommandSpec } from '../flags/command-spec.ts';
import type { FlagSpec } from '../flags/flag-spec.ts';
import { bool, many, specsOf, text } from '../flags/flag.ts';
import { IMAGE_FLAGS } from '../flags/own-flags.ts';

const HIDDEN = { hidden: true } as const;
const SINCE_29 = { since: '0.29.1' } as const;
/** Flags that a build has too, and that mean the same there. */
const AS_IN_BUILD = 'builder check debug no-cache progress pull detach root server-config'.split(
  ' ',
);

/**
 * The flags of `docker buildx bake` 0.13.1, 0.29.1 and later, also hidden ones, from docker/buildx,
 * commands/bake.go.
 */
export const BAKE_FLAGS: readonly FlagSpec[] = [
  ...BUILDX_FLAGS.filter(({ name }) => AS_IN_BUILD.includes(name)),
  ...specsOf({
    allow: many(
      'ENTITLEMENT',
      'Allow the build what its definition asks for (network.host, fs.read=PATH)',
      SINCE_29,
    ),
    call: text(
      'METHOD',
      'Evaluate the builds instead of running them (check, outline, targets)',
      SINCE_29,
    ),
    file: many('FILE', 'The definition: HCL, JSON or compose; - is stdin; may be repeated', {
      short: 'f',
      path: true,
    }),
    list: text('WHAT', 'List targets or variables; build nothing', SINCE_29),
    'list-targets': bool('Kept by buildx: --list=targets', HIDDEN),
    'list-variables': bool('Kept by buildx: --list=variables', HIDDEN),
    load: bool('Load the images into Docker'),
    'metadata-file': text('FILE', 'Write metadata of the results here, by target', { path: true }),
    print: bool('Print the resolved definition; build nothing'),
    provenance: text('VALUE', 'Short for --set=*.attest=...'),
    push: bool('Push the images to their registry'),
    sbom: text('VALUE', 'Short for --set=*.attest=...'),
    set: many('TARGETS.KEY=VALUE', 'Override a value of these targets; may be repeated'),
    var: many('NAME=VALUE', 'Set a variable', { since: '0.30.0' }),
  }),
].sort((a, b) => byCodeUnit(a.name, b.name));

/** The flags that `scoville bake` adds: those of a build, for each target, and its own. */
export const OWN_BAKE = {
  ...IMAGE_FLAGS,
  'min-level': many(
    '[TARGETS=]LEVEL',
    'Publish nothing below this level; may be repeated, the last that fits a target counts',
  ),
  'min-grade': many(
    '[TARGETS=]GRADE',
    'Publish nothing below this grade; may be repeated, the last that fits a target counts',
  ),
  'keep-going': bool('Publish what is good though other targets are not'),
};

export const BAKE: CommandSpec = {
  name: 'bake',
  usage: ['bake [OPTIONS] [TARGET...]'],
  about: `
Builds the targets of a bake definition (HCL, JSON, compose) as scoville build does each: reproducibly, signed, attested
and graded. Nothing is published unless every target was built and met its gate, but with --keep-going what is good is.`,
  examples: [
    ['scoville bake', 'build the default group'],
    ['scoville bake api web', 'build two targets'],
    ["scoville bake --min-level 2 --min-level 'web-*=3'", 'set gates for all targets and for some'],
    ['scoville bake -f compose.yaml --push', 'build and push the services of a compose file'],
  ],
  exits: [
    ['0', 'every target met its gate'],
    ['1', 'a target is below its gate'],
    ['2', 'a target could not be judged, or a wrong flag or setting'],
    ['130', 'canceled'],
    ['other', 'the exit code of buildx, for a failed build'],
  ],
  flags: OWN_BAKE,
  titles: {
    'dry-run':
      'Options of scoville, which count for each target (--no-NAME is the same as --NAME=false):',
  },
  others: BAKE_FLAGS,
  othersTitle: 'Options of docker buildx bake, with their own meanings:',
  end: `
TARGETS is a target's name; * matches any letters. Any other option is passed to buildx.`,
  operands: { choices: [] },
};
