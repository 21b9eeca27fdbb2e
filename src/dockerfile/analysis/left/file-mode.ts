import { fileName } from '../../../model/path.ts';

/** How a mode of chmod, install or `--chmod` changes the setuid and setgid bits. */
export interface ModeChange {
  readonly sets: readonly ('setuid' | 'setgid')[];
  readonly clears: readonly ('setuid' | 'setgid')[];
}

const BOTH = ['setuid', 'setgid'] as const;
const CLAUSE = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/;

/** True for a word that chmod takes for a mode, though it begins with a dash. */
function isMode(word: string): boolean {
  return /^[0-7]{1,5}$/.test(word) || word.split(',').every((clause) => CLAUSE.test(clause));
}

/** Reads a mode, by number or by letters; undefined where it is none. */
export function modeChange(mode: string): ModeChange | undefined {
  if (/^[0-7]{1,5}$/.test(mode)) {
    const bits = Number.parseInt(mode, 8);
    const sets = BOTH.filter((bit) => (bits & (bit === 'setuid' ? 0o4000 : 0o2000)) !== 0);
    return { sets, clears: BOTH.filter((bit) => !sets.includes(bit)) };
  }
  if (!isMode(mode)) return undefined;
  const state = new Map<'setuid' | 'setgid', boolean>();
  for (const clause of mode.split(',')) {
    const [, who = '', actions = ''] = CLAUSE.exec(clause) ?? [];
    const own = BOTH.filter(
      (bit) => who === '' || who.includes('a') || who.includes(bit === 'setuid' ? 'u' : 'g'),
    );
    for (const [, operator, letters = ''] of actions.matchAll(/([-+=])([rwxXstugo]*)/g))
      for (const bit of own)
        if (letters.includes('s')) state.set(bit, operator !== '-');
        else if (operator === '=') state.set(bit, false);
  }
  return {
    sets: BOTH.filter((bit) => state.get(bit) === true),
    clears: BOTH.filter((bit) => state.get(bit) === false),
  };
}

/**
 * The words of a chmod: the place of its mode among them, what that does, and whether it is for all
 * below. Undefined for other programs.
 */
export function chmodOf(argv: readonly string[]):
  | {
      readonly at: number;
      readonly change: ModeChange | undefined;
      readonly operands: readonly number[];
      readonly isDeep: boolean;
    }
  | undefined {
  if (fileName(argv[0] ?? '') !== 'chmod') return undefined;
  const places = argv.flatMap((word, at) =>
    at > 0 && (!word.startsWith('-') || (isMode(word) && word !== '-R')) ? [at] : [],
  );
  const [at, ...operands] = places;
  if (at === undefined) return undefined;
  const isDeep = argv.some((word) => /^(?:-[a-zA-Z]*R|--recursive)/.test(word));
  return { at, change: modeChange(argv[at] ?? ''), operands, isDeep };
}
