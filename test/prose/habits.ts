/** A habit that makes a sentence hard to read, and what to write instead. */
export type Habit = { readonly name: string; readonly pattern: RegExp; readonly better: string };

export const HABITS: readonly Habit[] = [
  {
    name: 'is no X',
    pattern:
      /\b(?:is|are|was|were|be|names?|holds?|knows?|says?|states?|tells?|finds?|takes?|gives?|reads?) no (?!longer\b|more than\b|less than\b|fewer than\b)\w+/i,
    better: 'is not a X, does not have X',
  },
  {
    name: 'old verbs',
    pattern:
      /\b(?:mend(?:s|ed|ing)?|settle[sd]?|settling|heed(?:s|ed|ing)?|tells?|told|telling|stands? (?:on|in|for|behind|where)|stood|(?:takes?|took|taken|taking) out|hand(?:s|ed|ing)? (?:in|on|over|out))\b/i,
    better: 'fix, check, follow, say, use, mean, remove, pass',
  },
  { name: 'hold', pattern: /\b(?:holds?|held|holding)\b/i, better: 'contain, keep, pin, enforce' },
  {
    name: 'clause as a noun',
    pattern:
      /\b(?:whoever|whosoever|(?:to|for|from|by|of) who (?!is\b)\w+|who (?:builds|breaks)\b)/i,
    better: 'anyone who, an attacker, packages with',
  },
  {
    name: 'in place of',
    pattern:
      /\b(?:in (?:its |their )?place of|anew|(?:by|of) (?:itself|themselves)|wherefore|whence|thereby|thereof|wherein|amid|lest|save for|forth|aught|naught)\b/i,
    better: 'instead of, again, automatically',
  },
  {
    name: 'leads to',
    pattern: /\b(?:leads?|led) (?:to|nowhere|somewhere)\b/i,
    better: 'points to',
  },
  { name: 'looked at', pattern: /\blook(?:s|ed|ing)? (?:at|into)\b/i, better: 'checked' },
  {
    name: 'not there',
    pattern: /\b(?:(?:is|are|was|were) not there|there (?:is|are|was|were) no|not at hand)\b/i,
    better: 'not found, no such file',
  },
  {
    name: 'a count of one',
    pattern: /\bVALUE (?:differences|executables|places|files checked)\b/,
    better: "quantity(count, 'difference')",
  },
  {
    name: 'British spelling',
    pattern:
      /\b\w*(?:normalis|recognis|serialis|initialis|canonicalis|organis|authoris|optimis(?!t)|minimis|summaris|customis|utilis|synchronis|categoris|emphasis(?!\b))\w*|\b(?:colour|behaviour|favour|honour|neighbour|licence|catalogue|cancelled|cancelling|labelled|labelling|modelled|travelled|signalled|centre|grey|artefact|defence|offence|analyse|programme|whilst|amongst|towards|judgement|learnt|spelt|misspelt|burnt|fulfil|afterwards|backwards)(?:s|d|ed|ing|able)?\b/i,
    better: 'American spelling',
  },
];

/** The longest sentence that people read, in words. */
const SENTENCE_WORDS = 30;

/** The words of a sentence: runs between spaces that have a letter or a digit. */
function words(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** Sentences of a text: they end at `.`, `!` or `?` before a space, and at a line's end. */
export function sentences(text: string): readonly string[] {
  return text
    .split(/\n+|(?<=[.!?]["”’)*]*)\s+/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** The habits that a text has: the name of each, and the words that show it. */
export function findHabits(text: string): readonly string[] {
  return HABITS.flatMap(({ name, pattern, better }) => {
    const match = pattern.exec(text);
    return match === null ? [] : [`${name} (${better}): ${match[0]}`];
  });
}

/** The sentences of a text that are too long, each with its number of words and its beginning. */
export function longSentences(text: string): readonly string[] {
  // A list of names, such as those of programs, has no punctuation.
  if (!/\w[,.;:!?](?:\s|$)/.test(text)) return [];
  return sentences(text)
    .filter((sentence) => words(sentence) > SENTENCE_WORDS)
    .map((sentence) => `${String(words(sentence))} words: ${sentence.slice(0, 60)}`);
}
