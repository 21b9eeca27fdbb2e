import { fileName } from '../../lib/text.ts';
import { chainOf, type Instruction } from '../../model/dockerfile.ts';
import { type LeftBehind, type LeftFile, parsePasswd, runsAs } from '../../model/facts.ts';
import { keepersOf } from '../../programs/passwords.ts';
import { type CommandEvent, readCommandLine, wordsOf } from '../analysis/commands.ts';
import { isFetched } from '../analysis/fetches.ts';
import { ARCHIVE, type StageFiles } from '../analysis/stage-files.ts';
import { folderOfPattern, pathIn } from '../paths.ts';
import {
  mountsOf,
  type PlacedInstruction,
  type ReadStage,
  stageNamed,
} from '../read-dockerfile.ts';
import type { Field } from '../shell/syntax-tree.ts';
import { Named, SecretFlow, StageLedger } from './stage-ledger.ts';

/** How a mode of chmod, install or `--chmod` changes the setuid and setgid bits. */
interface ModeChange {
  readonly sets: readonly ('setuid' | 'setgid')[];
  readonly clears: readonly ('setuid' | 'setgid')[];
}

const BOTH = ['setuid', 'setgid'] as const;
const CLAUSE = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/;

/** True for a word that chmod takes for a mode, though it begins with a dash. */
function isMode(word: string): boolean {
  return /^[0-7]{1,5}$/.test(word) || word.split(',').every((clause) => CLAUSE.test(clause));
}

/** Reads a mode, by number or by letters; undefined where it is none. */
function modeChange(mode: string): ModeChange | undefined {
  if (/^[0-7]{1,5}$/.test(mode)) {
    const bits = Number.parseInt(mode, 8);
    const sets = BOTH.filter((bit) => (bits & (bit === 'setuid' ? 0o4000 : 0o2000)) !== 0);
    return { sets, clears: BOTH.filter((bit) => !sets.includes(bit)) };
  }
  if (!isMode(mode)) return undefined;
  const state = new Map<'setuid' | 'setgid', boolean>();
  for (const clause of mode.split(',')) {
    const [, who = '', actions = ''] = CLAUSE.exec(clause) ?? [];
    const own = BOTH.filter(
      (bit) => who === '' || who.includes('a') || who.includes(bit === 'setuid' ? 'u' : 'g'),
    );
    for (const [, operator, letters = ''] of actions.matchAll(/([-+=])([rwxXstugo]*)/g))
      for (const bit of own)
        if (letters.includes('s')) state.set(bit, operator !== '-');
        else if (operator === '=') state.set(bit, false);
  }
  return {
    sets: BOTH.filter((bit) => state.get(bit) === true),
    clears: BOTH.filter((bit) => state.get(bit) === false),
  };
}

/**
 * The words of a chmod: the place of its mode among them, what that does, and whether it is for all
 * below. Undefined for other programs.
 */
export function chmodOf(argv: readonly string[]):
  | {
      readonly at: number;
      readonly change: ModeChange | undefined;
      readonly operands: readonly number[];
      readonly isDeep: boolean;
    }
  | undefined {
  if (fileName(argv[0] ?? '') !== 'chmod') return undefined;
  const places = argv.flatMap((word, at) =>
    at > 0 && (!word.startsWith('-') || (isMode(word) && word !== '-R')) ? [at] : [],
  );
  const [at, ...operands] = places;
  if (at === undefined) return undefined;
  const isDeep = argv.some((word) => /^(?:-[a-zA-Z]*R|--recursive)/.test(word));
  return { at, change: modeChange(argv[at] ?? ''), operands, isDeep };
}

/** What a command is followed with. */
interface Around {
  readonly ledger: StageLedger;
  /** What lies in the bind mounts of the RUN, and is no part of its layer. */
  readonly mounts: StageLedger;
  readonly flow: SecretFlow;
  readonly files: StageFiles;
  readonly before: readonly CommandEvent[];
}

