import { byCodeUnit } from '../lib/text.ts';
import type { Package } from '../model/packages.ts';

/** Below zero where `a` comes before `b`, above where after. Defined for any two texts. */
export type VersionOrder = (a: string, b: string) => number;

/** Pieces compare by rank, then as numbers where both are digits, else as texts. */
type Piece = readonly [rank: number, text?: string];

/**
 * How an ecosystem reads a version: lists of pieces, compared one list after the other. A list that
 * ends early goes on with `end`. Undefined for what is not a version: it comes first.
 */
interface Scheme {
  readonly end: Piece;
  readonly read: (version: string) => readonly (readonly Piece[])[] | undefined;
}

function orderOf({ end, read }: Scheme): VersionOrder {
  return (a, b) => {
    const left = read(a) ?? notOne(a);
    const right = read(b) ?? notOne(b);
    for (const [i, list] of left.entries()) {
      const other = right[i] ?? [];
      for (let j = 0; j < Math.max(list.length, other.length); j++) {
        const [rank, text = ''] = list[j] ?? end;
        const [otherRank, otherText = ''] = other[j] ?? end;
        const order = rank - otherRank || byText(text, otherText);
        if (order !== 0) return order;
      }
    }
    return 0;
  };
}

function notOne(version: string): readonly (readonly Piece[])[] {
  return [[[-1, version]]];
}

function byText(a: string, b: string): number {
  return /^\d*$/.test(a) && /^\d*$/.test(b) ? byNumber(a, b) : byCodeUnit(a, b);
}

function byNumber(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return left.length - right.length || byCodeUnit(left, right);
}

function withoutZeros(numbers: readonly string[]): readonly string[] {
  return numbers.slice(0, numbers.findLastIndex((one) => !/^0+$/.test(one)) + 1);
}

/** Numbers that go on with zeros, above an end of rank 0. */
function numbersOf(text: string): readonly Piece[] {
  return withoutZeros(text.match(/\d+/g) ?? []).map((one) => [1, one]);
}

/** Epoch, version, and what is behind the first or last hyphen, as dpkg and rpm write them. */
function epochParts(text: string, hyphen: 'indexOf' | 'lastIndexOf'): readonly string[] {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?([^]*)$/.exec(text) ?? [];
  const at = rest[hyphen]('-');
  return at < 0 ? [epoch, rest, ''] : [epoch, rest.slice(0, at), rest.slice(at + 1)];
}

/** deb-version(7), `verrevcmp`: a tilde before the end, the end before letters, then all else. */
const DPKG: Scheme = {
  end: [0],
  read: (text) =>
    epochParts(text.trim(), 'lastIndexOf').map((part) =>
      (part.match(/\d+|\D/g) ?? []).map((one): Piece => {
        if (/^\d/.test(one)) return [0, one];
        if (one === '~') return [-1];
        return [one.charCodeAt(0) + (/[a-z]/i.test(one) ? 0 : 256)];
      }),
    ),
};

/**
 * rpm-version(7), `rpmvercmp`: runs of digits and of letters; all else only separates them, but
 * `~`, before everything, and `^`, after the end and before what goes on.
 */
const RPM: Scheme = {
  end: [1],
  read: (text) =>
    epochParts(text, 'indexOf').map((part) =>
      (part.match(/\d+|[A-Za-z]+|[~^]/g) ?? []).map((one): Piece => {
        if (one === '~') return [0];
        if (one === '^') return [2];
        return [/^\d/.test(one) ? 4 : 3, one];
      }),
    ),
};

const APK_VERSION =
  /^\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*(?:~[0-9a-f]+)?(?:-r\d+)?$/;
const APK_EARLY = ['alpha', 'beta', 'pre', 'rc'];
const APK_LATE = ['cvs', 'svn', 'git', 'hg', 'p'];

/** apk-package(5), apk-tools 3. */
const APK: Scheme = {
  end: [1],
  read: (version) => {
    if (!APK_VERSION.test(version)) return undefined;
    const found = version.matchAll(/(?:^|\.)(\d+)|_([a-z]+)(\d*)|(~[0-9a-f]+)|-r(\d+)|([a-z])/g);
    const pieces = [...found].flatMap(
      ([, number, suffix, digits, hash, revision, letter], at): readonly Piece[] => {
        // Behind a point, what begins with 0 is a fraction.
        if (number !== undefined)
          return at > 0 && number.startsWith('0') ? [[7, `.${number}`]] : [[8, number]];
        if (letter !== undefined) return [[6, letter]];
        if (hash !== undefined) return [[3, hash]];
        if (revision !== undefined) return [[2, revision]];
        const early = APK_EARLY.indexOf(suffix ?? '');
        const rank: Piece =
          early >= 0 ? [0, String(early)] : [5, String(APK_LATE.indexOf(suffix ?? ''))];
        return digits ? [rank, [4, digits]] : [rank];
      },
    );
    return [pieces];
  },
};

