import { groupBy } from '../lib/parallel.ts';
import { fileName } from '../lib/text.ts';
import { chainOf, type Instruction, type SourceRange } from '../model/dockerfile.ts';
import {
  type LeftBehind,
  type LeftContent,
  type LeftFile,
  parsePasswd,
  runsAs,
} from '../model/facts.ts';
import {
  type CommandEvent,
  lineOf,
  placeOf,
  printedBy,
  readCommandLine,
  wordsOf,
} from './analysis/commands.ts';
import { isFetched } from './analysis/fetches.ts';
import { ARCHIVE, isWithin, type StageFiles } from './analysis/stage-files.ts';
import { folderOfPattern, pathIn } from './paths.ts';
import { mountsOf, type PlacedInstruction, type ReadStage, stageNamed } from './read-dockerfile.ts';

type Bit = 'setuid' | 'setgid';

/** How a mode of chmod, install or `--chmod` changes the setuid and setgid bits. */
interface ModeChange {
  readonly sets: readonly Bit[];
  readonly clears: readonly Bit[];
}

const BITS: readonly (readonly [Bit, number, RegExp])[] = [
  ['setuid', 0o4000, /u|a|^$/],
  ['setgid', 0o2000, /g|a|^$/],
];
const CLAUSE = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/;

/** True for a word that chmod takes for a mode, though it begins with a dash. */
function isMode(word: string): boolean {
  return /^[0-7]{1,5}$/.test(word) || word.split(',').every((clause) => CLAUSE.test(clause));
}

/** Reads a mode, by number or by letters, of which the last counts; undefined where it is none. */
function modeChange(mode: string): ModeChange | undefined {
  if (!isMode(mode)) return undefined;
  const isNumber = /^\d/.test(mode);
  const isSet = (value: number, who: RegExp): boolean | undefined => {
    if (isNumber) return (Number.parseInt(mode, 8) & value) !== 0;
    const own = mode.split(',').filter((one) => who.test(CLAUSE.exec(one)?.[1] ?? ''));
    const last = own
      .join('')
      .match(/=[^-+=,]*|[-+][rwxXtugo]*s/g)
      ?.at(-1);
    return last === undefined ? undefined : /^[+=].*s/.test(last);
  };
  const bits = BITS.map(([bit, value, who]) => ({ bit, set: isSet(value, who) }));
  const of = (wanted: boolean): readonly Bit[] =>
    bits.flatMap(({ bit, set }) => (set === wanted ? [bit] : []));
  return { sets: of(true), clears: of(false) };
}

/** What a chmod does, to which of its words, and whether it is for all below. */
export function chmodOf(argv: readonly string[]):
  | {
      readonly change: ModeChange | undefined;
      readonly operands: readonly number[];
      readonly isDeep: boolean;
    }
  | undefined {
  if (fileName(argv[0] ?? '') !== 'chmod') return undefined;
  const [at, ...operands] = argv.flatMap((word, i) =>
    i > 0 && (!word.startsWith('-') || (isMode(word) && word !== '-R')) ? [i] : [],
  );
  if (at === undefined) return undefined;
  const isDeep = argv.some((word) => /^(?:-[a-zA-Z]*R|--recursive)/.test(word));
  return { change: modeChange(argv[at] ?? ''), operands, isDeep };
}

/** Far more than a person's Dockerfile leaves. */
const MOST = 2000;
/** A folder of the user who runs the command: all of them are one here. */
const HOME = /^(?:~|\$\{?HOME\}?|\/root|\/home\/[\w.-]+)(?=\/|$)/;
const PASSWD = '/etc/passwd';

/** Something at a path: content, or the bits of a file. */
interface Entry {
  readonly path: string;
  readonly range: SourceRange;
  readonly what: LeftContent | { readonly kind: 'bits'; readonly bits: string };
  readonly open?: string;
}

function inHome(path: string): string {
  return path.replace(HOME, '/root');
}

