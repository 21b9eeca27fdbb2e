/** Long options of GNU sed without a script of their own. */
const LONG =
  /^--(?:quiet|silent|in-place(?:=.*)?|null-data|zero-terminated|separate|unbuffered|regexp-extended|posix|debug|follow-symlinks|sandbox|binary|line-length=\d+)$/s;
const ADDRESS_END = /(?:\s*!)*\s*/y;
const NUMBER = /(?:\d+(?:~\d+)?|\$|[+~]\d+)/y;

/**
 * True where a whole command line of sed only edits: no `e`, alone or as a flag of `s`, by which
 * GNU sed runs commands, and no script in a file. What cannot be read is false.
 */
export function onlyEdits(words: readonly string[]): boolean {
  const scripts: string[] = [];
  const operands: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') {
      operands.push(...words.slice(at + 1));
      break;
    }
    const expression = /^--e[a-z]*(?:=(.*))?$/s.exec(word);
    const short = /^-[nrEsuzb]*(?:([elif])(.*))?$/s.exec(word);
    if (expression !== null) scripts.push(expression[1] ?? words[(at += 1)] ?? '');
    else if (word.startsWith('--')) {
      if (!LONG.test(word)) return false;
    } else if (!word.startsWith('-') || word === '-') operands.push(word);
    else if (short === null || short[1] === 'f') return false;
    else if (short[1] === 'e')
      scripts.push(short[2] === '' ? (words[(at += 1)] ?? '') : (short[2] ?? ''));
    else if (short[1] === 'l' && short[2] === '') at += 1;
  }
  const all = scripts.length > 0 ? scripts : operands.slice(0, 1);
  return all.length > 0 && isEditing(all.join('\n'));
}

/** As GNU sed's compile.c reads a script. */
function isEditing(script: string): boolean {
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(script);
    if (found === null) return false;
    at += found[0].length;
    return true;
  };
  /** Past the next such character that no backslash stands before. */
  const pass = (delimiter: string): boolean => {
    for (; at < script.length; at += 1) {
      if (script[at] === '\\') at += 1;
      else if (script[at] === delimiter) {
        at += 1;
        return true;
      }
    }
    return false;
  };
  const line = (): void => {
    while (at < script.length && script[at] !== '\n') at += script[at] === '\\' ? 2 : 1;
  };
  const address = (): boolean => {
    if (skip(NUMBER)) return true;
    const isOwn = script[at] === '\\';
    const delimiter = isOwn ? script[at + 1] : script[at];
    if (delimiter !== '/' && !isOwn) return false;
    at += isOwn ? 2 : 1;
    const isRead = pass(delimiter ?? '');
    skip(/[IM]*/y);
    return isRead;
  };
  while (at < script.length) {
    skip(/[\s;]*/y);
    if (at >= script.length) return true;
    if (address()) {
      if (skip(/\s*,\s*/y) && !address()) return false;
      skip(ADDRESS_END);
    }
    const command = script[at] ?? '';
    at += 1;
    if (/[{}=dDgGhHnNpPxzFlqQL]/.test(command)) skip(/[ \t]*\d*/y);
    else if (/[:btT]/.test(command)) skip(/[ \t]*[^\s;}]*/y);
    else if (/[#rRwWaic]/.test(command)) line();
    else if (/[sy]/.test(command)) {
      const delimiter = script[at] ?? '';
      at += 1;
      if (!pass(delimiter) || !pass(delimiter)) return false;
      skip(/[gpiImM\d]*/y);
      if (script[at] === 'w') line();
      if (at < script.length && !/[\s;}#]/.test(script[at] ?? '')) return false;
    } else return false;
  }
  return true;
}