/**
 * Semantic Versioning 2.0 (section 11), as npm, crates.io and Go have it. Read with patience:
 * `v1.2` is 1.2.0, `1.21rc2` (Go's own) has a pre-release, and there may be more than three
 * numbers.
 */
const SEMVER: Scheme = {
  end: [0],
  read: (text) => {
    const found = /^[\s=]*(?:v|go)?(\d+(?:\.\d+)*)([^\s+]*)/.exec(text);
    if (found === null) return undefined;
    const [, numbers = '', rest = ''] = found;
    // Go writes rc2 where Semantic Versioning has rc.2.
    const early = rest.replace(/^(alpha|beta|rc)(\d+)$/, '$1.$2').replace(/^[-.]/, '');
    // Numbers before words, fewer before more.
    const words = early.split('.').map((one): Piece => [/^\d+$/.test(one) ? 1 : 2, one]);
    return [numbersOf(numbers), early === '' ? [[1]] : [[0], ...words]];
  },
};

/** NuGet's, which has no regard to case and takes four numbers. */
const NUGET: Scheme = { ...SEMVER, read: (text) => SEMVER.read(text.toLowerCase()) };

/** Appendix B of PEP 440. */
const PYTHON_VERSION =
  /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i;

const PEP440: Scheme = {
  end: [0],
  read: (text) => {
    const found = PYTHON_VERSION.exec(text);
    if (found === null) return undefined;
    const [, epoch = '0', release = '', stage, number, hyphen, word, count, dev, devCount, local] =
      found;
    const post = hyphen ?? (word === undefined ? undefined : count || '0');
    // A development release of a final one comes before its alphas.
    const final = dev !== undefined && post === undefined ? 0 : 4;
    const early = 1 + ['a', 'b'].indexOf(stage?.[0]?.toLowerCase() ?? '');
    return [
      [[0, epoch]],
      numbersOf(release),
      [
        stage === undefined ? [final] : [early === 0 ? 3 : early, number || '0'],
        post === undefined ? [0] : [1, post],
        dev === undefined ? [1] : [0, devCount || '0'],
        // Words before numbers.
        ...(local?.toLowerCase().split(/[-_.]/) ?? []).map((one): Piece => [
          /^\d+$/.test(one) ? 2 : 1,
          one,
        ]),
      ],
    ];
  },
};

/** `Gem::Version`: words are pre-releases, a hyphen is `.pre.`; zeros at the ends do not count. */
const GEM: Scheme = {
  end: [2, '0'],
  read: (version) => {
    const all = version.replaceAll('-', '.pre.').match(/\d+|[a-z]+/gi) ?? [];
    const word = all.findIndex((segment) => !/^\d/.test(segment));
    const end = word < 0 ? all.length : word;
    const counted = [...withoutZeros(all.slice(0, end)), ...withoutZeros(all.slice(end))];
    return [counted.map((one) => [/^\d/.test(one) ? 2 : 1, one])];
  },
};

const COMPOSER_VERSION =
  /^v?(\d+(?:\.\d+)*)(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)([.-]?\d+(?:[.-]\d+)*)?)?([.-]?dev)?$/;
const COMPOSER_STAGES = ['a', 'b', 'r', 's', 'p'];

/** composer/semver. A branch, `dev-main`, is not a version. */
const COMPOSER: Scheme = {
  end: [0],
  read: (text) => {
    const found = COMPOSER_VERSION.exec(text.trim().toLowerCase().split('+', 1)[0] ?? '');
    if (found === null) return undefined;
    const [, numbers = '', word = 'stable', stageNumbers = '', dev] = found;
    const stage = 1 + COMPOSER_STAGES.indexOf(word.charAt(0));
    return [
      numbersOf(numbers),
      [[dev !== undefined && word === 'stable' ? 0 : stage]],
      numbersOf(stageNumbers),
      [[dev === undefined ? 1 : 0]],
    ];
  },
};

