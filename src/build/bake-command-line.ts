import {
  bool,
  type CommandSpec,
  type FlagSpec,
  flagTable,
  many,
  parseGoBool,
  parseReportRequests,
  scanArguments,
  type Scanned,
  specsOf,
  text,
  type UsageProblem,
} from '../cli/flag-table.ts';
import { err, EXIT, ok, type Result } from '../lib/errors.ts';
import { byCodeUnit } from '../lib/text.ts';
import { GRADES } from '../model/scorecard.ts';
import { BUILDX_FLAGS, IMAGE_FLAGS, LEVELS } from './flags.ts';

const HIDDEN = { hidden: true } as const;
const SINCE_29 = { since: '0.29.1' } as const;
const AS_IN_BUILD = 'builder check debug no-cache progress pull detach root server-config'.split(
  ' ',
);

/** The flags of `docker buildx bake`, hidden ones too (docker/buildx, commands/bake.go). */
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
  usage: ['bake [flags] [TARGET...]'],
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
  groups: [
    ['What is built', 'file set var allow pull no-cache builder'],
    ['Output', 'load push metadata-file progress print list'],
    ['Reproducibility', 'repro prove pin lock locked record replay'],
    ['Signing and attestations', 'sign key keyless provenance sbom profile'],
    ['Grade and gate', 'min-level min-grade keep-going scanner offline vex max-age grade'],
    ['Reports and settings', 'report json verbose dry-run review config plain-http'],
  ],
  titles: { 'public-log': 'Rarely needed', call: 'Rarely needed, of docker buildx bake' },
  others: BAKE_FLAGS,
  end: `
TARGETS is a target's name; * matches any letters. The flags of scoville build count for each target, those of docker
buildx bake mean what they mean there, and any other is passed to buildx. --no-NAME is --NAME=false. --help=all shows
every flag.`,
  operands: { choices: [] },
};

interface TargetGate {
  readonly flag: 'min-level' | 'min-grade';
  readonly targets: string;
  readonly value: string;
}

export type ParsedBake = Extract<Parsed, { readonly kind: 'bake' }>;
type Parsed = Extract<ReturnType<typeof parseBakeArgs>, { readonly ok: true }>['value'];

const OWN_BAKE_FLAGS = specsOf(OWN_BAKE);
const OWN_NAMES = new Set(OWN_BAKE_FLAGS.map(({ name }) => name));
const SAID_HERE = new Set(['json', 'report', 'dry-run', 'keep-going', 'min-level', 'min-grade']);
/** Bake flags that do not change how the definition resolves, or that old versions do not know. */
const NOT_PRINTED = new Set(['metadata-file', 'progress', 'print', 'allow', 'debug']);

const TABLE = flagTable([...BAKE_FLAGS, ...OWN_BAKE_FLAGS], OWN_BAKE_FLAGS);

type Given = Extract<Scanned, { kind: 'flag' }>;

export function parseBakeArgs(argv: readonly string[]) {
  const scanned = scanArguments(argv, TABLE);
  if (!scanned.ok) return scanned;
  const parts = scanned.value;
  if (parts.some((part) => part.kind === 'help')) return ok({ kind: 'help' } as const);
  const given = parts.filter((part): part is Given => part.kind === 'flag');
  const all = (name: string): readonly string[] =>
    given.filter((g) => g.spec.name === name).map((g) => g.value);
  const bool = (name: string): boolean => parseGoBool(all(name).at(-1) ?? '') ?? false;
  const reports = parseReportRequests(all('report'));
  if (!reports.ok) return wrong(reports.error);
  const gates = readGates(given);
  if (!gates.ok) return gates;
  const theirs = parts.filter((part) => part.kind !== 'flag' || !OWN_NAMES.has(part.spec.name));
  return ok({
    kind: 'bake' as const,
    words: theirs.flatMap(wordsOf),
    printWords: theirs
      .filter((part) => part.kind !== 'flag' || !NOT_PRINTED.has(part.spec.name))
      .flatMap(wordsOf),
    ownWords: given
      .filter(({ spec }) => OWN_NAMES.has(spec.name) && !SAID_HERE.has(spec.name))
      .map(({ spec, value }) => `--${spec.name}=${value}`),
    gates: gates.value,
    keepGoing: bool('keep-going'),
    dryRun: bool('dry-run'),
    json: bool('json'),
    reports: reports.value,
    builder: all('builder').at(-1),
    allow: all('allow'),
    progress: all('progress').at(-1),
    metadataFile: all('metadata-file').at(-1),
    /** `--push`: `--print` shows it as an output like those of the definition. */
    pushes: bool('push'),
    files: all('file'),
    names: parts.flatMap((part) => (part.kind === 'positional' ? [part.text] : [])),
    /** Why buildx does it alone: it builds nothing. */
    evaluates: evaluation(bool, all),
  });
}

function wordsOf(part: Scanned): readonly string[] {
  if (part.kind === 'flag') return [`--${part.spec.name}=${part.value}`];
  return part.kind === 'help' ? [] : [part.text];
}

function evaluation(
  bool: (name: string) => boolean,
  all: (name: string) => readonly string[],
): string | undefined {
  const asked = ['print', 'check', 'list-targets', 'list-variables'].find((name) => bool(name));
  if (asked !== undefined) return `--${asked}`;
  const list = all('list').at(-1) ?? '';
  if (list !== '') return '--list';
  const call = all('call').at(-1) ?? '';
  return call === '' || call === 'build' ? undefined : `--call=${call}`;
}

function readGates(given: readonly Given[]): Result<readonly TargetGate[], UsageProblem> {
  const gates: TargetGate[] = [];
  for (const { spec, value: text } of given) {
    const flag = spec.name;
    if (flag !== 'min-level' && flag !== 'min-grade') continue;
    const equals = text.lastIndexOf('=');
    const value = text.slice(equals + 1);
    const choices: readonly string[] = flag === 'min-level' ? LEVELS : GRADES;
    if (!choices.includes(value) || equals === 0)
      return wrong(
        `--${flag} takes [TARGETS=]VALUE, VALUE being one of ${choices.join(', ')}, not ${JSON.stringify(text)}`,
      );
    gates.push({ flag, targets: equals < 0 ? '*' : text.slice(0, equals), value });
  }
  return ok(gates);
}

export function gateWords(gates: readonly TargetGate[], target: string): readonly string[] {
  return (['min-level', 'min-grade'] as const).flatMap((flag) => {
    const last = gates.findLast((gate) => gate.flag === flag && fits(gate.targets, target));
    return last === undefined ? [] : [`--${flag}=${last.value}`];
  });
}

export function fitsNone(gate: TargetGate, targets: readonly string[]): boolean {
  return !targets.some((target) => fits(gate.targets, target));
}

/** `*` matches any letters, as in Go's path.Match; names of targets never contain a slash. */
function fits(pattern: string, target: string): boolean {
  const source = pattern.split('*').map((text) => text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`, 's').test(target);
}

function wrong(message: string) {
  return err<UsageProblem>({ message, exitCode: EXIT.failed });
}