/** Files that find or a pipe gives. */
const GIVEN = /^(?:\{\}|\$\(stdin\))$/;
/** Programs that print what they are given. */
const MAKES = /^(?!(?:curl|wget|ssh|psql|mysql)$)./;

/** A path as a whole, unless a variable begins it. */
function absolute({ folder }: CommandEvent, text: string): string {
  return /^(?:~|\$)/.test(text) ? text : pathIn(folder, text);
}

/** The command that searched for what a command is given: `find FOLDER ... | xargs`. */
function findOf(event: CommandEvent, { before }: Around): CommandEvent | undefined {
  return before.findLast(
    ({ program, id }) =>
      program === 'find' && (event.pipedFrom.length === 0 || event.pipedFrom.includes(id)),
  );
}

/** The folder that it goes through; undefined where that is not known. */
function foundIn(event: CommandEvent, around: Around): string | undefined {
  const find = findOf(event, around);
  const root = find?.argv[1];
  return find === undefined || root?.constant !== true || root.text.startsWith('-')
    ? undefined
    : pathIn(find.folder, root.text);
}

/** What a word of a command names, each path as a whole; undefined for what is not known. */
function namedBy(
  event: CommandEvent,
  { text, constant }: Field,
  around: Around,
): Named | undefined {
  const isKnown = constant || /^(?:~|\$\{?HOME\}?)\//.test(text);
  const path = GIVEN.test(text)
    ? foundIn(event, around)
    : isKnown
      ? absolute(event, text)
      : undefined;
  return path === undefined ? undefined : new Named(path);
}

/** What chmod sets and clears. */
function changeMode(event: CommandEvent, around: Around): void {
  const { argv, range } = event;
  const { ledger } = around;
  const read = chmodOf(argv.map(({ text }) => text));
  const mode = argv[read?.at ?? 0];
  if (read === undefined || mode === undefined) return;
  const { change, isDeep } = read;
  const operands = read.operands.flatMap((at) => argv[at] ?? []);
  const [first] = operands;
  if (!mode.constant && first?.constant === true) {
    const open = `the mode ${mode.text} is not known`;
    ledger.elevate(absolute(event, first.text), 'setuid bit', range, open);
  }
  if (!mode.constant || change === undefined) return;
  const isGiven = operands.some(({ text }) => GIVEN.test(text));
  const find = isGiven ? findOf(event, around) : undefined;
  const isFolders = find !== undefined && /-type d\b/.test(wordsOf(find).join(' '));
  for (const operand of operands) {
    ledger.lower(namedBy(event, operand, around), (bits) =>
      change.clears.some((bit) => bits.startsWith(bit)),
    );
    const [bit] = change.sets;
    const path = GIVEN.test(operand.text)
      ? (foundIn(event, around) ?? operand.text)
      : absolute(event, operand.text);
    const isFolder = !isDeep && (operand.text.endsWith('/') || ledger.folders.has(path));
    if (bit === undefined || isFolder || isFolders) continue;
    // A folder with a setgid bit is not a file that runs.
    const open = bit === 'setgid' && !isDeep ? 'it may be a folder' : undefined;
    ledger.elevate(path, `${bit} bit`, range, open);
  }
}

/** What setcap sets, and takes away. */
function changeCapabilities(event: CommandEvent, around: Around): void {
  const words = event.argv.slice(1).filter(({ text }) => !/^-[qvnf]/.test(text));
  const isTaken = words[0]?.text === '-r';
  words.forEach((field, at) => {
    if (isTaken && at > 0)
      around.ledger.lower(namedBy(event, field, around), (bits) => bits === 'capabilities');
    else if (!isTaken && at % 2 === 1 && words[at - 1]?.text !== '-')
      around.ledger.elevate(absolute(event, field.text), 'capabilities', event.range);
  });
}