/** True for what a word names: the path itself and all below, or matches of a `*` in it. */
function names(word: string, path: string): boolean {
  const [text, own] = [inHome(word), inHome(path)];
  const star = text.search(/[*?[]/);
  if (star < 0) return isWithin(own, text);
  const behind = text.slice(Math.max(...['*', '?', ']'].map((sign) => text.lastIndexOf(sign))) + 1);
  return (
    own.startsWith(text.slice(0, star)) && (own.endsWith(behind) || own.includes(`${behind}/`))
  );
}

/** The part of `folder` that a path names; undefined for a pattern, and for what is not in it. */
function partOf(path: string, folder: string): string | undefined {
  const [text, own] = [inHome(path), inHome(folder)];
  const isIn = !/[*?[]/.test(text) && text !== own && isWithin(text, own);
  return isIn ? text.slice(own === '/' ? 1 : own.length + 1) : undefined;
}

/** What a stage has so far that criteria look for, minus what was removed. */
class Ledger {
  entries: readonly Entry[];
  readonly users: Map<string, number>;
  readonly folders: Set<string>;

  constructor(base?: Ledger) {
    this.entries = base?.entries ?? [];
    this.users = new Map(base?.users);
    this.folders = new Set(base?.folders);
  }

  put(path: string, what: Entry['what'], range: SourceRange, open?: string): void {
    const entry = { path, what, range, ...(open === undefined ? {} : { open }) };
    if (this.entries.length < MOST) this.entries = [...this.entries, entry];
    if (what.kind === 'text' && path === PASSWD) this.addUsers(what.text);
  }

  /** Users of lines of etc/passwd; the value of a variable is not known. */
  addUsers(passwd: string): void {
    const lines = passwd.split('\n').filter((line) => !line.includes('$'));
    for (const [name, uid] of Object.entries(parsePasswd(lines.join('\n'))))
      this.users.set(name, uid);
  }

  elevate(path: string, bits: string, range: SourceRange, open?: string): void {
    this.put(path, { kind: 'bits', bits }, range, open);
  }

  /** Removes bits from the files that a word names. */
  lower(word: string, isOf: (bits: string) => boolean): void {
    this.entries = this.entries.filter(
      ({ what, path }) => what.kind !== 'bits' || !isOf(what.bits) || !names(word, path),
    );
  }

  /** Removes what a word names, and folders of the context of which it takes a part. */
  remove(word: string): void {
    this.entries = this.entries.filter(
      ({ what, path }) =>
        !names(word, path) && !(what.kind === 'context' && partOf(word, path) !== undefined),
    );
  }

  /** For a word that is not known, each entry may or may not be gone. */
  doubt(): void {
    const open = 'a command takes what is not known away';
    this.entries = this.entries.map((one) => ({ open, ...one }));
  }

  /** Copies what `from` has at or below `source` to `place`, in it where that ends with a slash. */
  bring(from: Ledger, source: string, place: string, keepsBits: boolean, at?: SourceRange): void {
    const isIn = place.endsWith('/') || /[*?[]/.test(source);
    const to = (path: string): string => pathIn(isIn ? place : '', isIn ? fileName(path) : place);
    for (const { what, path, range: own, open } of from.entries) {
      const range = at ?? own;
      if (what.kind === 'bits' && !keepsBits) continue;
      const inner = partOf(path, source) ?? (inHome(source) === '/' ? path.slice(1) : undefined);
      const part = what.kind === 'context' ? partOf(source, path) : undefined;
      if (inner !== undefined) this.put(pathIn(place, inner), what, range, open);
      else if (names(source, path)) this.put(to(path), what, range, open);
      else if (what.kind === 'context' && part !== undefined)
        this.put(to(source), { ...what, source: pathIn(what.source, part) }, range, open);
    }
  }
}

/** Programs whose output or copy is what they read. */
const PASSES =
  /^(?:echo|printf|cat|tac|head|tail|tee|dd|sed|[gmn]?awk|base64|tr|cut|[ef]?grep|jq|envsubst|gunzip|zcat|cp|mv|install|rsync|tar|xargs)$/;
/** Of them, those that take whole folders. */
const COPIES = /^(?:cp|mv|rsync|tar)$/;

/** Follows the secret mounts of one RUN through variables, pipes and programs that pass them on. */
class SecretFlow {
  readonly #files: readonly (readonly [path: string, mount: string])[];
  readonly #variables: readonly (readonly [name: RegExp, mount: string])[];
  readonly #outside: readonly string[];
  readonly #outputs = new Map<number, string>();

  constructor(instruction: Instruction, folder: string) {
    const mounts = mountsOf(instruction);
    const secrets = mounts
      .filter(({ type }) => type === 'secret')
      .map(({ id, source, target, env }) => ({
        mount: id ?? source ?? fileName(target ?? ''),
        target,
        env,
      }));
    this.#files = secrets
      .filter(({ env, target }) => env === undefined || target !== undefined)
      .map(({ mount, target = `/run/secrets/${mount}` }) => [pathIn(folder || '/', target), mount]);
    this.#variables = secrets.flatMap(({ env = '', mount }) =>
      /^\w+$/.test(env) ? [[new RegExp(`\\$\\{?${env}\\b`), mount] as const] : [],
    );
    this.#outside = mounts.flatMap(({ target = '' }) =>
      target === '' ? [] : [pathIn(folder || '/', target)],
    );
  }

  /** True for a path outside of the layer: in a mount, or of the kernel. */
  isOutside(path: string): boolean {
    const isOfKernel = /^\/(?:dev|proc|sys|run\/secrets)(?:\/|$)/.test(path);
    return isOfKernel || this.#outside.some((place) => isWithin(path, place));
  }

  /** The secret that a command passes on, by its words, its input or a file that it reads. */
  of(event: CommandEvent): string | undefined {
    if (!PASSES.test(event.program)) return undefined;
    const held = this.#given(event) ?? this.#read(event);
    if (held !== undefined) this.#outputs.set(event.id, held);
    return held;
  }

  #given({ argv, input, pipedFrom }: CommandEvent): string | undefined {
    const fields = [...argv.slice(1), ...(input === undefined ? [] : [input])];
    const ids = [...fields.flatMap(({ sources }) => sources), ...pipedFrom];
    const [through] = ids.flatMap((id) => this.#outputs.get(id) ?? []);
    return (
      through ?? this.#variables.find(([name]) => fields.some((one) => name.test(one.text)))?.[1]
    );
  }

  #read({ argv, readsFrom, folder, program }: CommandEvent): string | undefined {
    const words = argv.slice(1).map(({ text }) => pathIn(folder, text.replace(/^-[\w-]+=/, '')));
    const isRead = (path: string): boolean =>
      readsFrom.includes(path) ||
      words.some((one) => one === path || (COPIES.test(program) && isWithin(path, one)));
    return this.#files.find(([path]) => isRead(path))?.[1];
  }
}

