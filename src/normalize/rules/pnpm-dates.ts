import { rewriteRule } from '../rule.ts';
import { edited, LARGEST_RECORD } from './text-dates.ts';

/** Files with a key for a time, and the seconds that the time must lie before the epoch. */
const NOTES = [
  { path: /(?:^|\/)node_modules\/\.modules\.yaml$/, key: 'prunedAt', before: 0 },
  {
    path: /(?:^|\/)node_modules\/\.pnpm-workspace-state(?:-v\d+)?\.json$/,
    key: 'lastValidatedTimestamp',
    before: 1,
  },
  {
    path: /(?:^|\/)(?:\.pnpm-store|pnpm\/store)\/v\d+\/(?:index|files)\/.+\.json$/,
    key: 'checkedAt',
    before: 0,
  },
  { path: /(?:^|\/)\.cache\/pnpm\/metadata[^/]*\/.+\.jsonl?$/, key: 'cachedAt', before: 0 },
  { path: /(?:^|\/)\.local\/state\/pnpm\/pnpm-state\.json$/, key: 'lastUpdateCheck', before: 0 },
];

export const pnpmDates = rewriteRule('pnpm-dates', 'safe', {
  applies: ({ path, entry }) =>
    entry.size <= LARGEST_RECORD && NOTES.some((note) => note.path.test(path)),
  rewrite: (bytes, { epoch, path }) => {
    const note = NOTES.find((one) => one.path.test(path));
    if (note === undefined) return undefined;
    return edited(bytes, (text) => withTime(text, note.key, epoch, epoch - note.before));
  },
});

/** The key’s values, in milliseconds or as Date.toUTCString has them; all times in seconds. */
function withTime(text: string, key: string, epoch: number, becomes: number): string {
  const value = new RegExp(
    `("?${key}"?: *"?)(?:(\\d{13})(?!\\d)|([A-Z][a-z]{2}, \\d{2} [A-Z][a-z]{2} \\d{4} \\d{2}:\\d{2}:\\d{2} GMT))`,
    'g',
  );
  return text.replace(
    value,
    (whole, name: string, time: string | undefined, date: string | undefined) => {
      const at = date === undefined ? Number(time) : Date.parse(date);
      if (!(at > epoch * 1000)) return whole;
      return `${name}${date === undefined ? becomes * 1000 : new Date(becomes * 1000).toUTCString()}`;
    },
  );
}
