import { BUILDX_FLAGS } from '../flags/buildx-flags.ts';
import type { CommandSpec } from '../flags/command-spec.ts';
import type { FlagSpec } from '../flags/flag-spec.ts';
import { bool, many } from '../flags/flag.ts';
import { IMAGE_FLAGS } from '../flags/own-flags.ts';

/** A flag that a build has too, and that means the same there. */
function asInBuild(name: string): FlagSpec {
  const flag = BUILDX_FLAGS.find((one) => one.name === name);
  if (flag === undefined) throw new Error(`a build has no --${name}`);
  return flag;
}

/**
 * The flags of `docker buildx bake` 0.13.1, 0.29.1 and later, also hidden ones, from docker/buildx,
 * commands/bake.go.
 */
export const BAKE_FLAGS: readonly FlagSpec[] = [
  {
    name: 'allow',
    kind: 'array',
    value: 'ENTITLEMENT',
    since: '0.29.1',
    help: 'Allow the build what its definition asks for (network.host, fs.read=PATH)',
  },
  asInBuild('builder'),
  {
    name: 'call',
    kind: 'string',
    value: 'METHOD',
    since: '0.29.1',
    help: 'Evaluate the builds instead of running them (check, outline, targets)',
  },
  asInBuild('check'),
  asInBuild('debug'),
  {
    name: 'file',
    short: 'f',
    kind: 'array',
    value: 'FILE',
    path: true,
    help: 'The definition: HCL, JSON or compose; - is stdin; may be repeated',
  },
  {
    name: 'list',
    kind: 'string',
    value: 'WHAT',
    since: '0.29.1',
    help: 'List targets or variables; build nothing',
  },
  { name: 'list-targets', kind: 'bool', hidden: true, help: 'Kept by buildx: --list=targets' },
  { name: 'list-variables', kind: 'bool', hidden: true, help: 'Kept by buildx: --list=variables' },
  { name: 'load', kind: 'bool', help: 'Load the images into Docker' },
  {
    name: 'metadata-file',
    kind: 'string',
    value: 'FILE',
    path: true,
    help: 'Write metadata of the results here, by target',
  },
  asInBuild('no-cache'),
  { name: 'print', kind: 'bool', help: 'Print the resolved definition; build nothing' },
  asInBuild('progress'),
  { name: 'provenance', kind: 'string', value: 'VALUE', help: 'Short for --set=*.attest=...' },
  asInBuild('pull'),
  { name: 'push', kind: 'bool', help: 'Push the images to their registry' },
  { name: 'sbom', kind: 'string', value: 'VALUE', help: 'Short for --set=*.attest=...' },
  {
    name: 'set',
    kind: 'array',
    value: 'TARGETS.KEY=VALUE',
    help: 'Override a value of these targets; may be repeated',
  },
  { name: 'var', kind: 'array', value: 'NAME=VALUE', since: '0.30.0', help: 'Set a variable' },
  // 0.13.1 only, with BUILDX_EXPERIMENTAL=1; later versions dropped them.
  asInBuild('detach'),
  asInBuild('root'),
  asInBuild('server-config'),
];

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