/** What a word names, or the folder that `find` goes through for it; undefined if not known. */
function namedBy(
  event: CommandEvent,
  { text, constant }: CommandEvent['argv'][number],
  find: CommandEvent | undefined,
): string | undefined {
  if (text !== '{}' && text !== '$(stdin)')
    return constant || HOME.test(text) ? placeOf(event, text) : undefined;
  const root = find?.argv[1];
  return find === undefined || root?.constant !== true || root.text.startsWith('-')
    ? undefined
    : placeOf(find, root.text);
}

function changeMode(event: CommandEvent, ledger: Ledger, find: CommandEvent | undefined): void {
  const { argv, range } = event;
  const { change, isDeep = false, operands = [] } = chmodOf(argv.map(({ text }) => text)) ?? {};
  const [bit] = change?.sets ?? [];
  for (const operand of operands.flatMap((at) => argv[at] ?? [])) {
    const named = namedBy(event, operand, find);
    const path = named ?? placeOf(event, operand.text);
    const isFound = operand.text === '{}' || operand.text === '$(stdin)';
    const isOfFolders = isFound && find !== undefined && /-type d\b/.test(lineOf(find));
    const isFolder = !isDeep && (operand.text.endsWith('/') || ledger.folders.has(path));
    if (named !== undefined)
      ledger.lower(named, (bits) => change?.clears.some((one) => bits.startsWith(one)) === true);
    if (bit === undefined || isOfFolders || isFolder) continue;
    // A folder with a setgid bit is not a file that runs.
    const open = bit === 'setgid' && !isDeep ? 'it may be a folder' : undefined;
    ledger.elevate(path, `${bit} bit`, range, open);
  }
}