/** `cp`, `mv`, `install`, `rsync`: what lies at the sources lies at the place too. */
function copied(event: CommandEvent, around: Around, secret: ReturnType<SecretFlow['of']>): void {
  const { program, argv, range, folder } = event;
  const { ledger, mounts, flow } = around;
  const { values, operands, has } = readCommandLine(program, argv.slice(1));
  if (program === 'install' && has('-d --directory')) {
    for (const { text } of operands) ledger.folders.add(pathIn(folder, text));
    return;
  }
  const [into] = values('-t --target-directory');
  const sources = into === undefined ? operands.slice(0, -1) : operands;
  const to = into ?? operands.at(-1);
  const [first] = sources;
  if (to === undefined || first === undefined) return;
  const place = absolute(event, to.text);
  const isFolder =
    into !== undefined ||
    sources.length > 1 ||
    /(?:^|\/)\.?$/.test(to.text) ||
    ledger.folders.has(place);
  const at = (source: string): string => (isFolder ? pathIn(place, fileName(source)) : place);
  if (secret !== undefined && !flow.isOutside(place))
    ledger.put(at(first.text), { kind: 'secret', mount: secret.mount }, range, secret.open);
  // BusyBox keeps the bit, GNU does not.
  const isKept = program === 'mv' || has('-p -a --preserve --archive');
  const mode = isKept ? 'kept' : program === 'cp' ? 'open' : 'lost';
  const [given] = program === 'install' ? values('-m --mode') : [];
  const [bit] = given === undefined ? [] : (modeChange(given.text)?.sets ?? []);
  for (const { text } of sources) {
    const source = absolute(event, text);
    ledger.bring(mounts, source, isFolder ? `${place}/` : place, mode, range);
    ledger.bring(ledger, source, isFolder ? `${place}/` : place, mode);
    if (program === 'mv') ledger.remove(new Named(source), '');
    if (bit !== undefined) ledger.elevate(at(text), `${bit} bit`, range);
  }
}

/** `useradd -u 0`; what is written into etc/passwd by hand is read from the file. */
function madeUser({ program, argv }: CommandEvent, { ledger }: Around): void {
  const { operands, values } = readCommandLine(program, argv.slice(1));
  const name = operands.at(program === 'adduser' ? 0 : -1)?.text;
  // These programs read a number as engines do.
  const found = runsAs(values('-u --uid').at(-1)?.text ?? '');
  if (name !== undefined && found.kind === 'uid' && found.by === 'number')
    ledger.users.set(name, found.uid);
}

/** Files that a command writes, by redirects and by what is known of its words. */
function writtenBy(event: CommandEvent, hasSecret: boolean, isOpen: boolean): readonly string[] {
  const { program, writesTo } = event;
  const words = wordsOf(event);
  const isEdited = program === 'sed' && words.some((word) => /^(?:-\w*i|--in-place)/.test(word));
  const named = words.filter((word, at) => {
    if (program === 'tee') return !word.startsWith('-');
    if (isOpen && MAKES.test(program)) return /^--?o(?:ut(?:put)?)?$/.test(words[at - 1] ?? '');
    return (
      (program === 'dd' && word.startsWith('of=')) ||
      (isEdited && hasSecret && at === words.length - 1)
    );
  });
  return [...writesTo, ...named.map((word) => absolute(event, word.replace(/^of=/, '')))];
}

