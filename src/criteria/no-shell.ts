import { posix } from 'node:path';
import { err, ok, type Result } from '../lib/errors.ts';
import { fileName, quantity } from '../lib/text.ts';
import type { FileFact, FilesystemFact } from '../model/facts.ts';
import type { FixInput, FixPlan, FixRule } from '../model/fix.ts';
import { type ImageReference, parseReference } from '../model/reference.ts';
import { SHELL_PROGRAMS } from '../programs/kinds.ts';
import { criterion, fileEvidence } from './criterion.ts';
import { candidateBases, COMPILERS, type Runtime, runtimeOf } from './distroless-stacks.ts';
import { movedInstructions, stageLines } from './distroless-stage.ts';
import {
  baseOfImage,
  baseUnknown,
  fromOf,
  inStage,
  installedByApt,
  lineEnd,
  NOTHING,
  type Placed,
  proposed,
  refusedAt,
} from './edit-text.ts';
import { findPrograms, isProgram, noneFound } from './installed-programs.ts';
import { addedImage } from './outside-images.ts';
import { othersOn, purposeOf, PURPOSES, readableAdds } from './program-needs.ts';
import { type RuntimeCommand, runtimeCommand, workFolder } from './runtime-command.ts';
import { into, originOf, outputs } from './started-programs.ts';

interface FoundShell {
  readonly file: FileFact;
  readonly reason: string;
}

/** Shells, and multi-call binaries that contain one, recognized by content under any name. */
function renamed(filesystem: FilesystemFact): FoundShell[] {
  return filesystem.executables.flatMap((file) => {
    const content = file.multicall ?? file.shell;
    const contains = content === undefined ? undefined : SHELL_PROGRAMS.get(content);
    return contains !== undefined && file.type !== 'symlink' && isProgram(file)
      ? [{ file, reason: `${contains.name} by its content: ${contains.reason}` }]
      : [];
  });
}

/** Counts a busybox binary once, not its hundreds of hard links, next to links with shell names. */
function withoutApplets(
  named: readonly FoundShell[],
  contained: readonly FoundShell[],
): FoundShell[] {
  const identity = ({ file: { multicall, size, path } }: FoundShell): string =>
    multicall === undefined ? path : `${multicall} ${size}`;
  const seen = new Set(named.filter(({ file }) => file.type !== 'symlink').map(identity));
  return contained.filter((one) => {
    const isNew = !seen.has(identity(one));
    seen.add(identity(one));
    return isNew;
  });
}

function shellsOf(filesystem: FilesystemFact): FoundShell[] {
  const named = findPrograms(filesystem, 'shells').map(({ file, entry }) => ({
    file,
    reason: entry.reason,
  }));
  return [...named, ...withoutApplets(named, renamed(filesystem))];
}

export const noShell = criterion({
  id: 'no-shell',
  title: 'No shell',
  vector: 'minimalism',
  level: 3,
  spec: '#no-shell',
  why: 'Most exploits end by starting a shell. Without one, an attacker can run only the programs of the image.',
  needs: ['filesystem'],
  decidedBy:
    'Any shell in the final filesystem fails, in any folder. A shell is found by name, ' +
    'versions and links included, where the file is an executable. A multi-call binary ' +
    '(busybox, toybox), bash, dash, zsh, mksh or ksh93 under another name is found by ' +
    'content. A dangling link, a document or a completion file is not a shell.',
  check: ({ filesystem }) => {
    const shells = shellsOf(filesystem).map(({ file, reason }) => ({
      name: file.path,
      evidence: fileEvidence(file, `${fileName(file.path)}: ${reason}`),
    }));
    const checked = `${quantity(filesystem.executables.length, 'executable')} checked, none is a shell`;
    return noneFound(shells, 'no shell', checked, 'shell');
  },
  remedies: [
    {
      title: 'Use a final stage without a shell',
      detail:
        'Copy what the application needs into a final stage from a distroless, Chainguard or scratch base; give ENTRYPOINT, ' +
        'CMD and HEALTHCHECK in exec form.',
      example: 'FROM gcr.io/distroless/static-debian12:nonroot',
    },
  ],
});