/** `cp`, `mv`, `install`, `rsync`: what lies at the sources lies at the place too. */
function copy(
  event: CommandEvent,
  ledger: Ledger,
  flow: SecretFlow,
  secret: Entry['what'] | undefined,
): void {
  const { program, argv, range } = event;
  const { values, operands, has } = readCommandLine(program, argv.slice(1));
  if (program === 'install' && has('-d --directory')) {
    for (const { text } of operands) ledger.folders.add(placeOf(event, text));
    return;
  }
  const [into] = values('-t --target-directory');
  const sources = into === undefined ? operands.slice(0, -1) : operands;
  const to = into ?? operands.at(-1);
  if (to === undefined) return;
  const place = placeOf(event, to.text);
  const isFolder =
    into !== undefined ||
    sources.length > 1 ||
    /(?:^|\/)\.?$/.test(to.text) ||
    ledger.folders.has(place);
  const [bit] = modeChange(values('-m --mode')[0]?.text ?? '')?.sets ?? [];
  for (const { text } of sources) {
    const source = placeOf(event, text);
    const own = isFolder ? pathIn(place, fileName(source)) : place;
    if (secret !== undefined && !flow.isOutside(place)) ledger.put(own, secret, range);
    const keepsBits = program === 'mv' || has('-p -a --preserve --archive');
    ledger.bring(ledger, source, isFolder ? `${place}/` : place, keepsBits);
    if (program === 'mv') ledger.remove(source);
    if (program === 'install' && bit !== undefined) ledger.elevate(own, `${bit} bit`, range);
  }
}

/** Files that a command writes, by redirects and by what is known of its words. */
function writtenBy(event: CommandEvent, hasSecret: boolean): readonly string[] {
  const { program, writesTo } = event;
  const words = wordsOf(event);
  const isEdited = program === 'sed' && words.some((word) => /^(?:-\w*i|--in-place)/.test(word));
  const named = words.filter((word, at) =>
    program === 'tee'
      ? !word.startsWith('-')
      : (program === 'dd' && word.startsWith('of=')) ||
        (isEdited && hasSecret && at === words.length - 1),
  );
  return [...writesTo, ...named.map((word) => placeOf(event, word.replace(/^of=/, '')))];
}

/** Notes what a command puts into the image, and what it removes again. */
function applyCommand(
  event: CommandEvent,
  ledger: Ledger,
  flow: SecretFlow,
  find: CommandEvent | undefined,
): void {
  const { program, argv, range } = event;
  const mount = flow.of(event);
  const secret = mount === undefined ? undefined : ({ kind: 'secret', mount } as const);
  const words = wordsOf(event);
  const plain = words.filter((word) => !word.startsWith('-'));
  const adds = event.appends || words.some((word) => /^-\w*a|^--append/.test(word));
  const shown = program === 'tee' ? event.input?.text : printedBy(event);
  for (const path of writtenBy(event, secret !== undefined)) {
    if (flow.isOutside(path)) continue;
    if (!adds && secret === undefined) ledger.remove(path);
    if (secret !== undefined) ledger.put(path, secret, range);
    else if (shown !== undefined && !event.joins)
      ledger.put(path, { kind: 'text', text: shown }, range);
  }
  switch (program) {
    case 'chmod':
      changeMode(event, ledger, find);
      return;
    case 'setcap': {
      const isTaken = words[0] === '-r';
      const path = placeOf(event, plain.at(-1) ?? '');
      if (isTaken) ledger.lower(path, (bits) => bits === 'capabilities');
      else if (plain.length > 1) ledger.elevate(path, 'capabilities', range);
      return;
    }
    case 'chown':
    case 'chgrp':
      for (const word of words.slice(1)) ledger.lower(placeOf(event, word), () => true);
      return;
    case 'rm':
    case 'unlink':
    case 'rmdir':
    case 'shred':
      for (const field of argv.slice(1)) {
        const named = field.text.startsWith('-') ? '' : namedBy(event, field, find);
        if (named === undefined) ledger.doubt();
        else if (named !== '') ledger.remove(named);
      }
      return;
    case 'find':
      if (words.includes('-delete')) ledger.doubt();
      return;
    case 'mkdir':
      for (const word of plain) ledger.folders.add(placeOf(event, word));
      return;
    case 'cp':
    case 'mv':
    case 'install':
    case 'rsync':
      copy(event, ledger, flow, secret);
      return;
    case 'useradd':
    case 'adduser':
    case 'usermod': {
      const { operands, values } = readCommandLine(program, argv.slice(1));
      const name = operands.at(program === 'adduser' ? 0 : -1)?.text;
      const found = runsAs(values('-u --uid').at(-1)?.text ?? '');
      if (name !== undefined && found.kind === 'uid' && found.by === 'number')
        ledger.users.set(name, found.uid);
    }
  }
}

