import { runsAs } from '../../../model/passwd.ts';
import { fileName } from '../../../model/path.ts';
import { keepersOf } from '../../../programs/credential-keepers.ts';
import { pathIn } from '../../paths.ts';
import type { Field } from '../../shell/fields.ts';
import type { CommandEvent } from '../command-event.ts';
import { readCommandLine } from '../command-line.ts';
import { modeChange } from './file-mode.ts';
import { changeCapabilities, changeMode, overrideMode } from './mode-effects.ts';
import { absolute, type Around, namedBy } from './named-files.ts';
import type { SecretFlow } from './secret-flow.ts';
import { Named } from './stage-ledger.ts';

const MOVES = /^(?:cp|mv|install|rsync)$/;
const REMOVES = /^(?:rm|unlink|shred|srm|rmdir)$/;
const USER_TOOLS = /^(?:useradd|adduser|usermod)$/;
/** `cp`, `mv`, `install`, `rsync`: what lies at the sources lies at the place too. */
function copied(event: CommandEvent, around: Around, secret: ReturnType<SecretFlow['of']>): void {
  const { program, argv, range, folder } = event;
  const { ledger, mounts, flow } = around;
  const line = readCommandLine(program, argv.slice(1));
  const [into] = line.values('-t', '--target-directory');
  const isFolders = program === 'install' && line.has('-d', '--directory');
  if (isFolders) {
    for (const { text } of line.operands) ledger.folders.add(pathIn(folder, text));
    return;
  }
  const sources = into === undefined ? line.operands.slice(0, -1) : line.operands;
  const to = into ?? line.operands.at(-1);
  if (to === undefined || sources.length === 0) return;
  const place = absolute(event, to.text);
  const isFolder =
    into !== undefined ||
    sources.length > 1 ||
    /(?:^|\/)\.?$/.test(to.text) ||
    ledger.folders.has(place);
  const at = (source: string): string => (isFolder ? pathIn(place, fileName(source)) : place);
  if (secret !== undefined && !flow.isOutside(place))
    ledger.put(
      at(sources[0]?.text ?? ''),
      { kind: 'secret', mount: secret.mount },
      range,
      secret.open,
    );
  const keeps = program === 'mv' || line.has('-p', '-a', '--preserve', '--archive');
  // BusyBox keeps the bit, GNU does not.
  const kept = keeps ? 'kept' : program === 'cp' ? 'open' : 'lost';
  for (const { text } of sources) {
    const source = absolute(event, text);
    const way = { source, place: isFolder ? `${place}/` : place };
    ledger.bring(mounts, way, { range, mode: kept });
    ledger.bring(ledger, way, { mode: kept });
    if (program === 'mv') ledger.remove(new Named(source), '');
  }
  const [mode] = program === 'install' ? line.values('-m', '--mode') : [];
  const [bit] = mode === undefined ? [] : (modeChange(mode.text)?.sets ?? []);
  if (bit !== undefined)
    for (const { text } of sources) ledger.elevate(at(text), `${bit} bit`, range);
}

/** `useradd -u 0`, and what is written into etc/passwd by hand is read from the file. */
function madeUser({ program, argv }: CommandEvent, { ledger }: Around): void {
  const { operands, values } = readCommandLine(program, argv.slice(1));
  const name = operands.at(program === 'adduser' ? 0 : -1)?.text;
  const uid = values('-u', '--uid').at(-1)?.text ?? '';
  // These programs read a number as engines do.
  const found = runsAs(uid);
  if (name !== undefined && found.kind === 'uid' && found.by === 'number')
    ledger.users.set(name, found.uid);
}

