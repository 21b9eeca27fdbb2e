import { byCodeUnit } from '../model/order.ts';
import { byNumber } from './numbers.ts';

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
export function compareApk(a: string, b: string): number {
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
