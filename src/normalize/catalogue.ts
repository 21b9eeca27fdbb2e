import { digestHex, digestOf } from '../model/reference.ts';
import type { ReproMode } from '../model/settings.ts';
import { pathPattern, type PathRule, pathRule, type Rule, type TimeRule } from './rule.ts';
import { gzipHeader, tarballs, tarFiles, zipDates, zipTimes } from './rules/archives.ts';
import { gitIndex, mesonIds, ninjaDeps, ninjaLog } from './rules/build-folders.ts';
import {
  berkeleyDb,
  javaTruststore,
  rpmDatabase,
  sqliteShm,
  sqliteWal,
} from './rules/databases.ts';
import { PATH_RULES } from './rules/path-rules.ts';
import { pnpmDates } from './rules/pnpm-dates.ts';
import { buildDates, freshCertificates, privateKeys, randomIds } from './rules/reports.ts';
import { bootsnapCache, fontconfigCache, isStamped, pycHeader, times } from './rules/stamps.ts';
import { ctimeNotes, propertiesDates, shadowDates, uvRecord } from './rules/text-dates.ts';

/** Goes up with anything that changes a byte that comes out: rules, tar headers, compressor. */
export const RULE_SET_VERSION = 9;

/** All rules. The first that drops or empties a file decides; rewrites and reports see the rest. */
export const RULES: readonly Rule[] = [
  times,
  ...PATH_RULES,
  shadowDates,
  pycHeader,
  gzipHeader,
  zipTimes,
  javaTruststore,
  bootsnapCache,
  fontconfigCache,
  propertiesDates,
  ctimeNotes,
  pnpmDates,
  uvRecord,
  rpmDatabase,
  sqliteShm,
  sqliteWal,
  berkeleyDb,
  ninjaLog,
  ninjaDeps,
  mesonIds,
  gitIndex,
  tarballs,
  tarFiles,
  zipDates,
  privateKeys,
  freshCertificates,
  buildDates,
  randomIds,
];

/** Rules for a layer. `id` covers all that their result depends on: for annotations and caches. */
export interface RuleSet {
  readonly id: string;
  readonly mode: ReproMode;
  readonly rules: readonly Rule[];
}

/** A mode's rules between the user's own. `off` changes no entry; the compressor is the same. */
export function ruleSet(mode: ReproMode, own: OwnRules = {}): RuleSet {
  const id = `${RULE_SET_VERSION}-${mode}`;
  if (mode === 'off') return { id, mode, rules: [] };
  const chosen = RULES.filter((rule) => mode !== 'safe' || rule.mode === 'safe');
  const before = ownPathRules(own);
  const after = ownTimeRules(own);
  return {
    id: before.length + after.length === 0 ? id : `${id}-${markOf(own)}`,
    mode,
    rules: [...before, ...chosen, ...after],
  };
}

function markOf({ drop = [], empty = [], time = {} }: OwnRules): string {
  return digestHex(digestOf(JSON.stringify([drop, empty, Object.entries(time)]))).slice(0, 12);
}

/** The user's own rules of .scoville.yaml, by path patterns (`*`, `?`, `**`). */
interface OwnRules {
  /** Files to leave out, and to empty. */
  readonly drop?: readonly string[];
  readonly empty?: readonly string[];
  /** Times of entries: `epoch`, or RFC 3339 in UTC (a day is its start). First match decides. */
  readonly time?: Readonly<Record<string, string>>;
}

/** The rules that drop and empty: they come before all others. */
function ownPathRules(own: OwnRules): readonly PathRule[] {
  return (['drop', 'empty'] as const).flatMap((kind) => {
    const patterns = own[kind] ?? [];
    if (patterns.length === 0) return [];
    return pathRule({ id: `own-${kind}`, mode: 'safe', kind, files: patterns });
  });
}

/**
 * Sets times after the rule that normalizes them. That rule wins for times that other files
 * contain.
 */
function ownTimeRules(own: OwnRules): readonly TimeRule[] {
  const times = Object.entries(own.time ?? {}).map(([pattern, text]) => ({
    isMeant: pathPattern(pattern),
    seconds: secondsOf(text),
  }));
  if (times.length === 0) return [];
  return [
    {
      id: 'own-time',
      mode: 'safe',
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
