import { pathPattern } from '../path-pattern.ts';
import type { RewriteRule } from '../rule.ts';

/** Bytes: larger files are not read. */
const LARGEST = 1024 * 1024;
export const LARGEST_RECORD = 16 * LARGEST;

/** The bytes with `edit` done to their text; undefined where it changes nothing. */
export function edited(bytes: Uint8Array, edit: (text: string) => string): Uint8Array | undefined {
  // latin-1 keeps every byte.
  const before = Buffer.from(bytes).toString('latin1');
  const after = edit(before);
  return after === before ? undefined : Buffer.from(after, 'latin1');
}

const DAYS = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ');
/** As English names them, short, from January on. */
export const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** A time in UTC as its words have it: `Nov`, `25`, `15:05:43`, `2026`. */
interface DateWords {
  readonly month: string;
  readonly day: string;
  readonly time: string;
  readonly year: string;
}

/** Milliseconds since 1970; not a number where the words are no date. */
function timeOfWords({ month, day, time, year }: DateWords): number {
  const [hour, minute, second] = time.split(':').map(Number);
  const index = MONTHS.indexOf(month);
  if (index < 0) return NaN;
  return Date.UTC(Number(year), index, Number(day), hour, minute, second);
}

/** The words for a time in seconds, and its weekday; `pad` goes before days under ten. */
function wordsOfTime(seconds: number, pad: '0' | ' '): DateWords & { readonly weekday: string } {
  const at = new Date(seconds * 1000);
  const [, time = ''] = /T(.{8})/.exec(at.toISOString()) ?? [];
  return {
    weekday: DAYS[at.getUTCDay()] ?? '',
    month: MONTHS[at.getUTCMonth()] ?? '',
    day: String(at.getUTCDate()).padStart(2, pad),
    time,
    year: String(at.getUTCFullYear()),
  };
}

const FILES = new Set(['etc/shadow', 'etc/shadow-']);
const SECONDS_A_DAY = 86_400;
/** shadow(5): a password with a lower maximum ages, and an earlier date would end it earlier. */
const NEVER_AGES = 10_000;

export const shadowDates: RewriteRule = {
  id: 'shadow-dates',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => FILES.has(path),
  rewrite: (bytes, { epoch }) => {
    const day = Math.floor(epoch / SECONDS_A_DAY);
    return edited(bytes, (text) =>
      text
        .split('\n')
        .map((line) => withDay(line, day))
        .join('\n'),
    );
  },
};

function withDay(line: string, day: number): string {
  const fields = line.split(':');
  const [, , changed = '', , age = ''] = fields;
  if (!/^\d{1,9}$/.test(changed) || Number(changed) <= day) return line;
  if (age !== '' && Number(age) < NEVER_AGES) return line;
  fields[2] = String(day);
  return fields.join(':');
}

const isProperties = (path: string): boolean =>
  /(?:\.properties|\/_remote\.repositories|\.lastUpdated)$/.test(path);

/** java.util.Date in the comment that Properties.store writes; in UTC, as containers have it. */
const COMMENT =
  /^#(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) ([A-Z][a-z]{2}) (\d{2}) (\d{2}:\d{2}:\d{2}) (UTC|GMT|Z) (\d{4})(\r?)$/gm;
/** Maven's resolver: when it last looked for a newer version, in milliseconds. */
const LAST_UPDATED = /^(\S*\.?lastUpdated=)(\d{13})(\r?)$/gm;

export const propertiesDates: RewriteRule = {
  id: 'properties-dates',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path, entry }) => entry.size <= LARGEST && isProperties(path),
  rewrite: (bytes, { epoch, path }) =>
    edited(bytes, (text) => {
      const dated = text.replace(
        COMMENT,
        (
          line,
          month: string,
          day: string,
          time: string,
          zone: string,
          year: string,
          end: string,
        ) =>
          timeOfWords({ month, day, time, year }) > epoch * 1000
            ? `#${dateText(epoch, zone)}${end}`
            : line,
      );
      return /(?:resolver-status\.properties|\.lastUpdated)$/.test(path)
        ? dated.replace(LAST_UPDATED, (line, key: string, time: string, end: string) =>
            Number(time) > epoch * 1000 ? `${key}${epoch * 1000}${end}` : line,
          )
        : dated;
    }),
};

function dateText(epoch: number, zone: string): string {
  const { weekday, month, day, time, year } = wordsOfTime(epoch, '0');
  return `${weekday} ${month} ${day} ${time} ${zone} ${year}`;
}

const hasNote = pathPattern('var/spool/cron/crontabs/*', '**/perllocal.pod', 'etc/fpc*.cfg');

/** Crontab's own comment line or perl's heading, with a ctime(3) time in UTC, as in containers. */
const NOTE =
  /^(# \([^\n]* installed on |=head2 )[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}:\d{2}:\d{2}) (\d{4})(?=\)$|: C<)/gm;

/**
 * The name of a temporary file in that comment, as Ansible’s cron module has it; crontab writes `-`
 * for what it reads from a pipe.
 */
const TEMPORARY = /^# \((?:\/var)?\/tmp\/[^\n]*(?= installed on )/gm;

/** Day, month and year of two digits. Free Pascal asks the kernel for the time itself. */
const OF_PASCAL =
  /^(# Config file generated by fpcmkcfg on )(\d\d)-(\d\d)-(\d\d) - (\d\d:\d\d:\d\d)$/m;

export const ctimeNotes: RewriteRule = {
  id: 'ctime-notes',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path, entry }) => entry.size <= LARGEST && hasNote(path),
  rewrite: (bytes, { epoch }) =>
    edited(bytes, (before) =>
      before
        .replace(TEMPORARY, '# (-')
        .replace(
          NOTE,
          (line, start: string, month: string, day: string, time: string, year: string) =>
            timeOfWords({ month, day, time, year }) > epoch * 1000
              ? `${start}${ctime(epoch)}`
              : line,
        )
        .replace(
          OF_PASCAL,
          (line, start: string, day: string, month: string, year: string, time) =>
            Date.parse(`20${year}-${month}-${day}T${time}Z`) > epoch * 1000
              ? `${start}${pascal(epoch)}`
              : line,
        ),
    ),
};

function ctime(epoch: number): string {
  const { weekday, month, day, time, year } = wordsOfTime(epoch, ' ');
  return `${weekday} ${month} ${day} ${time} ${year}`;
}

function pascal(epoch: number): string {
  const [, year, month, day, time] =
    /^\d\d(\d\d)-(\d\d)-(\d\d)T(.{8})/.exec(new Date(epoch * 1000).toISOString()) ?? [];
  return `${day}-${month}-${year} - ${time}`;
}

const CACHE_INFO = /\.dist-info\/uv_cache\.json$/;
const RECORD = /\.dist-info\/RECORD$/;

export const uvRecord: RewriteRule = {
  id: 'uv-record',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path, entry }) =>
    entry.size <= LARGEST_RECORD && (CACHE_INFO.test(path) || RECORD.test(path)),
  rewrite: (bytes, { epoch, path }) =>
    edited(bytes, (before) =>
      RECORD.test(path)
        ? before.replace(
            /^([^\r\n\u2028\u2029,]*\.dist-info\/uv_cache\.json),[^\r\n,]+,\d+/gm,
            '$1,,',
          )
        : before.replace(
            /("secs_since_epoch": ?)(\d+)(, ?"nanos_since_epoch": ?)\d+/g,
            (text, secs: string, time: string, nanos: string) =>
              Number(time) > epoch ? `${secs}${epoch}${nanos}0` : text,
          ),
    ),
};