/** Notes what a command puts into the image, and what it takes out again. */
export function applyCommand(event: CommandEvent, around: Around): void {
  const { program, argv, range, writesTo } = event;
  const { ledger, flow, files } = around;
  const secret = flow.of(event);
  const words = argv.slice(1).map(({ text }) => text);
  const written = [
    ...writesTo,
    ...(program === 'tee'
      ? words.filter((word) => !word.startsWith('-')).map((file) => absolute(event, file))
      : []),
    ...(secret?.open === undefined ? [] : outputs(event)),
    ...(program === 'dd'
      ? words.flatMap((word) => (word.startsWith('of=') ? [absolute(event, word.slice(3))] : []))
      : []),
    ...(program === 'sed' &&
    words.some((word) => /^(?:-\w*i|--in-place)/.test(word)) &&
    secret !== undefined
      ? words.slice(-1).map((word) => absolute(event, word))
      : []),
  ];
  for (const path of written.filter((one) => !flow.isOutside(one))) {
    const isAdded =
      event.appends || (program === 'tee' && words.some((word) => /^-\w*a|^--append/.test(word)));
    if (!isAdded && secret === undefined) ledger.remove(new Named(path), '');
    const text = files.at(path, event.id + 1);
    if (secret !== undefined && MAKES.test(program))
      ledger.put(path, { kind: 'secret', mount: secret.mount }, range, secret.open);
    else if (text?.kind === 'text' && text.origin === 'build')
      ledger.put(path, { kind: 'text', text: text.text }, range);
  }
  if (program === 'dpkg-statoverride') overrideMode(event, around);
  else if (program === 'chmod') changeMode(event, around);
  else if (program === 'setcap') changeCapabilities(event, around);
  else if (program === 'chown' || program === 'chgrp') {
    for (const field of argv.slice(2)) {
      const named = namedBy(event, field, around);
      if (named !== undefined) ledger.lower(named, () => true);
    }
  } else if (REMOVES.test(program)) {
    if (program === 'shred' && !words.some((word) => /^-\w*u|--remove/.test(word))) return;
    for (const field of argv.slice(1))
      if (!field.text.startsWith('-'))
        ledger.remove(namedBy(event, field, around), 'rm takes what is not known away');
  } else if (program === 'find' && words.includes('-delete')) {
    ledger.remove(undefined, 'find takes some files away');
  } else if (program === 'mkdir') {
    for (const word of words) if (!word.startsWith('-')) ledger.folders.add(absolute(event, word));
  } else if (MOVES.test(program)) copied(event, around, secret);
  else if (USER_TOOLS.test(program)) madeUser(event, around);
  kept(event, around, secret);
}

/** Programs that print what they are given. */
const MAKES = /^(?!(?:curl|wget|ssh|psql|mysql)$)./;

/** Programs that keep a credential in a file of their own. */
function kept(event: CommandEvent, { ledger }: Around, secret: ReturnType<SecretFlow['of']>): void {
  const { program, argv, range, folder } = event;
  const spoken = argv
    .slice(1)
    .map(({ text }) => text)
    .join(' ');
  for (const { words, file, undo } of keepersOf(program)) {
    const made = folderMade(argv);
    const path = file.startsWith('@')
      ? pathIn(folder, `${made}${file.slice(1)}`)
      : file.startsWith('.')
        ? pathIn(folder, file)
        : file;
    if (undo?.test(spoken) === true) ledger.remove(new Named(path), '');
    else if (secret !== undefined && words.test(spoken))
      // What it keeps is what it was given.
      ledger.put(path, { kind: 'secret', mount: secret.mount }, range);
  }
}

/** Files that an option says a program writes. */
function outputs(event: CommandEvent): readonly string[] {
  if (!MAKES.test(event.program)) return [];
  const words = event.argv.map(({ text }) => text);
  return words.flatMap((word, at) =>
    /^(?:-o|-out|--out|--output)$/.test(words[at - 1] ?? '') ? [absolute(event, word)] : [],
  );
}

/** The folder that `git clone ADDRESS [FOLDER]` makes. */
function folderMade(argv: readonly Field[]): string {
  const operands = readCommandLine('git', argv.slice(1)).operands.map(({ text }) => text);
  const [, address = '', folder] = operands;
  return folder ?? fileName(address).replace(/\.git$/, '');
}
