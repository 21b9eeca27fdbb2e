import { fileName } from '../../model/path.ts';
import { SHELLS } from '../../programs/kinds/shells.ts';
import { languageOf } from '../../programs/plain-scripts.ts';
import { WRITTEN_FILES } from '../../programs/written-files.ts';
import { constantField, type Field } from '../shell/fields.ts';
import type { Brought } from '../shell/interpreters.ts';
import { printedBy } from '../shell/printed-text.ts';
import { folderOfPattern, pathIn } from '../shell/shell-state.ts';
import type { FileScript, TracedCommand, TracedFiles } from '../shell/traced-command.ts';
import { programOf } from '../shell/wrappers.ts';
import { readCommandLine } from './command-line.ts';
import { isBrought, NOT_AT_HAND } from './file-entries.ts';
import { manifestOf, manifestScript } from './package-scripts.ts';
import { executedFile } from './program-path.ts';
import { renamedProgram } from './renamed-programs.ts';
import type { FileContent, StageFiles } from './stage-files.ts';
import { addsTo, teeFiles } from './tee-files.ts';

const MAX_SCRIPT = 262_144;
/** Keeps the words of a script as they are. */
const LINE_ENDS = /s[/|,]\\r\$?[/|,]{2}g?/;
/** npm hands the text of a script to `sh -c`. */
const NPM_SHELL = {
  errexit: false,
  pipefail: false,
  bash: false,
  positional: [],
  inShell: false,
};
/** Why a file below a folder into which something was unpacked is not known. */
export const FROM_ARCHIVE = 'may come from an archive';
const MODIFIERS = /^(?:patch|ed|ex|vim?|truncate|sponge|perl|ruby|awk|gawk|jq|yq|m4)$/;
/** Words by which a script writes files. */
const WRITES =
  /open|write|copy|move|rename|replace\(|link|dump|extract|print\s*(?:[({]\s*)?\$?\w+\s*[,{]/i;
const UNPACKERS = /^(?:tar|bsdtar|unzip|cpio|7z|7za|7zz|unrar|rpm2cpio|dpkg-deb)$/;

/** The file a shell or interpreter runs: its first non-option word, or its redirected input. */
export function interpretedFile(
  argv: readonly Field[],
  readsFrom: readonly string[],
): string | undefined {
  const program = programOf(argv);
  if (program === '.' || program === 'source') return argv[1]?.text;
  let at = 1;
  for (; at < argv.length; at += 1) {
    const text = argv[at]?.text ?? '';
    if (/^[-+][a-zA-Z]*[oO]$/.test(text)) at += 1;
    else if (!/^[-+]./.test(text)) break;
  }
  const first = argv[at]?.text;
  return first === undefined || first === '-' ? readsFrom[0] : first;
}

/** Follows the files of one stage while its commands are traced. */
export class RunFiles implements TracedFiles {
  readonly #files: StageFiles;

  constructor(files: StageFiles) {
    this.#files = files;
  }

  script(
    { id, argv, folder, readsFrom }: Pick<TracedCommand, 'id' | 'argv' | 'folder' | 'readsFrom'>,
    path: string | undefined,
  ): FileScript | undefined {
    const program = programOf(argv);
    if (program === '') return undefined;
    const isSourced = program === '.' || program === 'source';
    if (SHELLS.has(program) || isSourced) {
      const file = interpretedFile(argv, readsFrom);
      if (file === undefined) return undefined;
      const found = this.#files.at(pathIn(folder, file), id);
      const named =
        found ?? (file.includes('/') || !isSourced ? undefined : this.#files.named(file, id));
      const place = argv.findIndex(({ text }, at) => at > 0 && text === file);
      const words = argv.slice(1, Math.max(place, 1)).map(({ text }) => text);
      // The shell that reads it takes its first line for a comment.
      const errexit = !isSourced && words.some((word) => /^-\w*e/.test(word));
      const positional = place < 0 ? [] : argv.slice(place + 1);
      const bash = program === 'bash';
      return scriptOf(named, { errexit, bash, positional, inShell: isSourced });
    }
    const name = manifestOf(program);
    const manifest = name === undefined ? undefined : this.#files.at(pathIn(folder, name), id);
    const run = manifest?.kind === 'text' ? manifestScript(argv, manifest.text) : undefined;
    if (run !== undefined) return { ...NPM_SHELL, text: constantField(run) };
    return scriptOf(executedFile(this.#files, argv, { folder, path, at: id })?.content, {
      positional: argv.slice(1),
      inShell: false,
    });
  }

  brought(path: string, at: number): ReturnType<Brought> {
    const content = this.#files.at(path, at);
    if (content !== undefined && content.kind !== 'maybe') return 'sure';
    return content?.why === NOT_AT_HAND ? 'possible' : undefined;
  }

  ran(command: TracedCommand): void {
    const program = programOf(command.argv);
    const output = this.#output(program, command);
    const { folder, id } = command;
    // Of two branches either may have written.
    const appends = addsTo(command) || command.within.length > 0 || command.shares === true;
    const teed = teeFiles(command).map((file) => pathIn(folder, file));
    for (const path of [...command.writesTo, ...teed])
      if (!path.startsWith('/dev/'))
        this.#files.write(path, output, program || 'a command', appends, id);
    const words = command.argv.slice(1).map((f) => f.text);
    for (const { programs, path } of WRITTEN_FILES)
      if (programs.test(program))
        for (const [, file = ''] of words.join(' ').matchAll(path))
          this.#files.change(pathIn(folder, file), `may be written by ${program}`, id);
    const operands = words.filter((word) => !word.startsWith('-'));
    if (/^(?:cp|mv|ln|install|rsync)$/.test(program)) this.#copied(command);
    else if (/^(?:update-)?alternatives$/.test(program)) this.#linked(command);
    else if (program === 'dd') this.#written(command);
    else if (program === 'sed' && words.some((word) => /^(?:-\w*i|--in-place)/.test(word)))
      this.#edited(command, operands);
    else if (MODIFIERS.test(program)) this.#changed(command, operands, program);
    else if (UNPACKERS.test(program)) this.#unpacked(command);
    else if (program === 'dotnet' && /^nuget (?:add|update|enable) source\b/.test(words.join(' ')))
      this.#files.change('/root/.nuget/NuGet/NuGet.Config', 'is changed by dotnet nuget', id);
    else if (languageOf(program) !== '' && WRITES.test(this.#spoken(command)))
      this.#files.scriptedFrom = Math.min(this.#files.scriptedFrom, id);
  }

  /** The text that an interpreter runs, as far as it is shown. */
  #spoken({ argv, input, piped, folder, id, readsFrom }: TracedCommand): string {
    const file = interpretedFile(argv, readsFrom);
    const content = file === undefined ? undefined : this.#files.at(pathIn(folder, file), id);
    const words = argv.slice(1).map(({ text }) => text);
    const text = content?.kind === 'text' ? content.text : '';
    return [...words, (input ?? piped)?.text ?? '', text.slice(0, MAX_SCRIPT)].join('\n');
  }

  /** What a command prints, including files that `cat` gives; undefined where that is unknown. */
  #output(program: string, { argv, input, piped, folder, id }: TracedCommand): string | undefined {
    const printed = printedBy(argv, input ?? piped);
    if (printed !== undefined) return printed.text;
    const words = argv.slice(1).map((f) => f.text);
    const files = words.filter((word) => !word.startsWith('-'));
    if (program === 'tee') return (input ?? piped)?.text;
    if (program !== 'cat' || files.length === 0 || words.includes('-')) return undefined;
    let text = '';
    for (const file of files) {
      const content = this.#files.at(pathIn(folder, file), id);
      if (content?.kind !== 'text' || text.length > MAX_SCRIPT) return undefined;
      text += content.text;
    }
    return text;
  }

  #copied({ argv, folder, id }: TracedCommand): void {
    const line = readCommandLine(programOf(argv), argv.slice(1));
    const into = line.values('-t', '--target-directory')[0];
    const sources = into === undefined ? line.operands.slice(0, -1) : line.operands;
    const place = (into ?? line.operands.at(-1))?.text;
    if (place === undefined) return;
    for (const { text } of sources.slice(0, 64)) {
      const source = pathIn(folder, folderOfPattern(text) || '.');
      const to = pathIn(folder, place);
      this.#files.alias(source, to, id);
      if (!/[*?[]/.test(text)) this.#files.alias(source, pathIn(to, fileName(text)), id);
      this.#renamed(text, to, id);
    }
  }

  /** `update-alternatives --install LINK NAME PATH PRIORITY`. */
  #linked({ argv, id }: TracedCommand): void {
    const words = argv.map(({ text }) => text);
    for (const option of ['--install', '--slave']) {
      const at = words.indexOf(option);
      const [link, , path] = words.slice(at + 1);
      if (at < 0 || link === undefined || path === undefined) continue;
      this.#files.alias(path, link, id);
      this.#renamed(path, link, id);
    }
  }

  /** `dd of=FILE`. */
  #written({ argv, folder, id }: TracedCommand): void {
    for (const { text } of argv)
      if (text.startsWith('of='))
        this.#files.change(pathIn(folder, text.slice(3)), 'is written by dd', id);
  }

  /** A program that nobody read does not become a known one by its name. */
  #renamed(source: string, place: string, id: number): void {
    if (renamedProgram(source, place) && this.#files.at(place, id)?.kind !== 'text')
      this.#files.change(place, `is ${fileName(source)} under another name`, id);
  }

  #edited({ folder, id, argv }: TracedCommand, operands: readonly string[]): void {
    if (argv.some(({ text }) => LINE_ENDS.test(text))) return;
    for (const path of operands) this.#known(pathIn(folder, path), 'is changed by sed', id);
  }

  #changed({ folder, id }: TracedCommand, operands: readonly string[], program: string): void {
    for (const path of operands) this.#known(pathIn(folder, path), `is changed by ${program}`, id);
  }

  #unpacked({ argv, folder, id, readsFrom }: TracedCommand): void {
    const line = readCommandLine(programOf(argv), argv.slice(1));
    const to = line.values('-C', '-d', '-D', '--directory')[0]?.text ?? '';
    const archives = [...argv.slice(1).map(({ text }) => pathIn(folder, text)), ...readsFrom];
    // A download is judged as one, and what it holds with it.
    const isOwn = archives.some((path) => isBrought(this.#files.at(path, id)));
    this.#files.unpack(pathIn(folder, to), FROM_ARCHIVE, isOwn, id);
  }

  #known(path: string, why: string, id: number): void {
    if (this.#files.at(path, id) !== undefined) this.#files.change(path, why, id);
  }
}

function scriptOf(
  content: FileContent | undefined,
  given: Pick<FileScript, 'positional' | 'inShell'> & Partial<FileScript>,
): FileScript | undefined {
  if (content?.kind !== 'text' || content.text.length > MAX_SCRIPT) return undefined;
  const text = content.text.replace(/^\uFEFF/, '').replace(/\r\n/g, '\n');
  const first = shebang(text);
  if (first === undefined || text.includes('\0')) return undefined;
  return {
    text: constantField(text),
    errexit: /^-\w*e/.test(first.options),
    bash: first.shell === 'bash',
    pipefail: false,
    ...given,
  };
}

/** Shell and options of a script's first line; 'sh' without one; undefined for other programs. */
function shebang(text: string): { readonly shell: string; readonly options: string } | undefined {
  const first = /^#!\s*(\S+)(?:[ \t]+(\S+))?(?:[ \t]+(\S+))?/.exec(text);
  if (first === null) return { shell: 'sh', options: '' };
  const [, path = '', second = '', third = ''] = first;
  const isEnv = fileName(path) === 'env';
  const shell = fileName(isEnv ? (second === '-S' ? third : second) : path);
  return SHELLS.has(shell) ? { shell, options: isEnv ? third : second } : undefined;
}
