import { timeOfWords, wordsOfTime } from '../date-words.ts';
import type { RewriteRule } from '../rule.ts';

const LARGEST = 1024 * 1024;
const isMeant = (path: string): boolean =>
  /(?:\.properties|\/_remote\.repositories|\.lastUpdated)$/.test(path);

/** java.util.Date in the comment that Properties.store writes; in UTC, as containers have it. */
const COMMENT =
  /^#(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) ([A-Z][a-z]{2}) (\d{2}) (\d{2}:\d{2}:\d{2}) (UTC|GMT|Z) (\d{4})(\r?)$/gm;
/** Maven's resolver: when it last looked for a newer version, in milliseconds. */
const LAST_UPDATED = /^(\S*\.?lastUpdated=)(\d{13})(\r?)$/gm;

export const propertiesDates: RewriteRule = {
  id: 'properties-dates',
  touches:
    'Files of java.util.Properties (*.properties, Maven’s _remote.repositories and ' +
    '*.lastUpdated, up to 1 MiB). A date later than the epoch in a comment of its own ' +
    'becomes the epoch. So does lastUpdated, the time of Maven’s last check for a newer ' +
    'version.',
  safeBecause:
    'Comments are not read. Maven looks again after a day in any case; an earlier look is the same to an image that is older than that.',
  answers: 'Dates in properties files',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path, entry }) => entry.size <= LARGEST && isMeant(path),
  rewrite: (bytes, { epoch, path }) => {
    // latin-1 keeps every byte.
    const before = Buffer.from(bytes).toString('latin1');
    const dated = before.replace(
      COMMENT,
      (line, month: string, day: string, time: string, zone: string, year: string, end: string) =>
        timeOfWords({ month, day, time, year }) > epoch * 1000
          ? `#${dateText(epoch, zone)}${end}`
          : line,
    );
    const after = /(?:resolver-status\.properties|\.lastUpdated)$/.test(path)
      ? dated.replace(LAST_UPDATED, (line, key: string, time: string, end: string) =>
          Number(time) > epoch * 1000 ? `${key}${epoch * 1000}${end}` : line,
        )
      : dated;
    return after === before ? undefined : Buffer.from(after, 'latin1');
  },
};

function dateText(epoch: number, zone: string): string {
  const { weekday, month, day, time, year } = wordsOfTime(epoch, '0');
  return `${weekday} ${month} ${day} ${time} ${zone} ${year}`;
}