/** Notes what a command puts into the image, and what it takes out again. */
function applyCommand(event: CommandEvent, around: Around): void {
  const { program, argv, range, folder } = event;
  const { ledger, flow, files } = around;
  const held = flow.of(event);
  const secret = held && ({ kind: 'secret', mount: held.mount } as const);
  const words = wordsOf(event);
  const line = words.join(' ');
  const isTee = program === 'tee' && words.some((word) => /^-\w*a|^--append/.test(word));
  for (const path of writtenBy(event, held !== undefined, held?.open !== undefined)) {
    if (flow.isOutside(path)) continue;
    if (!event.appends && !isTee && held === undefined) ledger.remove(new Named(path), '');
    const text = files.at(path, event.id + 1);
    if (secret !== undefined && MAKES.test(program)) ledger.put(path, secret, range, held?.open);
    else if (text?.kind === 'text' && text.origin === 'build')
      ledger.put(path, { kind: 'text', text: text.text }, range);
  }
  if (program === 'chmod') changeMode(event, around);
  else if (program === 'setcap') changeCapabilities(event, around);
  else if (program === 'dpkg-statoverride') {
    const [, , mode = '', path] = words.slice(words.indexOf('--add') + 1);
    const [bit] = modeChange(mode)?.sets ?? [];
    if (words.includes('--add') && bit !== undefined && path !== undefined)
      ledger.elevate(path, `${bit} bit`, range);
  } else if (program === 'chown' || program === 'chgrp')
    for (const field of argv.slice(2)) ledger.lower(namedBy(event, field, around), () => true);
  else if (
    /^(?:rm|unlink|srm|rmdir)$|^shred .*(?:-\w*u|--remove)/.test(
      program === 'shred' ? `shred ${line}` : program,
    )
  ) {
    for (const field of argv.slice(1))
      if (!field.text.startsWith('-'))
        ledger.remove(namedBy(event, field, around), 'rm takes what is not known away');
  } else if (program === 'find' && words.includes('-delete'))
    ledger.remove(undefined, 'find takes some files away');
  else if (program === 'mkdir') {
    for (const word of words) if (!word.startsWith('-')) ledger.folders.add(absolute(event, word));
  } else if (/^(?:cp|mv|install|rsync)$/.test(program)) copied(event, around, held);
  else if (/^(?:useradd|adduser|usermod)$/.test(program)) madeUser(event, around);
  // Programs that keep a credential in a file of their own; it is what they were given.
  for (const { words: says, file, undo } of keepersOf(program)) {
    const own = file.startsWith('@') ? `${folderMade(argv)}${file.slice(1)}` : file;
    const path = own.startsWith('~') || own.startsWith('/') ? own : pathIn(folder, own);
    if (undo?.test(line) === true) ledger.remove(new Named(path), '');
    else if (secret !== undefined && says.test(line)) ledger.put(path, secret, range);
  }
}

/** The folder that `git clone ADDRESS [FOLDER]` makes. */
function folderMade(argv: readonly Field[]): string {
  const operands = readCommandLine('git', argv.slice(1)).operands.map(({ text }) => text);
  const [, address = '', folder] = operands;
  return folder ?? fileName(address).replace(/\.git$/, '');
}

const PASSWD = '/etc/passwd';

