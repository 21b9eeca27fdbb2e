import { parseStrictJson } from '../image/formats/json.ts';
import { given } from '../lib/json.ts';
import type { BuildAnalysis, RecordedSteps } from '../model/build-analysis.ts';
import {
  type DockerfileModel,
  execStrings,
  type ExternalImage,
  type Instruction,
  stageChain,
} from '../model/dockerfile.ts';
import {
  type BuildFact,
  type EvidenceSource,
  type Fact,
  known,
  NAME_THE_DOCKERFILE,
  unknownFact,
  type UsedImage,
} from '../model/facts.ts';
import type { HistoryEntry, ImageConfig } from '../model/image.ts';
import type { Package } from '../model/packages.ts';
import {
  type Digest,
  formatReference,
  parseDigest,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import type { Material } from '../model/statement.ts';
import type { ImageContent } from './layer-files.ts';

const MAX_ENTRIES = 1000;
const MAX_STEP = 16 * 1024;
/**
 * `RUN`, build arguments as `|2 A=1 B=2`, the shell with its options. The classic builder writes
 * neither RUN nor `# buildkit`.
 */
const SHELL_RUN =
  /^(?:RUN )?(?:\|\d+ .*? )?(?:\/usr)?\/bin\/(?:ba|da|a|k|z)?sh (?:-\S+ (?:pipefail )?)*?-\S*c (?!#\(nop\))(.+?)(?: # buildkit)?$/;
const NOP = /^\/bin\/sh -c #\(nop\) +([^ ].*)$/;

/**
 * Dockerfile text that an image's history shows: the RUN, ENV and ADD steps with an address. Each
 * is on the line of its number in the history plus 1, after a FROM that the history does not name.
 * Undefined if no step runs or fetches anything. Other stages and the content of COPY are unknown.
 * Steps over several lines are left out; `unread` has their numbers in the history, from 1.
 */
export function historyDockerfile(
  history: readonly HistoryEntry[] | undefined,
): { readonly text: string; readonly unread: readonly number[] } | undefined {
  const unread: number[] = [];
  let steps = 0;
  const lines = (history ?? []).slice(0, MAX_ENTRIES).map(({ created_by: by }, at) => {
    const line = by === undefined ? undefined : instructionOf(by);
    if (line === 'unread') unread.push(at + 1);
    else if (line !== undefined && !line.startsWith('ENV')) steps += 1;
    return line === 'unread' ? '' : (line ?? '');
  });
  if (steps === 0 && unread.length === 0) return undefined;
  return { text: ['FROM ${BASE_THAT_THE_HISTORY_DOES_NOT_NAME}', ...lines].join('\n'), unread };
}

/**
 * One line of a Dockerfile; `unread` for a step that runs something which does not fit on one line.
 */
function instructionOf(createdBy: string): string | undefined {
  const by = createdBy.trim();
  if (by.length > MAX_STEP) return 'unread';
  // BuildKit keeps the line ends of here-documents.
  if (/[\r\n]/.test(by))
    return /\bENV |#\(nop\)|COPY |LABEL /.test(by.slice(0, 40)) ? undefined : 'unread';
  const run = SHELL_RUN.exec(by)?.[1];
  // buildah leaves out what a here-document says.
  if (run !== undefined) return /\\$|<<-?["']?\w+["']?$/.test(run) ? 'unread' : `RUN ${run}`;
  const plain = NOP.exec(by)?.[1] ?? by.replace(/ # buildkit$/, '');
  if (/^RUN /.test(plain)) return plain.endsWith('\\') ? 'unread' : plain;
  const add = /^ADD (?:--\S+ )*(https?:\/\/\S+) (?:in )?(\S+) *$/.exec(plain);
  if (add !== null) return `ADD ${add[1] ?? ''} ${add[2] ?? ''}`;
  const env = /^ENV ([A-Za-z_]\w*)=(.*)$/.exec(plain);
  return env === null ? undefined : envLine(env[1] ?? '', env[2] ?? '');
}

/** History writes values without quotes; several variables of an ENV look like one with blanks. */
function envLine(name: string, value: string): string {
  return `ENV ${name}="${value.replace(/["\\$]/g, '\\$&')}"`;
}

const STEP = /^(RUN|COPY|ADD) (.*) # buildkit$/s;
const MAKES_LAYER = new Set(['RUN', 'COPY', 'ADD']);

/**
 * What of an image's history a build of this Dockerfile by BuildKit cannot have left: steps that
 * the history does not end with, other commands, more or fewer layers. Undefined where the two fit.
 * The history is part of the image's bytes; a Dockerfile beside it that nobody signed has to fit
 * it. Where the number of the base's layers is known, all steps above them have to be the
 * Dockerfile's.
 */
export function historyMisfit(
  dockerfile: DockerfileModel,
  { history = [], rootfs }: Pick<ImageConfig, 'history' | 'rootfs'>,
  baseLayers?: number,
): string | undefined {
  const layers = history.filter(({ empty_layer: empty }) => empty !== true).length;
  if (history.length > 0 && layers !== rootfs.diff_ids.length)
    return `its history lists ${layers} layers, the image has ${rootfs.diff_ids.length}`;
  const chain = stageChain(dockerfile);
  const wanted = chain.flatMap(({ instructions }) =>
    instructions.filter(({ keyword }) => MAKES_LAYER.has(keyword)),
  );
  const own = chain[0]?.base.kind === 'scratch' ? 0 : baseLayers;
  const steps = aboveLayers(history, own ?? 0).flatMap(stepOf);
  const isWhole = own !== undefined;
  if (steps.length < wanted.length || (isWhole && steps.length > wanted.length))
    return `the Dockerfile has ${wanted.length} steps that add a layer, the image’s history ${steps.length}`;
  const last = steps.slice(steps.length - wanted.length);
  const shells = chain
    .flatMap(({ instructions }) => instructions)
    .flatMap(({ keyword, rawArguments }) =>
      keyword === 'SHELL' ? (execStrings(rawArguments)?.join(' ') ?? []) : [],
    )
    .concat(SHELLS)
    .map(bare);
  const at = wanted.findIndex((instruction, i) => !isStepOf(instruction, last[i], shells));
  if (at < 0) return undefined;
  const line = wanted[at]?.range.startLine ?? 0;
  return `line ${line} of the Dockerfile is not in the image’s history`;
}

/** The history without what is about the lowest layers. */
function aboveLayers(history: readonly HistoryEntry[], count: number): readonly HistoryEntry[] {
  let [at, layers] = [0, 0];
  for (; layers < count && at < history.length; at += 1)
    if (history[at]?.empty_layer !== true) layers += 1;
  return history.slice(at);
}

interface Step {
  readonly keyword: string;
  readonly text: string;
}

/** A step that made a layer; one that BuildKit did not write fits nothing. */
function stepOf({ created_by: by = '', empty_layer: isEmpty }: HistoryEntry): readonly Step[] {
  const [, keyword, text] = STEP.exec(by) ?? [];
  if (keyword !== undefined && text !== undefined) return [{ keyword, text }];
  return isEmpty === true || by.endsWith(' # buildkit') ? [] : [{ keyword: '', text: by }];
}

const ADDRESS = /(?:https?|ssh|git):\/\/\S+|git@\S+/g;

/** True for the same keyword, and the same command or addresses but for white space. */
function isStepOf(instruction: Instruction, step: Step | undefined, shells: readonly string[]) {
  if (step?.keyword !== instruction.keyword) return false;
  const { keyword, rawArguments } = instruction;
  if (keyword === 'COPY') return true;
  if (keyword === 'ADD')
    return (
      rawArguments.includes('$') ||
      (step.text.match(ADDRESS) ?? []).every((one) => rawArguments.includes(one))
    );
  const program = execStrings(rawArguments)?.join(' ');
  if (program !== undefined)
    return step.text.endsWith(program) && ARGUMENTS.test(step.text.slice(0, -program.length));
  const text = bare(step.text);
  const command = bare(commandOf(instruction));
  const before = text.slice(0, text.length - command.length);
  return (
    text.endsWith(command) &&
    shells.some((shell) =>
      // With build arguments, `|1 A=1` stands before the shell, which comes once.
      before.startsWith('|')
        ? before.indexOf(shell) + shell.length === before.length
        : before === shell,
    )
  );
}

/** Build arguments as the history has them before a command: `|2 A=1 B=2`. */
const ARGUMENTS = /^(?:\|\d+(?: [A-Za-z_]\w*=\S*)+ )?$/;
const SHELLS = ['/bin/sh -c', 'cmd /S /C'];

function bare(text: string): string {
  return text.replaceAll(/\s+/g, '');
}

/** As BuildKit passes it to the shell (dispatchRun of its frontend, with here-documents). */
function commandOf({ rawArguments, heredocs }: Instruction): string {
  const [first, second] = heredocs;
  if (first === undefined) return rawArguments;
  if (second === undefined && /^<<-?(["']?)[^\s"']+\1$/.test(rawArguments.trim()))
    return first.content.startsWith('#!') ? `/dev/pipes/${first.delimiter}` : first.content;
  return rawArguments + heredocs.map(({ delimiter, content }) => content + delimiter).join('');
}

/** Where distributions keep what is installed; half of it would look like a smaller image. */
const SYSTEM_DATABASE =
  /^(?:var\/lib\/dpkg\/(?:status|status\.d\/.*)|(?:usr\/)?lib\/apk\/db\/.*|(?:var\/lib|usr\/lib\/sysimage)\/rpm\/.*)$/;

/**
 * The packages of an image as a fact. Unknown if the database of the operating system's packages
 * could not be read: nothing may be compared with a part of it.
 */
export function knownPackages(
  content: Pick<ImageContent, 'packages' | 'unreadablePackages'>,
): Fact<readonly Package[]> {
  const unread = content.unreadablePackages.find(({ location }) =>
    SYSTEM_DATABASE.test(location.path),
  );
  return unread === undefined
    ? known(content.packages, 'image')
    : unknownFact(`${unread.location.path} could not be read: ${unread.reason}`);
}

/** An image that this build, or its lock file, pinned to a digest. */
export interface EnforcedImage {
  /** A reference as the Dockerfile writes it, variables put in. */
  readonly text: string;
  readonly digest: Digest;
}

/**
 * `pkg:docker/node@22-slim?platform=linux%2Famd64` as an image's name. Undefined for other package
 * URLs, and for a `pkg:oci` without a repository: BuildKit writes those for OCI layouts, under
 * names of its own.
 */
export function imageOfPurl(uri: string): string | undefined {
  if (layoutOfPurl(uri) !== undefined) return undefined;
  const found = /^pkg:(?:docker|oci)\/([^?#]+)/.exec(uri)?.[1];
  if (found === undefined) return undefined;
  try {
    const at = found.lastIndexOf('@');
    const name = decodeURIComponent(at < 0 ? found : found.slice(0, at));
    const version = at < 0 ? '' : decodeURIComponent(found.slice(at + 1));
    if (version === '') return name;
    return parseDigest(version) === undefined ? `${name}:${version}` : `${name}@${version}`;
  } catch {
    return undefined;
  }
}

/** The name that a build gave to an OCI layout it took as context: `pkg:oci/base?digest=...`. */
function layoutOfPurl(uri: string): string | undefined {
  if (/[?&]repository_url=/.test(uri)) return undefined;
  return /^pkg:oci\/([\w.-]{1,128})(?:[@?#]|$)/.exec(uri)?.[1];
}

/** One spelling of a reference, without its digest; the text itself where it is not a reference. */
function nameOf(text: string): string {
  const parsed = parseReference(text);
  if (!parsed.ok) return text;
  const { registry, repository, tag } = withDefaultTag(parsed.value);
  return formatReference({ registry, repository, tag: tag ?? 'latest' });
}

/** Index of the stage whose base the target's filesystem begins with. */
function baseStage(model: DockerfileModel): number {
  let index = model.target;
  for (let hops = 0; hops <= model.stages.length; hops += 1) {
    const base = model.stages[index]?.base;
    if (base?.kind !== 'stage') break;
    index = base.index;
  }
  return index;
}

const ROLES: Readonly<Record<ExternalImage['kind'], UsedImage['role']>> = {
  from: 'build-stage',
  'copy-from': 'copy-from',
  'mount-from': 'mount-from',
  syntax: 'frontend',
};

/**
 * The images from outside that the build used: those of the Dockerfile, each with the digest it
 * spells, that was enforced, or that the provenance states. What the provenance alone names (a
 * build context, a frontend) is listed too.
 */
export function usedImages(
  model: DockerfileModel,
  enforced: readonly EnforcedImage[],
  materials: readonly Material[],
): readonly UsedImage[] {
  const held = new Map(enforced.map(({ text, digest }) => [nameOf(text), digest]));
  const stated = materials.flatMap(({ uri, digest: { sha256 = '' } }) => {
    const layout = layoutOfPurl(uri);
    const text = layout === undefined ? imageOfPurl(uri) : `oci-layout://${layout}`;
    return text === undefined ? [] : [{ text, layout, digest: parseDigest(`sha256:${sha256}`) }];
  });
  const statedDigest = new Map(
    stated.flatMap(({ text, layout, digest }) =>
      layout === undefined && digest !== undefined ? [[nameOf(text), digest]] : [],
    ),
  );
  const own = model.stages[baseStage(model)]?.base;
  const base = own?.kind === 'image' ? own.image : undefined;
  const fromDockerfile = model.externalImages.map((image): UsedImage => {
    const { text, range, kind } = image;
    const name = nameOf(text);
    const spelled = image.reference?.digest;
    return {
      text,
      ...given({ digest: spelled ?? held.get(name) ?? statedDigest.get(name) }),
      pinnedInDockerfile: spelled !== undefined,
      pinnedByBuild: held.has(name),
      role: image === base ? 'base' : ROLES[kind],
      range,
    };
  });
  const named = new Set(fromDockerfile.map(({ text }) => nameOf(text)));
  const digests = new Set(fromDockerfile.map(({ digest }) => digest));
  const others = stated.flatMap(({ text, layout, digest }): readonly UsedImage[] => {
    // A reference with both tag and digest comes back under its digest alone. Nothing names the
    // publisher of an image from a layout, or whether anything pins its digest.
    const isKnown = named.has(nameOf(text)) || (digest !== undefined && digests.has(digest));
    if (layout === undefined && isKnown) return [];
    const isFrontend = /(?:^|\/)docker\/dockerfile(?:-upstream)?(?:[:@]|$)/.test(text);
    return [
      {
        text,
        ...given({ digest }),
        pinnedInDockerfile: /@sha256:/.test(text),
        pinnedByBuild: held.has(nameOf(text)),
        role: isFrontend ? 'frontend' : 'build-context',
      },
    ];
  });
  return [...fromDockerfile, ...others];
}

/** Provenance of the build, as its reader gives it (SLSA v0.2 and v1 alike). */
interface ProvenanceView {
  readonly materials: readonly Material[];
  /** RFC 3339, as stated. */
  readonly finishedOn: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly steps?: RecordedSteps | undefined;
  /** RUNs were given materials by digest, and nothing else. */
  readonly replayed?: boolean;
}

interface BuildInputs {
  /** The Dockerfile and where it was had from; undefined where there is none. */
  readonly dockerfile:
    | {
        readonly model: DockerfileModel;
        readonly analysis: BuildAnalysis;
        readonly source: EvidenceSource;
      }
    | undefined;
  readonly noDockerfile?: string;
  readonly enforced?: readonly EnforcedImage[];
  readonly provenance?: { readonly view: ProvenanceView; readonly source: EvidenceSource };
  /** What this build replayed; absent where it did not. */
  readonly replayed?: readonly Material[];
  /** SOURCE_DATE_EPOCH, seconds, where this build set it. */
  readonly epoch?: number;
  /** RFC 3339, where this build finished just now. */
  readonly finishedAt?: string;
}

const HIDDEN =
  'the build ran steps that its Dockerfile does not show, such as ONBUILD steps of a base image';

/**
 * How the image was built, from the best that is at hand; unknown where there is neither Dockerfile
 * nor provenance, with the command that would decide it.
 */
export function buildFact(inputs: BuildInputs): Fact<BuildFact> {
  const { dockerfile, provenance, enforced = [], replayed } = inputs;
  const reason = inputs.noDockerfile ?? 'no Dockerfile is known for this image';
  const unknown = unknownFact(reason, NAME_THE_DOCKERFILE);
  if (dockerfile === undefined && provenance === undefined) return unknown;
  const { materials = [], buildArgs, finishedOn, steps } = provenance?.view ?? {};
  const stated = buildArgs?.['SOURCE_DATE_EPOCH'] ?? '';
  const finishedAt = inputs.finishedAt ?? finishedOn;
  const times = given({
    finishedAt: Number.isNaN(Date.parse(finishedAt ?? '')) ? undefined : finishedAt,
    epoch: inputs.epoch ?? (/^\d{1,11}$/.test(stated) ? Number(stated) : undefined),
  });
  // Without a Dockerfile the materials do not say which image was the base.
  if (dockerfile === undefined)
    return known({ dockerfile: unknown, images: unknown, ...times }, provenance?.source ?? 'image');
  const { model, source, analysis } = dockerfile;
  const value: BuildFact = {
    dockerfile: known(model, source),
    images: known(usedImages(model, enforced, materials), source),
    ...times,
    ...given({
      replayed:
        replayedAddresses(model, 'build', replayed) ??
        // The statement is about the Dockerfile that it has.
        replayedAddresses(model, source, provenance?.view.replayed ? materials : undefined),
      pastProxy: pastProxy(model),
    }),
    analysis:
      steps === undefined || showsSteps(model, steps) ? analysis : { partial: HIDDEN, ...analysis },
  };
  return known(value, provenance?.source ?? source);
}

/** What no build runs, here-documents aside: a health check may well ask 127.0.0.1. */
const RUNS_NOTHING = /^(?:ADD|COPY|HEALTHCHECK|CMD|ENTRYPOINT|LABEL|EXPOSE)$/;
/** How a command can get past the proxy of a replay, and what helps. */
const PAST_THE_PROXY: readonly (readonly [RegExp, string])[] = [
  [
    /:\/\/(?:[^/@\s]*@)?(?:\d+\.|\d+[:/]|0x|\[)/i,
    'names a server by its number, which a replay does not count: give its name',
  ],
  [/no_?proxy/i, 'goes past the proxy of a replay (no_proxy): remove that'],
  [
    /--resolve|--connect-to|\/etc\/(?:hosts|resolv)|nsswitch/i,
    'says where a name leads, so a replay does not count: remove that',
  ],
];

/** What of the Dockerfile goes past the proxy of a replay, with its line. */
function pastProxy(model: DockerfileModel): string | undefined {
  const shown = model.reached.flatMap((index) =>
    (model.stages[index]?.instructions ?? []).flatMap(({ keyword, range, ...rest }) =>
      [
        ...(RUNS_NOTHING.test(keyword) ? [] : [rest.rawArguments]),
        ...rest.heredocs.map(({ content }) => content),
      ].flatMap((text) =>
        PAST_THE_PROXY.flatMap(([pattern, words]) =>
          pattern.test(text) ? [`line ${range.startLine} ${words}`] : [],
        ),
      ),
    ),
  );
  return shown[0];
}

/**
 * The addresses that a replay answered by digest, with it; undefined where nothing of the kind is
 * known. That it was a replay is this build's own word, or a verified statement's; a lock alone
 * proves nothing. A Dockerfile that goes past the proxy anywhere leaves it undefined.
 */
export function replayedAddresses(
  model: DockerfileModel,
  source: EvidenceSource,
  materials: readonly Material[] | undefined,
): ReadonlyMap<string, string> | undefined {
  if (materials === undefined || (source !== 'build' && source !== 'verified-attestation'))
    return undefined;
  if (pastProxy(model) !== undefined) return undefined;
  return new Map(
    materials.flatMap(({ uri, digest }) => {
      const { sha256 } = digest;
      return /^https?:/.test(uri) && sha256 !== undefined ? [[uri, `sha256:${sha256}`]] : [];
    }),
  );
}

/**
 * True where each command that the engine ran is one that the Dockerfile, as it was read, shows. It
 * is not for ONBUILD steps of a base image, under another frontend, and wherever we read a RUN
 * otherwise than the engine did.
 */
export function showsSteps(
  model: DockerfileModel,
  { commands, fetchesInFrom }: RecordedSteps,
): boolean {
  if (fetchesInFrom) return false;
  const read = model.stages.flatMap(({ instructions }) => instructions);
  const shown = new Set(read.filter(({ keyword }) => keyword === 'RUN').flatMap(commandsOf));
  const shells = read
    .filter(({ keyword }) => keyword === 'SHELL')
    .map(({ arguments: words }) => JSON.stringify(words));
  return commands.every((words) => {
    if (shown.has(JSON.stringify(words))) return true;
    const shell = words.slice(0, -1);
    return (
      (isShell(shell) || shells.includes(JSON.stringify(shell))) && shown.has(words.at(-1) ?? '')
    );
  });
}

/** True for the engine's shell or one like it: a base image may set any program as its `Shell`. */
function isShell([program = '', ...options]: readonly string[]): boolean {
  return (
    /^(?:\/(?:usr\/)?bin\/)?(?:sh|bash|ash|dash|zsh|ksh)$|^(?:cmd|powershell)(?:\.exe)?$/i.test(
      program,
    ) && options.every((option) => /^(?:[-/]\w+|pipefail)$/.test(option))
  );
}

/**
 * A RUN as the engine passes it on: text for a shell, as its last word; an exec form in JSON; or
 * a script and its path.
 */
function commandsOf({ rawArguments: raw, heredocs }: Instruction): readonly string[] {
  const [first] = heredocs;
  if (first === undefined) {
    const words = raw.startsWith('[') ? parseStrictJson(raw, 'RUN', raw.length * 4) : undefined;
    return words?.ok === true ? [JSON.stringify(words.value)] : [raw];
  }
  if (/^<<-?\s*(["']?)[^\s"'<>|&;]+\1$/.test(raw))
    return [first.content, `/dev/pipes/${first.delimiter}`];
  return [[raw, ...heredocs.map(({ content, delimiter }) => content + delimiter)].join('\n')];
}
