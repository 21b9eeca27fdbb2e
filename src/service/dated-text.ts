import { quantity } from '../lib/text.ts';
import { DAY_MS } from '../lib/time.ts';

/** Times that the words of a scorecard contain. */
export type GradeTimes = { readonly gradedAt: Date } & {
  readonly [At in 'advisoriesAt' | 'builtAt']?: Date | undefined;
};

/** Characters that JSON always escapes, so that no document has them. */
const [TIME, DAY, AGE] = ['\x01', '\x02', '\x03'];

/**
 * JSON of a scorecard without the words that change each day: date of the advisories, age of the
 * image. A grade that finds the same then has the same document. `datedText` puts them back.
 */
export function undatedText(json: string, times: GradeTimes): string {
  const marks = new Map(marksOf(times).map(([mark, words]) => [words, mark]));
  // At once: each pass over a large text takes as long as to write it.
  const any = [...marks.keys()].join('|').replaceAll('.', '\\.') || '$';
  return json.replaceAll(new RegExp(any, 'g'), (words) => marks.get(words) ?? words);
}

export function datedText(json: string, times: GradeTimes): string {
  return marksOf(times).reduce((text, [mark, words]) => text.replaceAll(mark, words), json);
}

function marksOf({ gradedAt, advisoriesAt, builtAt }: GradeTimes): readonly [string, string][] {
  const time = advisoriesAt?.toISOString();
  const days = builtAt && Math.floor((gradedAt.getTime() - builtAt.getTime()) / DAY_MS);
  // As the criterion `recently-updated` says it.
  const age = days && days > 0 ? `built ${quantity(days, 'day')} ago` : 'built today';
  const words = [time, time?.slice(0, 10), builtAt && age];
  return [TIME, DAY, AGE].flatMap((mark, i): [string, string][] => {
    const of = words[i];
    return of === undefined ? [] : [[mark, of]];
  });
}