/** A number, a word, or what follows a hyphen or a change between the two. */
type Item = string | readonly Item[];

const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const ALIASES: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
const SHORT: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };
/** Hyphens nest lists: no version has more. */
const LONGEST_PART = 256;

function compareMaven(a: string, b: string): number {
  return compareItems(itemsOf(a), itemsOf(b));
}

function itemsOf(version: string): readonly Item[] {
  const root: Item[] = [];
  const lists = [root];
  let list = root;
  const nest = (): void => {
    const inner: Item[] = [];
    list.push(inner);
    list = inner;
    lists.push(inner);
  };
  let wasMark = true;
  const text = version.slice(0, LONGEST_PART).toLowerCase();
  for (const [token] of text.matchAll(/\d+|[^\d.-]+|[.-]/g)) {
    const isMark = token === '.' || token === '-';
    if (isMark && wasMark) list.push('0');
    if (token === '-' || (!isMark && !wasMark)) nest();
    if (!isMark) list.push(token);
    wasMark = isMark;
  }
  for (const one of lists)
    for (const [i, item] of one.entries())
      if (isWord(item)) {
        const next = one[i + 1];
        // A letter before a digit is short for a word.
        const isBeforeNumber = Array.isArray(next) && isNumber((next as Item[])[0]);
        const long = isBeforeNumber ? (SHORT[item] ?? item) : item;
        one[i] = ALIASES[long] ?? long;
      }
  for (const one of lists.reverse()) normalize(one);
  return root;
}

function isNumber(item: Item | undefined): item is string {
  return typeof item === 'string' && /^\d/.test(item);
}

function isWord(item: Item): item is string {
  return typeof item === 'string' && !/^\d/.test(item);
}

/** What means nothing goes from the end of a list, over the lists in it. */
function normalize(list: Item[]): void {
  for (let i = list.length - 1; i >= 0; i--) {
    const item = list[i] ?? '';
    if (item.length === 0 || (isNumber(item) && /^0+$/.test(item))) list.splice(i, 1);
    else if (typeof item === 'string') break;
  }
}

function compareItems(a: readonly Item[], b: readonly Item[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [a[i], b[i]];
    const order =
      one === undefined
        ? -againstNothing(other ?? '')
        : other === undefined
          ? againstNothing(one)
          : compareItem(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

function againstNothing(item: Item): number {
  if (isNumber(item)) return byNumber(item, '');
  if (isWord(item)) return compareWords(item, '');
  return item.map(againstNothing).find((order) => order !== 0) ?? 0;
}

/** Numbers after lists, lists after words. */
function compareItem(a: Item, b: Item): number {
  const kindOf = (item: Item): number => (isNumber(item) ? 2 : isWord(item) ? 0 : 1);
  const order = kindOf(a) - kindOf(b);
  if (order !== 0) return order;
  if (isNumber(a) && isNumber(b)) return byNumber(a, b);
  if (isWord(a) && isWord(b)) return compareWords(a, b);
  return compareItems(a as readonly Item[], b as readonly Item[]);
}

/** Known words in their order, then others by alphabet. */
function compareWords(a: string, b: string): number {
  const [one, other] = [QUALIFIERS.indexOf(a), QUALIFIERS.indexOf(b)];
  if (one >= 0 && other >= 0) return one - other;
  if (one < 0 && other < 0) return byCodeUnit(a, b);
  return one < 0 ? 1 : -1;
}

const LONGEST = 1024;

export const VERSION_ORDERS: Readonly<Record<Package['type'], VersionOrder>> = {
  deb: bounded(orderOf(DPKG)),
  apk: bounded(orderOf(APK)),
  rpm: bounded(orderOf(RPM)),
  nix: bounded(orderOf(DPKG)), // no database has them
  npm: bounded(orderOf(SEMVER)),
  pypi: bounded(orderOf(PEP440)),
  golang: bounded(orderOf(SEMVER)),
  maven: bounded(compareMaven),
  gem: bounded(orderOf(GEM)),
  composer: bounded(orderOf(COMPOSER)),
  cargo: bounded(orderOf(SEMVER)),
  nuget: bounded(orderOf(NUGET)),
};

function bounded(order: VersionOrder): VersionOrder {
  return (a, b) => order(a.slice(0, LONGEST), b.slice(0, LONGEST));
}
