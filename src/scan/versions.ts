import { byCodeUnit } from '../lib/text.ts';
import type { Package } from '../model/packages.ts';

/** Compares numbers written in digits, however long: leading zeros do not count. */
function byNumber(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return left.length - right.length || (left < right ? -1 : Number(left > right));
}

/** The first of the comparisons that is not 0, or 0. */
function byEach<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T | undefined, b: T | undefined) => number,
): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compare(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * A version of dpkg or rpm: epoch, version, and what is behind the hyphen, the first or last one.
 */
function epochParts(text: string, hyphen: 'first' | 'last') {
  const [, epoch = '0'] = /^(\d+):/.exec(text) ?? [];
  const rest = text.replace(/^\d+:/, '');
  const at = hyphen === 'first' ? rest.indexOf('-') : rest.lastIndexOf('-');
  return {
    epoch,
    version: at < 0 ? rest : rest.slice(0, at),
    release: at < 0 ? '' : rest.slice(at + 1),
  };
}

/** Orders two versions as dpkg does (deb-version(7)): epoch, upstream version, revision. */
function compareDpkg(a: string, b: string): number {
  const [left, right] = [epochParts(a.trim(), 'last'), epochParts(b.trim(), 'last')];
  return (
    byNumber(left.epoch, right.epoch) ||
    compareDpkgParts(left.version, right.version) ||
    compareDpkgParts(left.release, right.release)
  );
}

/** `verrevcmp`: runs of other characters and runs of digits in turn. */
function compareDpkgParts(a: string, b: string): number {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    while (isOther(a, i) || isOther(b, j)) {
      const order = dpkgRank(a, i) - dpkgRank(b, j);
      if (order !== 0) return order;
      i += 1;
      j += 1;
    }
    const [left, right] = [digitsAt(a, i), digitsAt(b, j)];
    const order = byNumber(left, right);
    if (order !== 0) return order;
    i += left.length;
    j += right.length;
  }
  return 0;
}

function isOther(text: string, at: number): boolean {
  return at < text.length && !isDigit(text.charCodeAt(at));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A tilde before the end, the end before letters, letters before all else. */
function dpkgRank(text: string, at: number): number {
  if (at >= text.length) return 0;
  const code = text.charCodeAt(at);
  if (isDigit(code)) return 0;
  if (code === 0x7e) return -1;
  return /[a-z]/i.test(text.charAt(at)) ? code : code + 256;
}

function digitsAt(text: string, from: number): string {
  let end = from;
  while (isDigit(text.charCodeAt(end))) end += 1;
  return text.slice(from, end);
}

/** Orders two versions as rpm does (rpm-version(7)): epoch, then version, then release. */
function compareRpm(a: string, b: string): number {
  const [left, right] = [epochParts(a, 'first'), epochParts(b, 'first')];
  return (
    byNumber(left.epoch, right.epoch) ||
    compareRpmParts(left.version, right.version) ||
    compareRpmParts(left.release, right.release)
  );
}

/**
 * `rpmvercmp`: runs of digits and of letters; all else only separates them, but `~`, before
 * everything, and `^`, after the end and before what goes on.
 */
function compareRpmParts(a: string, b: string): number {
  const [left, right] = [tokensOf(a), tokensOf(b)];
  for (let i = 0; ; i++) {
    const [one, other] = [left[i], right[i]];
    if (one === undefined && other === undefined) return 0;
    const order = rpmRank(one) - rpmRank(other);
    if (order !== 0) return order;
    if (one === undefined || other === undefined) continue;
    const within = /^\d/.test(one) ? byNumber(one, other) : byCodeUnit(one, other);
    if (within !== 0) return within;
  }
}

function tokensOf(text: string): readonly string[] {
  return text.match(/\d+|[A-Za-z]+|[~^]/g) ?? [];
}

function rpmRank(token: string | undefined): number {
  if (token === undefined) return 1;
  if (token === '~') return 0;
  if (token === '^') return 2;
  return /^\d/.test(token) ? 4 : 3;
}

/** Kinds of parts; at the first different kind, the lower is newer, except a pre-release suffix. */
const KIND = { number: 1, letter: 2, suffix: 3, suffixNumber: 4, hash: 5, revision: 6, end: 7 };
const SUFFIXES = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p'];
const RELEASED = SUFFIXES.indexOf('');

interface Part {
  readonly kind: number;
  readonly text: string;
}

const END: Part = { kind: KIND.end, text: '' };
const WHOLE =
  /^\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*(?:~[0-9a-f]+)?(?:-r\d+)?$/;

/** Orders two versions as apk does (apk-package(5), apk-tools 3). Invalid versions come first. */
function compareApk(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined) || byCodeUnit(a, b);
  for (let i = 0; ; i++) {
    const [one = END, other = END] = [left[i], right[i]];
    if (one.kind !== other.kind) return byKind(one, other);
    if (one.kind === KIND.end) return 0;
    const order = compareApkParts(one, other, i === 0);
    if (order !== 0) return order;
  }
}

