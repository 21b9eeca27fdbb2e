/** A path as a call has it. */
interface NamedPath {
  readonly path: string;
  /** Of the descriptor before it, where the call has one. */
  readonly folder: string | undefined;
}

const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))/g;
const NAMES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };
const TEXT = /(?:(?:AT_FDCWD|\d{1,10})<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g;

/** What strace wrote in C's way, one character for each byte. */
function unescaped(text: string): string {
  return text.replace(ESCAPE, (_, octal?: string, hex?: string, other?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return NAMES[other ?? ''] ?? other ?? '';
  });
}

/** The path of the descriptor that a call gave: `= 3</etc/hosts>`. */
export function returnedPath(line: string): string | undefined {
  const path = /\) += \d{1,10}<([^>]*)>/.exec(line)?.[1];
  return path === undefined ? undefined : unescaped(path.replace(/ \(deleted\)$/, ''));
}

/** The path of the first descriptor among the arguments. */
export function calledPath(line: string): string | undefined {
  const path = /[(,] ?\d{1,10}<([^>]*)>/.exec(line)?.[1];
  return path === undefined ? undefined : unescaped(path.replace(/ \(deleted\)$/, ''));
}

/** Paths among the arguments, in their order. */
export function textArguments(line: string): readonly NamedPath[] {
  return [...line.matchAll(TEXT)].map(([, folder, text = '']) => ({
    path: unescaped(text),
    folder: folder === undefined ? undefined : unescaped(folder),
  }));
}
