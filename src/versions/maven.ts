import { byCodeUnit } from '../model/order.ts';
import { byNumber } from './numbers.ts';

/** A number, a word, or what follows a hyphen or a change between the two. */
type Item = { readonly number: string } | { readonly word: string } | readonly Item[];

const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const ALIASES: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
const SHORT: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };
/** Hyphens nest lists: no version has more. */
const LONGEST_PART = 256;

/** Orders two versions of Java packages as Maven does (`ComparableVersion`). */
export function compareMaven(a: string, b: string): number {
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
