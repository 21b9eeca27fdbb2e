/** What a mode of chmod, install or `--chmod` does to the bits that give a file its owner's rights. */
export interface ModeChange {
  readonly sets: readonly ('setuid' | 'setgid')[];
  readonly clears: readonly ('setuid' | 'setgid')[];
}

const BOTH = ['setuid', 'setgid'] as const;
const CLAUSE = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/;

/** True for a word that chmod takes for a mode, though it begins with a dash. */
export function isMode(word: string): boolean {
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