/** The compilers that run in the stages that the target takes something from. */
function compilersOf(input: FixInput): ReadonlySet<string> {
  const { model } = input;
  const names = model.reached.flatMap((stage) =>
    inStage(input, stage).flatMap(({ commands }) =>
      commands.map(({ words }) => (words[0]?.value ?? '').replace(/^.*\//, '')),
    ),
  );
  return new Set(names.filter((name) => COMPILERS.has(name)));
}

/**
 * Where the stage puts a program of this name; `base` is the last part of its base's name. What is
 * started by its name lies in a folder of programs: a folder may be called as the program is.
 */
function programPath(program: string, own: readonly Placed[], base: string): Result<string> {
  const paths = own
    .flatMap((one) => written(one, base, program))
    .filter((path) => path.startsWith('/') && posix.basename(path) === program);
  const found = paths.find((path) => /\/s?bin\/[^/]+$/.test(path)) ?? paths[0];
  return found === undefined ? err(`where ${program} lies is not known`) : ok(found);
}

/** Paths of files that an instruction writes. */
function written(
  { keyword, commands, instruction }: Placed,
  base: string,
  program: string,
): readonly string[] {
  if (keyword === 'COPY' || keyword === 'ADD') return into(instruction.arguments);
  if (keyword !== 'RUN') return [];
  return commands.flatMap(({ words }) => {
    const [first = '', ...rest] = words.map(({ value }) => value ?? '');
    const tool = posix.basename(first);
    const operands = rest.filter((word) => !word.startsWith('-'));
    // Where the official images of these install programs.
    if (operands[0] === 'install' && tool === 'go' && base === 'golang')
      return [`/go/bin/${program}`];
    const root = rest[rest.indexOf('--root') + 1];
    if (operands[0] === 'install' && tool === 'cargo' && rest.includes('--root'))
      return [posix.join(root ?? '', 'bin', program)];
    if (operands[0] === 'install' && tool === 'cargo' && base === 'rust')
      return [`/usr/local/cargo/bin/${program}`];
    return outputs([first, ...rest]);
  });
}

/** Folders of the base and its packages: a file of unknown origin there is taken as theirs. */
const OF_SYSTEM = /^\/(?:usr\/)?(?:s?bin|lib\d*|libexec)\//;

/** Why a file is not known to be a program that the build compiles; undefined if it is known. */
export function notCompiled(path: string, input: FixInput): string | undefined {
  const origin = originOf(input, path);
  switch (origin.kind) {
    case 'text':
      return `${path} is a script of line ${origin.line}`;
    case 'context':
      return `${path} is copied from the context, where nothing compiles it`;
    case 'image':
      return `${path} is of another image`;
    case 'made':
      return origin.program === 'tee' || !compilesIn(origin.stage, input)
        ? `line ${origin.line} writes ${path}, and nothing shows that it compiles it`
        : undefined;
    case 'unsaid':
      if (OF_SYSTEM.test(path) || baseOfImage(input)?.has?.(path.slice(1)) === true)
        return `${path} is a program of the base`;
      return compilesIn(origin.stage, input)
        ? undefined
        : `nothing shows that ${path} is a compiled program`;
  }
}

function compilesIn(stage: number, input: FixInput): boolean {
  return inStage(input, stage).some(({ commands }) =>
    commands.some(({ words }) => COMPILERS.has(posix.basename(words[0]?.value ?? ''))),
  );
}

/** The image in the target's FROM; undefined if that is another stage or scratch. */
function baseReference({ model }: Pick<FixInput, 'model'>): ImageReference | undefined {
  const base = model.stages[model.target]?.base;
  return base?.kind === 'image' ? base.image.reference : undefined;
}

function nameOf({ repository, tag }: ImageReference): {
  readonly base: string;
  readonly tag: string;
} {
  return { base: repository.replace(/^.*\//, ''), tag: tag ?? 'latest' };
}

/** Images that the rule may put into this Dockerfile, whose digests are to be known. */
export function runtimeImages(
  input: Pick<FixInput, 'model'>,
  distroless: string,
): readonly ImageReference[] {
  const reference = baseReference(input);
  if (reference === undefined) return [];
  return candidateBases(nameOf(reference)).flatMap((name) => {
    const found = parseReference(`${distroless}/${name}:nonroot`);
    return found.ok ? [found.value] : [];
  });
}

export const MIRROR =
  'Name a mirror that you can reach: scoville config fix.distroless=REGISTRY/PATH (for scoville init: --set base.runtime=IMAGE)';

function plan(input: FixInput): FixPlan {
  const { model, source } = input;
  const from = fromOf(input, model.target);
  const reference = baseReference(input);
  if (from === undefined || reference === undefined) return NOTHING;
  if (/(?:^|\/)(?:distroless|chainguard)\//.test(reference.repository)) return NOTHING;
  const refused = (reason: string): FixPlan =>
    refusedAt(from, `the image keeps its shell and its tools: ${reason}`);
  if (model.target !== model.stages.length - 1) return refused('the target is not the last stage');
  const own = inStage(input, model.target);
  const odd = own.find(({ keyword }) => keyword === 'SHELL' || keyword === 'ONBUILD');
  if (odd !== undefined) return refused(`line ${odd.line} has ${odd.keyword}`);
  if (source.escape !== '\\') return refused('its escape character is another');
  if (othersOn(input, input.imageStages)) return refused('other stages use it');
  const purpose = purposeOf(input);
  if (purpose !== 'service') return refused(PURPOSES[purpose]);
  const command = runtimeCommand(input);
  if (!command.ok) return refused(command.error);
  const runtime = runtimeFor(input, reference, command.value, own);
  if (!runtime.ok) return refused(runtime.error);
  const unfit = unfitBase(input, runtime.value) ?? danglingLine(input);
  if (unfit !== undefined) return refused(unfit);
  const name = model.stages[model.target]?.name ?? freeName(input);
  const image = addedImage(`${input.options.distroless}/${runtime.value.base}:nonroot`, input);
  if (!image.ok) return refusedAt(from, `the image keeps its shell: ${image.error}`, MIRROR);
  const moved = { runtime: runtime.value, command: command.value, stage: name, image: image.value };
  const whole = stageLines(input, own, { ...moved, isChecked: true });
  const final = whole.ok ? whole : stageLines(input, own, { ...moved, isChecked: false });
  if (!final.ok) return refused(final.error);
  // What changes for those who run the image is for a person to decide.
  const decided = [
    ...command.value.fixed.map((variable) => ({
      what: `with ${variable} as it is`,
      why: `another ${variable} at run time no longer counts`,
    })),
    ...(whole.ok
      ? []
      : [
          {
            what: 'without the HEALTHCHECK',
            why: `Docker no longer checks its health: ${whole.error}`,
          },
        ]),
  ];
  const { text, eol } = source;
  const end = /\n$/.test(text) || text === '' ? '' : eol;
  const named = model.stages[model.target]?.name === undefined;
  return proposed(from, {
    key: decided.length === 0 ? 'final' : 'decided',
    title: `Run in a stage of its own: ${runtime.value.holds}${decided.map(({ what }) => `, ${what}`).join('')}`,
    why: 'Your app does not need compilers, package managers or a shell at run time; an attacker does',
    risk: decided.length === 0 ? 'medium' : 'high',
    riskReason: [
      ...decided.map(({ why }) => why),
      runtime.value.carries === 'folder'
        ? 'the image will contain only the app folder and the interpreter; apps that call other programs or write elsewhere break; check with --verify'
        : 'files that it reads at run time are missing, except the copied ones; check with --verify',
    ].join('; '),
    ...metBy(input, runtime.value),
    edits: [
      ...(named ? [{ start: from.textEnd, end: from.textEnd, text: ` AS ${name}` }] : []),
      ...readableAdds(input),
      ...movedInstructions(input, own),
      { start: text.length, end: text.length, text: `${end}${final.value.join(eol)}${eol}` },
    ],
  });
}

/** The C library version in distroless images: programs linked with a newer one do not start. */
const OWN_LIBC = { major: 2, minor: 41 };

/** What of the base keeps its programs from running on a distroless image. */
function unfitBase(input: FixInput, runtime: Runtime): string | undefined {
  const base = baseOfImage(input);
  if (base === undefined) return undefined;
  if (base.config.os !== 'linux') return baseUnknown(input);
  if (!runtime.base.startsWith('cc-')) return undefined;
  const libc = base.packages?.find(({ name }) => name === 'libc6' || name === 'glibc');
  const [, major = '', minor = ''] = /^(?:\d+:)?(\d+)\.(\d+)/.exec(libc?.version ?? '') ?? [];
  const isNewer =
    Number(major) > OWN_LIBC.major ||
    (Number(major) === OWN_LIBC.major && Number(minor) > OWN_LIBC.minor);
  return isNewer
    ? `its base has glibc ${major}.${minor}, distroless images ${OWN_LIBC.major}.${OWN_LIBC.minor}`
    : undefined;
}

/** A last line that ends with the escape character would take in what is added. */
function danglingLine({ source }: FixInput): string | undefined {
  const last = source.instructions.at(-1);
  if (last === undefined) return undefined;
  const left = source.text.slice(last.textEnd, lineEnd(source.text, last.end)).trim();
  return left === source.escape ? `line ${last.line} is continued by nothing` : undefined;
}

/** Criteria that a distroless stage meets; some depend on the app's own packages and files. */
function metBy({ left }: FixInput, { holdsPackages }: Runtime) {
  // The bits of a file go along with it.
  const bits = { of: ['no-elevated-files'], isOpen: left().elevated.length > 0 };
  const tools = { of: ['no-package-manager', 'no-build-tooling'], isOpen: holdsPackages };
  const of = (isOpen: boolean): readonly string[] =>
    [bits, tools].filter((one) => one.isOpen === isOpen).flatMap((one) => one.of);
  return { meets: ['no-shell', 'minimal-base', 'nonroot-user', ...of(false)], helps: of(true) };
}

function freeName({ model }: FixInput): string {
  const taken = new Set(model.stages.map(({ name }) => name));
  return (
    ['build', 'builder', 'app', 'prepare'].find((name) => !taken.has(name)) ?? 'before-runtime'
  );
}

function runtimeFor(
  input: FixInput,
  reference: ImageReference,
  { entrypoint, cmd }: RuntimeCommand,
  own: readonly Placed[],
): Result<Runtime> {
  const words = [...entrypoint, ...cmd];
  const [program = ''] = words;
  if (program === '') return err('nothing says what it starts');
  const resolve = (path: string): string => posix.resolve(workFolder(input), path);
  const name = nameOf(reference);
  return runtimeOf({
    ...name,
    words,
    programPath: program.includes('/')
      ? ok(resolve(program))
      : programPath(program, own, name.base),
    compilers: compilersOf(input),
    notCompiled: (path) => notCompiled(path, input),
    installed: installedByApt(input),
    withoutCgo: /\bCGO_ENABLED=["']?0/.test(input.source.text),
    resolve,
  });
}

export const runtimeStage: FixRule = {
  id: 'runtime-stage',
  title: 'Run in a stage of its own, without a shell and tools',
  criterion: 'no-shell',
  needs: ['digests', 'bases', 'context'],
  plan,
};
