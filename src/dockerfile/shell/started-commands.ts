import { runAt } from '../../programs/runners.ts';
import { constantField, type Field } from './fields.ts';

/** Commands of one `find` that are looked at. */
const MOST = 8;

/** `find ... -exec COMMAND ;`, with a file that is not known. */
function executedByFind(words: readonly Field[]): readonly (readonly Field[])[] {
  const found: (readonly Field[])[] = [];
  for (let at = 0; at < words.length && found.length < MOST; at += 1) {
    if (!/^-(?:exec|ok)(?:dir)?$/.test(words[at]?.text ?? '')) continue;
    const end = words.findIndex((f, i) => i > at && (f.text === ';' || f.text === '+'));
    const command = words.slice(at + 1, end < 0 ? undefined : end);
    found.push(command.map((f) => (f.text.includes('{}') ? { ...f, constant: false } : f)));
    at += command.length;
  }
  return found;
}

/** `parallel COMMAND ::: WORDS`, once, with a word that is not known. */
function inParallel(words: readonly Field[]): readonly (readonly Field[])[] {
  const valued = /^(?:-[jaPSI]|--jobs|--arg-file|--colsep|--delay|--retries|--timeout)$/;
  let at = 0;
  for (; words[at]?.text.startsWith('-') === true; at += 1)
    if (valued.test(words[at]?.text ?? '')) at += 1;
  const end = words.findIndex(({ text }) => /^:::[:+]*$/.test(text));
  const command = words.slice(at, end < 0 ? undefined : end);
  return command.length === 0
    ? []
    : [[...command, { ...constantField('$(input)'), constant: false }]];
}

/** The commands that a program starts besides what it does itself. */
export function startedBy(program: string, words: readonly Field[]): readonly (readonly Field[])[] {
  if (program === 'find') return executedByFind(words).filter(({ length }) => length > 0);
  if (program === 'parallel') return inParallel(words);
  const at = runAt(
    program,
    words.map(({ text }) => text),
  );
  return at === undefined || at >= words.length ? [] : [words.slice(at)];
}
