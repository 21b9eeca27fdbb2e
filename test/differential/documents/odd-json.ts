import type { Random } from '../random.ts';

/**
 * JSON as it is written, so that it can be written oddly: members in order, keys free to repeat.
 * Texts hold bytes (latin1).
 */
export type Members = readonly (readonly [key: string, value: string | Members])[];

/** The text of the members, whose keys are in UTF-8. */
export function textOf(value: string | Members): string {
  if (typeof value === 'string') return value;
  return `{${value.map(([key, member]) => `"${bytesOf(key)}":${textOf(member)}`).join(',')}}`;
}

export function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** What JSON of Go's and JavaScript's readers may take in another way. */
const ODD = [
  ...['null', '""', '[]', '{}', '0', '1.0', '1e0', '-0', 'true', '"\\ud800"', '"a\\u0000b"'],
  ...['"\xff"', '"\\u017f"', '[null]', '{"a":null}', '["a",null]', '"/bin/sh"', '9007199254740993'],
];

/**
 * The members with one or two oddities: a key again with another value, a key in other letters
 * (Go's folding included) in its place or beside it, another value, none. `other` gives another
 * proper value of a key where there is one.
 */
export function odd(
  random: Random,
  members: Members,
  other: (key: string) => string | undefined,
): Members {
  let made = [...members];
  for (let left = random.chance(70) ? 1 : 2; left > 0; left -= 1) {
    const at = random.below(made.length);
    const member = made[at];
    if (member === undefined) return made;
    const [key, value] = member;
    const proper = other(key) ?? textOf(value);
    const instead = random.chance(60) ? proper : random.pick(ODD);
    switch (random.below(6)) {
      case 0:
        made.splice(random.below(made.length + 1), 0, [key, instead]);
        break;
      case 1:
        made.splice(random.below(made.length + 1), 0, [respelled(random, key), instead]);
        break;
      case 2:
        made[at] = [respelled(random, key), value];
        break;
      case 3:
        made[at] = [key, instead];
        break;
      case 4:
        made = made.filter((_, i) => i !== at);
        break;
      default:
        if (typeof value !== 'string') made[at] = [key, odd(random, value, other)];
    }
  }
  return made;
}

function respelled(random: Random, key: string): string {
  const letters = Array.from(key);
  const at = random.below(Math.max(1, letters.length));
  const letter = letters[at] ?? '';
  const folded = { s: '\u017f', k: '\u212a' }[letter.toLowerCase()];
  const swapped = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  letters[at] = folded !== undefined && random.chance(70) ? folded : swapped;
  return random.chance(20)
    ? key.toUpperCase()
    : random.chance(20)
      ? key.toLowerCase()
      : letters.join('');
}