/** What an ADD or a COPY brings, of the context, of its own here-documents, or of another stage. */
function applyCopy(
  { instruction, folder }: PlacedInstruction,
  ledger: Ledger,
  stage: (from: string) => Ledger | undefined,
): void {
  const { keyword, flags, arguments: words, heredocs, range } = instruction;
  const value = (name: string): string | undefined => flags.find((one) => one.name === name)?.value;
  const to = words.at(-1) ?? '';
  const sources = words.slice(0, -1);
  const place = pathIn(folder || '/', to);
  const isFolder = to.endsWith('/') || to === '.' || sources.length > 1;
  const at = (name: string): string => (isFolder ? pathIn(place, name) : place);
  for (const { delimiter, content } of heredocs)
    ledger.put(at(delimiter), { kind: 'text', text: content }, range);
  const from = value('from');
  const change = modeChange(value('chmod') ?? '');
  for (const source of sources) {
    if (source.startsWith('<<')) continue;
    if (from !== undefined) {
      const other = stage(from);
      const path = pathIn('/', source);
      if (other === undefined) continue;
      ledger.bring(other, path, isFolder ? `${place}/` : place, change === undefined, range);
      if (names(path, PASSWD)) for (const [name, uid] of other.users) ledger.users.set(name, uid);
    } else if (!isFetched(source) && !(keyword === 'ADD' && ARCHIVE.test(source))) {
      const own = pathIn('', source.replace(/^\/+/, ''));
      const isPattern = /[*?[]/.test(own);
      const root = isPattern ? folderOfPattern(own).replace(/\/$/, '') : own;
      // What a pattern leaves out of its folder is not known: only whole folders and files count.
      if (!isPattern || /^\*+$/.test(fileName(own)))
        ledger.put(at(fileName(source)), { kind: 'context', source: root }, range);
    }
    const [bit] = change?.sets ?? [];
    if (bit !== undefined) ledger.elevate(at(fileName(source)), `${bit} bit`, range);
  }
}

/** What the stages that the target reaches, in order, leave in the image of the last one. */
export function leftBehind(
  stages: readonly ReadStage[],
  read: ReadonlyMap<
    number,
    { readonly files: StageFiles; readonly commands: readonly CommandEvent[] }
  >,
): LeftBehind {
  const target = stages.at(-1);
  const own = new Map(stages.map((stage) => [stage.index, stage]));
  const chain = target === undefined ? [] : chainOf(target.index, (index) => own.get(index));
  const ledgers = new Map<number, Ledger>();
  const kept = new Map<string, LeftFile>();
  for (const stage of stages) {
    const { index, base, instructions } = stage;
    const ledger = new Ledger(base.kind === 'stage' ? ledgers.get(base.index) : undefined);
    const earlier = stages.filter((one) => one.index < index);
    ledgers.set(index, ledger);
    const { files, commands = [] } = read.get(index) ?? {};
    const byInstruction = groupBy(commands, (one) => one.instruction);
    for (const placed of instructions) {
      const { instruction, folder } = placed;
      if (/^(?:COPY|ADD)$/.test(instruction.keyword))
        applyCopy(placed, ledger, (from) => ledgers.get(stageNamed(from, earlier)?.index ?? -1));
      if (instruction.keyword === 'WORKDIR')
        ledger.folders.add(pathIn(folder || '/', instruction.arguments[0] ?? ''));
      const flow = new SecretFlow(instruction, folder);
      let find: CommandEvent | undefined;
      for (const event of byInstruction.get(instruction) ?? []) {
        applyCommand(event, ledger, flow, find);
        if (event.program === 'find') find = event;
      }
      if (!chain.includes(stage)) continue;
      // The content of a layer is in the image, whatever a later one removes.
      for (const { what, ...one } of ledger.entries) {
        const key = `${one.range.startLine}:${one.range.startColumn} ${one.path}`;
        if (what.kind !== 'bits' && !kept.has(key)) kept.set(key, { ...one, content: what });
      }
    }
    const passwd = files?.at(PASSWD);
    if (passwd?.kind === 'text') ledger.addUsers(passwd.text);
  }
  const last = target && ledgers.get(target.index);
  const passwd = target && read.get(target.index)?.files.at(PASSWD);
  return {
    files: [...kept.values()],
    elevated: (last?.entries ?? []).flatMap(({ what, ...one }) =>
      what.kind === 'bits' ? [{ ...one, bits: what.bits }] : [],
    ),
    users: last?.users ?? new Map(),
    allUsers:
      chain[0]?.base.kind === 'scratch' &&
      (passwd === undefined || (passwd.kind === 'text' && !passwd.text.includes('$'))),
  };
}