function byKind(one: Part, other: Part): number {
  return Number(isEarlier(other)) - Number(isEarlier(one)) || other.kind - one.kind;
}

function isEarlier({ kind, text }: Part): boolean {
  return kind === KIND.suffix && SUFFIXES.indexOf(text) < RELEASED;
}

function compareApkParts({ kind, text }: Part, other: Part, isFirst: boolean): number {
  if (kind === KIND.suffix) return SUFFIXES.indexOf(text) - SUFFIXES.indexOf(other.text);
  if (kind === KIND.letter || kind === KIND.hash) return byCodeUnit(text, other.text);
  // Behind a point, what begins with 0 is a fraction.
  const isFraction =
    kind === KIND.number && !isFirst && (text.startsWith('0') || other.text.startsWith('0'));
  return isFraction ? byCodeUnit(text, other.text) : byNumber(text, other.text);
}

function partsOf(version: string): readonly Part[] | undefined {
  if (!WHOLE.test(version)) return undefined;
  const found = version.matchAll(/(?:^|\.)(\d+)|(_)([a-z]+)(\d*)|~([0-9a-f]+)|-r(\d+)|([a-z])/g);
  return [...found].flatMap(([, number, mark, suffix = '', digits, hash, revision, letter]) => {
    if (number !== undefined) return { kind: KIND.number, text: number };
    if (hash !== undefined) return { kind: KIND.hash, text: hash };
    if (revision !== undefined) return { kind: KIND.revision, text: revision };
    if (mark === undefined) return { kind: KIND.letter, text: letter ?? '' };
    const part = { kind: KIND.suffix, text: suffix };
    return digits ? [part, { kind: KIND.suffixNumber, text: digits }] : part;
  });
}

interface SemanticVersion {
  readonly numbers: readonly string[];
  /** Empty for a release. */
  readonly early: readonly string[];
}

/**
 * Orders two versions by Semantic Versioning 2.0 (section 11), as npm, crates.io and Go do. Read
 * with patience: `v1.2` is 1.2.0, `1.21rc2` (Go's own) has a pre-release, and there may be more
 * than three numbers. What has no number in front comes first.
 */
function compareSemver(a: string, b: string): number {
  const [left, right] = [semanticVersion(a), semanticVersion(b)];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined) || byCodeUnit(a, b);
  return (
    byEach(left.numbers, right.numbers, (x = '0', y = '0') => byNumber(x, y)) ||
    Number(left.early.length === 0) - Number(right.early.length === 0) ||
    byEach(left.early, right.early, byIdentifier)
  );
}

/** NuGet's, which has no regard to case and takes four numbers. */
function compareNuget(a: string, b: string): number {
  return compareSemver(a.toLowerCase(), b.toLowerCase());
}

function semanticVersion(text: string): SemanticVersion | undefined {
  const found = /^[\s=]*(?:v|go)?(\d+(?:\.\d+)*)([^\s+]*)/.exec(text);
  const [, numbers = '', rest = ''] = found ?? [];
  if (found === null) return undefined;
  // Go writes rc2 where Semantic Versioning has rc.2.
  const early = rest.replace(/^(alpha|beta|rc)(\d+)$/, '$1.$2').replace(/^[-.]/, '');
  return { numbers: numbers.split('.'), early: early === '' ? [] : early.split('.') };
}

/** Numbers before words, fewer before more. */
function byIdentifier(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return byNumber(a, b);
  return Number(isOtherNumber) - Number(isNumber) || byCodeUnit(a, b);
}

interface PythonVersion {
  readonly epoch: string;
  readonly release: readonly string[];
  /** Stage and number; undefined for none. */
  readonly pre: readonly [number, string] | undefined;
  readonly post: string | undefined;
  readonly dev: string | undefined;
  readonly local: readonly string[] | undefined;
}

/** Appendix B of PEP 440. */
const PYTHON_VERSION =
  /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i;

const PYTHON_STAGES: readonly string[] = ['a', 'b', 'rc'];

/** Orders two versions of Python packages (PEP 440). What is not one of them comes first. */
function comparePep440(a: string, b: string): number {
  const [left, right] = [pythonVersion(a), pythonVersion(b)];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined) || byCodeUnit(a, b);
  const [stage, otherStage] = [stageOf(left), stageOf(right)];
  return (
    byNumber(left.epoch, right.epoch) ||
    byEach(left.release, right.release, (x = '0', y = '0') => byNumber(x, y)) ||
    stage[0] - otherStage[0] ||
    byNumber(stage[1], otherStage[1]) ||
    byPresence(left.post, right.post, byNumber) ||
    byPresence(left.dev, right.dev, byNumber, true) ||
    byPresence(left.local, right.local, (x, y) => byEach(x, y, byLocal))
  );
}

