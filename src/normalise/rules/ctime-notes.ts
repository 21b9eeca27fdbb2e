import { timeOfWords, wordsOfTime } from '../date-words.ts';
import { pathPattern } from '../path-pattern.ts';
import type { RewriteRule } from '../rule.ts';

const LARGEST = 1024 * 1024;
const isMeant = pathPattern('var/spool/cron/crontabs/*', '**/perllocal.pod');

/** Crontab's own comment line or perl's heading, with a ctime(3) time in UTC, as in containers. */
const NOTE =
  /^(# \([^\n]* installed on |=head2 )[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}:\d{2}:\d{2}) (\d{4})(?=\)$|: C<)/gm;

/**
 * The name of a temporary file in that comment, as Ansible’s cron module has it; crontab writes `-`
 * for what it reads from a pipe.
 */
const TEMPORARY = /^# \((?:\/var)?\/tmp\/[^\n]*(?= installed on )/gm;

export const ctimeNotes: RewriteRule = {
  id: 'ctime-notes',
  touches:
    'Notes of when something was installed, where they are later than the epoch: the comment that crontab puts over a table (var/spool/cron/crontabs), headings of perl’s list of modules (perllocal.pod). In that comment, the name of a temporary file becomes `-`.',
  safeBecause: 'Both are for people; cron skips comments, and nothing reads the list.',
  answers: 'Dates that installers note',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path, entry }) => entry.size <= LARGEST && isMeant(path),
  rewrite: (bytes, { epoch }) => {
    // latin-1 keeps every byte.
    const before = Buffer.from(bytes).toString('latin1');
    const after = before
      .replace(TEMPORARY, '# (-')
      .replace(
        NOTE,
        (line, start: string, month: string, day: string, time: string, year: string) =>
          timeOfWords({ month, day, time, year }) > epoch * 1000 ? `${start}${ctime(epoch)}` : line,
      );
    return after === before ? undefined : Buffer.from(after, 'latin1');
  },
};

function ctime(epoch: number): string {
  const { weekday, month, day, time, year } = wordsOfTime(epoch, ' ');
  return `${weekday} ${month} ${day} ${time} ${year}`;
}
