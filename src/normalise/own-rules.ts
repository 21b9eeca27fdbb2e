import { pathPattern } from './path-pattern.ts';
import { type PathRule, pathRule, type TimeRule } from './rule.ts';
import { isStamped } from './rules/times.ts';

/** The user's own rules of .scoville.yaml, by path patterns (`*`, `?`, `**`). */
export interface OwnRules {
  /** Files to leave out, and to empty. */
  readonly drop?: readonly string[];
  readonly empty?: readonly string[];
  /** Times of entries: `epoch`, or RFC 3339 in UTC (a day is its start). The first pattern that fits decides. */
  readonly time?: Readonly<Record<string, string>>;
}

const FACTS = {
  safeBecause: 'The user asked for it.',
  answers: 'What the user knows of the image',
  mode: 'safe',
} as const;

/** The rules that drop and empty: they come before all others. */
export function ownPathRules(own: OwnRules): readonly PathRule[] {
  return (['drop', 'empty'] as const).flatMap((kind) => {
    const patterns = own[kind] ?? [];
    if (patterns.length === 0) return [];
    return pathRule({
      ...FACTS,
      id: `own-${kind}`,
      touches: `Files that reproducible.${kind} in .scoville.yaml names.`,
      kind,
      files: patterns,
    });
  });
}

/** The rule that sets times: it comes after the one that normalises them, whose word stands where other files hold the time. */
export function ownTimeRules(own: OwnRules): readonly TimeRule[] {
  const times = Object.entries(own.time ?? {}).map(([pattern, text]) => ({
    isMeant: pathPattern(pattern),
    seconds: secondsOf(text),
  }));
  if (times.length === 0) return [];
  return [
    {
      ...FACTS,
      id: 'own-time',
      touches: 'Times of entries that reproducible.time in .scoville.yaml names.',
      kind: 'times',
      retime: (entry, { path, epoch }) => {
        const found = times.find(({ isMeant }) => isMeant(path));
        if (found === undefined || isStamped(path, entry)) return entry;
        return { ...entry, mtime: found.seconds ?? epoch };
      },
    },
  ];
}

/** Undefined for `epoch`. */
function secondsOf(text: string): number | undefined {
  const milliseconds = Date.parse(text);
  return Number.isFinite(milliseconds) ? Math.floor(milliseconds / 1000) : undefined;
}