function pythonVersion(text: string): PythonVersion | undefined {
  const found = PYTHON_VERSION.exec(text);
  if (found === null) return undefined;
  const [, epoch = '0', release = '0', stage, number, implicit, post, postNumber, dev, devNumber] =
    found;
  const local = found[10]?.toLowerCase().split(/[-_.]/);
  const pre =
    stage === undefined
      ? undefined
      : ([PYTHON_STAGES.indexOf(stageName(stage.toLowerCase())), number || '0'] as const);
  return {
    epoch,
    release: release.split('.'),
    pre,
    post: implicit ?? (post === undefined ? undefined : postNumber || '0'),
    dev: dev === undefined ? undefined : devNumber || '0',
    local,
  };
}

function stageName(word: string): string {
  if (word.startsWith('a')) return 'a';
  return word.startsWith('b') ? 'b' : 'rc';
}

/** A development release of a final one comes before its alphas; a final one after all. */
function stageOf({ pre, post, dev }: PythonVersion): readonly [number, string] {
  if (pre !== undefined) return pre;
  return [post === undefined && dev !== undefined ? -1 : PYTHON_STAGES.length, '0'];
}

/** Without comes before with; where `reversed`, after it. */
function byPresence<T>(
  a: T | undefined,
  b: T | undefined,
  compare: (a: T, b: T) => number,
  reversed = false,
): number {
  if (a !== undefined && b !== undefined) return compare(a, b);
  return (Number(a !== undefined) - Number(b !== undefined)) * (reversed ? -1 : 1);
}

/** Fewer before more, words before numbers. */
function byLocal(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return byNumber(a, b);
  return Number(isNumber) - Number(isOtherNumber) || byCodeUnit(a, b);
}

/** Orders Ruby gem versions as `Gem::Version` does: words are pre-releases, a hyphen is `.pre.`. */
function compareGem(a: string, b: string): number {
  return byEach(segmentsOf(a), segmentsOf(b), (x = '0', y = '0') => {
    const [isNumber, isOtherNumber] = [/^\d/.test(x), /^\d/.test(y)];
    if (isNumber && isOtherNumber) return byNumber(x, y);
    return Number(isNumber) - Number(isOtherNumber) || byCodeUnit(x, y);
  });
}

/** Numbers and words; zeros at the end of the release and of the whole do not count. */
function segmentsOf(version: string): readonly string[] {
  const all = version.replaceAll('-', '.pre.').match(/\d+|[a-z]+/gi) ?? [];
  const word = all.findIndex((segment) => !/^\d/.test(segment));
  const end = word < 0 ? all.length : word;
  return [...withoutZeros(all.slice(0, end)), ...withoutZeros(all.slice(end))];
}

function withoutZeros(segments: readonly string[]): readonly string[] {
  return segments.slice(0, segments.findLastIndex((segment) => !/^0+$/.test(segment)) + 1);
}

interface ComposerVersion {
  readonly numbers: readonly string[];
  readonly stage: number;
  readonly stageNumbers: readonly string[];
  readonly isDev: boolean;
}

const COMPOSER_VERSION =
  /^v?(\d+(?:\.\d+)*)(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)([.-]?\d+(?:[.-]\d+)*)?)?([.-]?dev)?$/;
const STAGES = ['alpha', 'beta', 'rc', 'stable', 'patch'];
const SHORT_STAGES: Readonly<Record<string, string>> = {
  a: 'alpha',
  b: 'beta',
  p: 'patch',
  pl: 'patch',
};

/** Orders PHP package versions as Composer (composer/semver). A branch, `dev-main`, comes first. */
function compareComposer(a: string, b: string): number {
  const [left, right] = [composerVersion(a), composerVersion(b)];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined) || byCodeUnit(a, b);
  const numbers = (x: readonly string[], y: readonly string[]): number =>
    byEach(x, y, (one = '0', other = '0') => byNumber(one, other));
  return (
    numbers(left.numbers, right.numbers) ||
    Number(right.isDev && right.stage === STABLE) - Number(left.isDev && left.stage === STABLE) ||
    left.stage - right.stage ||
    numbers(left.stageNumbers, right.stageNumbers) ||
    Number(right.isDev) - Number(left.isDev)
  );
}

const STABLE = STAGES.indexOf('stable');

function composerVersion(text: string): ComposerVersion | undefined {
  const counted = text.trim().toLowerCase().split('+', 1)[0] ?? '';
  const found = COMPOSER_VERSION.exec(counted);
  if (found === null) return undefined;
  const [, numbers = '', stage = 'stable', stageNumbers = '', dev] = found;
  return {
    numbers: numbers.split('.'),
    stage: STAGES.indexOf(SHORT_STAGES[stage] ?? stage),
    stageNumbers: stageNumbers.match(/\d+/g) ?? [],
    isDev: dev !== undefined,
  };
}

