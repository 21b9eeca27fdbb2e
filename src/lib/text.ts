/** Whole escape sequences (ECMA-48): CSI with parameters; strings (a window title) to their end. */
const SEQUENCE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0090\u0098\u009c-\u009f]*(?:\u0007|\u001b\\|\u009c)/g;
/** Control characters except tab, line separators, and marks that change the text direction. */
const STEERING = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Names and versions never have control characters. */
export function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** A line from outside that cannot steer a terminal: no escapes, controls or direction marks. */
export function withoutSteering(line: string): string {
  return line.replace(SEQUENCE, '').replace(STEERING, '');
}

/**
 * What stands before a secret in addresses and in arguments of known commands: a password, a query
 * parameter, a token that npm or composer is to keep, a header.
 */
const BEFORE_SECRET = [
  /(:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g,
  /([?&;](?:[\w-]{0,40}(?:token|secret|password|signature|credential)|sig|pass|pwd|api[_-]?key)=)[^\s&;#"'<>]+/gi,
  /(:_(?:authToken|auth|password)\s{0,3}[= ]\s{0,3}["']?)[^\s"'$]+/g,
  /(\bhttp-basic\.\S{1,200}\s{1,3}\S{1,200}\s{1,3}["']?)[^\s"'$]+/g,
  /(\bauthorization:\s{0,3}(?:bearer|basic|token)\s{1,3})[^\s"'$]+/gi,
];

/** The text with `mask` instead of each such secret. */
export function withoutPasswords(text: string, mask: string): string {
  return BEFORE_SECRET.reduce((shown, pattern) => shown.replace(pattern, `$1${mask}`), text);
}

/** `withoutSteering` for text of several lines: output of tools, before it is cut or stored. */
export function cleanText(text: string): string {
  return text.split('\n').map(withoutSteering).join('\n');
}

/**
 * A value on one line, for what is published: spaces for controls and line ends, U+FFFD for half
 * characters, no direction marks. What a sequence leaves (`[31m`) stays to be seen.
 */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Bidi_Control}/gu, '')
    .replaceAll(/\p{Cs}/gu, '\ufffd')
    .trim();
}

/**
 * Words in lines of at most `most` columns; a longer word has a line of its own. `width` measures a
 * text's columns.
 */
export function wrapWords(
  text: string,
  most: number,
  width: (text: string) => number = (one) => one.length,
): readonly string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of text.split(/ +/)) {
    const columns = width(word);
    if (line !== '' && used + 1 + columns > most) {
      lines.push(line);
      line = word;
      used = columns;
    } else {
      used += line === '' ? columns : columns + 1;
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `1 layer`, `2 layers`, as lines of progress count. */
export function quantity(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A whole number in groups of three, the same on every machine: `12,345`. */
export function countText(count: number): string {
  // eslint-disable-next-line regexp/no-super-linear-move -- a number has few digits
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 package`, `1,002 packages`, as reports count. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** Bytes as a report shows them: `160.2 MB`. */
export function sizeText(bytes: number): string {
  return inUnits(bytes, (value) => value.toFixed(1));
}

/** Bytes as Docker prints them: three significant digits. */
export function bytesText(bytes: number): string {
  return inUnits(bytes, (value) =>
    value < 999.5 ? value.toPrecision(3) : String(Math.round(value)),
  );
}

/** Steps of 1000, as in Docker. What would print as 1000 of a unit uses the next. */
function inUnits(bytes: number, written: (value: number) => string): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  const digits = (): string => (unit === 0 ? String(Math.round(value)) : written(value));
  while (Number(digits()) >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${digits()} ${UNITS[unit] ?? ''}`;
}

/** Seconds with one decimal, as BuildKit prints them. */
export function secondsText(seconds: number): string {
  return `${seconds.toFixed(1)}s`;
}

/**
 * The most likely candidate for a mistyped word: one that differs only in case, `-` and `_`, else
 * the nearest within two edits (and less than half the word). Undefined where none is near.
 */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  const same = candidates.find((candidate) => plain(candidate) === plain(word));
  if (same !== undefined || word.length > 64) return same;
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editDistance(plain(word), plain(candidate)) }))
    .filter(({ candidate, edits }) => edits <= 2 && edits * 2 < candidate.length)
    .toSorted((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate;
}

/** Levenshtein's distance, with a swap of two adjacent characters as one edit. */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isTurned = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const turned = isTurned ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(swap, turned, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * Commands of CI systems in a job's log. `##vso[` of Azure Pipelines and the old `##[` of GitHub's
 * runner count anywhere in a line; `##teamcity[` and GitHub's `::set-output ...::` at its start.
 * Long texts are wrapped, so any place may become a start.
 */
const AZURE = /##(vso|teamcity|)\[/gi;
const GITHUB =
  /::(?=(?:debug|notice|warning|error|group|endgroup|echo|set-output|save-state|set-env|add-path|add-mask|add-matcher|remove-matcher|stop-commands|internal-[a-z-]+)\b)/gi;

/** A space breaks each command of a CI system. */
export function withoutCiCommands(text: string): string {
  return text.replace(AZURE, '##$1 [').replace(GITHUB, ': :');
}

/** Same for JSON, whose values stay equal. */
export function jsonWithoutCiCommands(json: string): string {
  return json.replace(/#(?=#(?:vso|teamcity)?\[)/gi, '\\u0023');
}

/** Orders texts by code unit: the same on every machine, whatever the locale. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Entries by their names, in an order that is the same on every machine. */
export function byName<K extends string, V>(entries: Iterable<readonly [K, V]>): [K, V][] {
  return Array.from(entries, ([name, value]): [K, V] => [name, value]).sort(([a], [b]) =>
    byCodeUnit(a, b),
  );
}

/** The folder of a path; '' for one at the root. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** The parent folders of a path, outermost first: `a` and `a/b` for `a/b/c`. */
export function foldersOf(path: string): readonly string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
}

const SECRET_WORD =
  '(?:token|secret|passw(?:or)?d|passphrase|credentials?|api_?key|access_?key|private_?key)';
const ASSIGNED = new RegExp(
  `((?<![\\w-])(?=[\\w-]*${SECRET_WORD})[\\w-]+\\s*[=:]\\s*)(?:"[^"]*"|'[^']*'|\\S+)`,
  'gi',
);

const FLAGGED = new RegExp(
  `((?<![\\w-])--(?=[\\w-]*${SECRET_WORD})[\\w-]+\\s+)(?:"[^"]*"|'[^']*'|[^\\s-]\\S*)`,
  'gi',
);

/** Reports do not repeat secrets, even if the history shows them. */
export function masked(text: string): string {
  const plain = text
    .replace(ASSIGNED, '$1…')
    .replace(FLAGGED, '$1…')
    .replace(/(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 …');
  return withoutPasswords(plain, '…');
}