/** What an ADD or a COPY brings, of the context, of its own here-documents, or of another stage. */
function applyCopy(
  { instruction, folder }: PlacedInstruction,
  ledger: StageLedger,
  stage: (from: string) => StageLedger | undefined,
): void {
  const { keyword, flags, arguments: words, heredocs, range } = instruction;
  const value = (name: string): string | undefined => flags.find((one) => one.name === name)?.value;
  const to = words.at(-1) ?? '';
  const sources = words.slice(0, -1);
  const place = pathIn(folder || '/', to);
  const toFolder = to.endsWith('/') || to === '.' || sources.length > 1;
  const at = (name: string): string => (toFolder ? pathIn(place, name) : place);
  for (const { delimiter, content } of heredocs)
    ledger.put(at(delimiter), { kind: 'text', text: content }, range);
  const from = value('from');
  const change = modeChange(value('chmod') ?? '');
  for (const source of sources) {
    if (source.startsWith('<<')) continue;
    if (from !== undefined) {
      const other = stage(from);
      const path = pathIn('/', source);
      const mode = change === undefined ? 'kept' : 'lost';
      if (other === undefined) continue;
      ledger.bring(other, path, toFolder ? `${place}/` : place, mode, range);
      if (new Named(path).holds(PASSWD))
        for (const [name, uid] of other.users) ledger.users.set(name, uid);
    } else if (!isFetched(source) && !(keyword === 'ADD' && ARCHIVE.test(source))) {
      const own = pathIn('', source.replace(/^\/+/, ''));
      const isPattern = /[*?[]/.test(own);
      const root = isPattern ? folderOfPattern(own).replace(/\/$/, '') : own;
      // What a pattern leaves out of its folder is not known here: only whole folders and files are
      // looked at.
      if (!isPattern || /^\*+$/.test(fileName(own)))
        ledger.put(at(fileName(source)), { kind: 'context', source: root, without: [] }, range);
    }
    const [bit] = change?.sets ?? [];
    if (bit !== undefined) ledger.elevate(at(fileName(source)), `${bit} bit`, range);
  }
}

/** What the bind mounts of a RUN bring. */
function mounted(
  { instruction, folder }: PlacedInstruction,
  stage: (from: string) => StageLedger | undefined,
): StageLedger {
  const ledger = new StageLedger();
  for (const { type = 'bind', target, source = '/', from = '' } of mountsOf(instruction)) {
    if (type !== 'bind' || target === undefined) continue;
    const place = pathIn(folder || '/', target);
    const other = stage(from);
    const root = pathIn('/', source);
    if (from === '')
      ledger.put(place, { kind: 'context', source: root.slice(1), without: [] }, instruction.range);
    else if (other !== undefined) ledger.bring(other, root, place, 'kept');
  }
  return ledger;
}

/** Events of a stage by the instruction that they belong to. */
function byInstruction(
  events: readonly CommandEvent[],
): ReadonlyMap<Instruction, readonly CommandEvent[]> {
  const found = new Map<Instruction, CommandEvent[]>();
  for (const event of events)
    found.set(event.instruction, [...(found.get(event.instruction) ?? []), event]);
  return found;
}

function knownLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.includes('$'))
    .join('\n');
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
  const ledgers = new Map<number, StageLedger>();
  const kept = new Map<string, LeftFile>();
  for (const stage of stages) {
    const { index, base, instructions } = stage;
    const ledger = new StageLedger(base.kind === 'stage' ? ledgers.get(base.index) : undefined);
    ledgers.set(index, ledger);
    const commands = byInstruction(read.get(index)?.commands ?? []);
    const stageFiles = read.get(index)?.files;
    const earlier = stages.filter((one) => one.index < index);
    const stageOf = (from: string): StageLedger | undefined =>
      ledgers.get(stageNamed(from, earlier)?.index ?? -1);
    for (const placed of instructions) {
      const { keyword } = placed.instruction;
      if (keyword === 'COPY' || keyword === 'ADD') applyCopy(placed, ledger, stageOf);
      if (keyword === 'WORKDIR')
        ledger.folders.add(pathIn(placed.folder || '/', placed.instruction.arguments[0] ?? ''));
      if (keyword === 'RUN' && stageFiles !== undefined) {
        const flow = new SecretFlow(placed.instruction, placed.folder);
        const mounts = mounted(placed, stageOf);
        const before: CommandEvent[] = [];
        for (const event of commands.get(placed.instruction) ?? []) {
          applyCommand(event, { ledger, mounts, flow, files: stageFiles, before });
          before.push(event);
        }
      }
      if (!chain.includes(stage)) continue;
      // What a layer holds is in the image, whatever a later one takes away.
      for (const file of ledger.files) {
        const key = `${file.range.startLine}:${file.range.startColumn} ${file.path}`;
        if (!kept.has(key)) kept.set(key, file);
      }
    }
    const passwd = stageFiles?.at(PASSWD);
    if (passwd?.kind === 'text')
      for (const [name, uid] of Object.entries(parsePasswd(knownLines(passwd.text))))
        ledger.users.set(name, uid);
  }
  const last = target && ledgers.get(target.index);
  const passwd = target && read.get(target.index)?.files.at(PASSWD);
  return {
    files: [...kept.values()],
    elevated: last?.elevated ?? [],
    users: last?.users ?? new Map(),
    allUsers:
      chain[0]?.base.kind === 'scratch' &&
      (passwd === undefined || (passwd.kind === 'text' && !passwd.text.includes('$'))),
  };
}