/** A number, a word, or what follows a hyphen or a change between the two. */
type Item = { readonly number: string } | { readonly word: string } | readonly Item[];

const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const ALIASES: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
const SHORT: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };
/** Hyphens nest lists: no version has more. */
const LONGEST_PART = 256;

/** Orders two versions of Java packages as Maven does (`ComparableVersion`). */
function compareMaven(a: string, b: string): number {
  return compareItems(itemsOf(a), itemsOf(b));
}

function itemsOf(version: string): readonly Item[] {
  const text = version.slice(0, LONGEST_PART).toLowerCase();
  const root: Item[] = [];
  const lists = [root];
  let list = root;
  const nest = (): void => {
    const inner: Item[] = [];
    list.push(inner);
    list = inner;
    lists.push(inner);
  };
  let before = '.';
  for (const [token] of text.matchAll(/\d+|[^\d.-]+|[.-]/g)) {
    const isMark = token === '.' || token === '-';
    const wasMark = before === '.' || before === '-';
    if (isMark) {
      if (wasMark) list.push({ number: '0' });
      if (token === '-') nest();
    } else {
      if (!wasMark) nest();
      list.push(/^\d/.test(token) ? { number: token } : { word: token });
    }
    before = token;
  }
  // A letter before a digit is short for a word.
  for (const one of lists)
    for (const [i, item] of one.entries())
      if ('word' in item) {
        const next = one[i + 1];
        const isBeforeNumber = Array.isArray(next) && 'number' in ((next as Item[])[0] ?? {});
        const long = isBeforeNumber ? (SHORT[item.word] ?? item.word) : item.word;
        one[i] = { word: ALIASES[long] ?? long };
      }
  for (const one of lists.reverse()) normalize(one);
  return root;
}

/** What means nothing goes from the end of a list, over the lists in it. */
function normalize(list: Item[]): void {
  for (let i = list.length - 1; i >= 0; i--) {
    const item = list[i];
    if (item === undefined) continue;
    if (isNothing(item)) list.splice(i, 1);
    else if (!Array.isArray(item)) break;
  }
}

function isNothing(item: Item): boolean {
  if ('number' in item) return /^0+$/.test(item.number);
  return 'word' in item ? item.word === '' : item.length === 0;
}

function compareItems(a: readonly Item[], b: readonly Item[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [a[i], b[i]];
    const order =
      one === undefined
        ? other === undefined
          ? 0
          : -againstNothing(other)
        : other === undefined
          ? againstNothing(one)
          : compareItem(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

function againstNothing(item: Item): number {
  if ('number' in item) return isNothing(item) ? 0 : 1;
  if ('word' in item) return compareWords(item.word, '');
  for (const one of item) {
    const order = againstNothing(one);
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers after lists, lists after words. */
function compareItem(a: Item, b: Item): number {
  const order = kindOf(a) - kindOf(b);
  if (order !== 0) return order;
  if ('number' in a && 'number' in b) return byNumber(a.number, b.number);
  if ('word' in a && 'word' in b) return compareWords(a.word, b.word);
  return compareItems(a as readonly Item[], b as readonly Item[]);
}

function kindOf(item: Item): number {
  if ('number' in item) return 2;
  return 'word' in item ? 0 : 1;
}

/** Known words in their order, then others by alphabet. */
function compareWords(a: string, b: string): number {
  const [one, other] = [QUALIFIERS.indexOf(a), QUALIFIERS.indexOf(b)];
  if (one >= 0 && other >= 0) return one - other;
  if (one < 0 && other < 0) return byCodeUnit(a, b);
  return one < 0 ? 1 : -1;
}

/** Below zero where `a` comes before `b`, above where after. Defined for any two texts. */
export type VersionOrder = (a: string, b: string) => number;

/** Longer than any version that a package has. */
const LONGEST = 1024;

export const VERSION_ORDERS: Readonly<Record<Package['type'], VersionOrder>> = {
  deb: bounded(compareDpkg),
  apk: bounded(compareApk),
  rpm: bounded(compareRpm),
  npm: bounded(compareSemver),
  pypi: bounded(comparePep440),
  golang: bounded(compareSemver),
  maven: bounded(compareMaven),
  gem: bounded(compareGem),
  composer: bounded(compareComposer),
  cargo: bounded(compareSemver),
  nuget: bounded(compareNuget),
};

function bounded(order: VersionOrder): VersionOrder {
  return (a, b) => order(a.slice(0, LONGEST), b.slice(0, LONGEST));
}
