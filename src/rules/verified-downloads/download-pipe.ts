import type { Download } from '../../model/build-analysis.ts';
import type { SourceCommand, SourceWord } from '../../model/dockerfile-source.ts';
import type { FixInput } from '../../model/fix-rule.ts';
import type { TextEdit } from '../../model/planned-edit.ts';
import { SHELLS } from '../../programs/kinds/shells.ts';
import type { FoundCommand } from '../shared/edit/command-at.ts';
import { joinedBy, stopsOnFailure } from '../shared/edit/run-text.ts';

/** A name below /tmp after the last part of an address. */
function temporary(url: string): string {
  const name =
    url
      .replace(/[?#].*/s, '')
      .split('/')
      .at(-1) ?? '';
  return `/tmp/${/^[\w.+-]+$/.test(name) && !/^\.+$/.test(name) && url.split('/').length > 3 ? name : 'download'}`;
}

/** The download, written to a file. */
function toFile(
  text: string,
  { start, words }: SourceCommand,
  program: string,
  file: string,
): string | undefined {
  if (program === 'curl') return `${text} -o ${file}`;
  const at = words.findIndex(({ value }) =>
    /^-[A-Za-z]*O-?$|^--output-document(?:=-)?$/.test(value ?? ''),
  );
  const word = words[at];
  if (word === undefined) return undefined;
  const own = /-$/.test(word.text) && word.text.length > 2;
  const last = own ? word : words[at + 1];
  if (last === undefined || (!own && last.value !== '-')) return undefined;
  const option = word.text.startsWith('--')
    ? `--output-document=${file}`
    : `${word.text.replace(/-$/, '')} ${file}`;
  return text.slice(0, word.start - start) + option + text.slice(last.end - start);
}

/** Makes the command after the pipe read the file instead; says why not, if that is not certain. */
function fromFile(words: readonly SourceWord[], file: string): { readonly text: string } | string {
  const [program, ...rest] = words;
  const name = program?.value?.split('/').at(-1) ?? '';
  const texts = rest.map(({ text }) => text);
  if (SHELLS.has(name)) {
    const at = texts.findIndex((text) => text === '-s' || text === '-');
    const options = at < 0 ? texts : texts.slice(0, at);
    if (options.some((text) => !/^-[eux]+$/.test(text))) return `${name} has options of its own`;
    const behind = at < 0 ? [] : texts.slice(at + 1);
    const args = behind[0] === '--' ? behind.slice(1) : behind;
    return { text: [program?.text, ...options, file, ...args].join(' ') };
  }
  if (name !== 'tar') return `${name === '' ? 'what reads it' : name} is neither a shell nor tar`;
  const dash = texts.indexOf('-');
  if (dash >= 0)
    return {
      text: [program?.text, ...texts.slice(0, dash), file, ...texts.slice(dash + 1)].join(' '),
    };
  if (
    texts.some(
      (text) => text === '--file' || text.startsWith('--file=') || /^-?[A-Za-z]*f$/.test(text),
    )
  )
    return 'tar reads another file';
  return { text: [program?.text, ...texts, '-f', file].join(' ') };
}

/** `curl | sh` and `curl | tar` as a file, a check, its use, and its removal. */
export function fromPipe(
  { run, command }: FoundCommand,
  { url = '' }: Download,
  { source }: FixInput,
  check: (file: string) => string,
): readonly TextEdit[] | string {
  const reader = run.commands[run.commands.indexOf(command) + 1];
  if (reader === undefined || reader.command.nested) return 'what reads it is not a plain command';
  if (reader.command.operator === '|') return 'it goes through more than one pipe';
  if (!stopsOnFailure(run, reader)) return 'a failed check would not stop the RUN';
  if (reader.command.writesTo.length > 0) return 'what reads it writes to a file';
  const [first] = reader.words;
  if (first === undefined) return 'what reads it is not a plain command';
  const between = source.text.slice(command.end, reader.start);
  if (!/^[\s\\`]*\|[\s\\`]*$/.test(between)) return 'something stands between it and its pipe';
  const file = temporary(url);
  const program = command.words[0]?.value?.split('/').at(-1) ?? '';
  const fetch = toFile(source.text.slice(command.start, command.end), command, program, file);
  if (fetch === undefined) return 'its output has no place of its own';
  const use = fromFile(reader.words, file);
  if (typeof use === 'string') return use;
  const assignments = source.text.slice(reader.start, first.start);
  const parts = [fetch, check(file), assignments + use.text, `rm ${file}`];
  return [{ start: command.start, end: reader.end, text: parts.join(joinedBy(source, run)) }];
}
