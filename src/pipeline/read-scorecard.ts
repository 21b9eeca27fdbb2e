import { type Outcome, VECTORS } from '../model/criterion.ts';
import { messageOf, UserError } from '../model/errors.ts';
import { isObject } from '../model/json-value.ts';
import { type Scorecard, GRADES } from '../model/scorecard.ts';
import { readJsonFile } from './read-json-file.ts';

const OUTCOMES: readonly Outcome[] = ['pass', 'fail', 'unknown', 'not-applicable'];

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => Number.isInteger(value);
const isOneOf =
  (list: readonly unknown[]): Check =>
  (value) =>
    list.includes(value);
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const hasFields =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

const isScore = hasFields({ points: isNumber, total: isNumber, grade: isOneOf(GRADES) });
const isResult = hasFields({
  ...{ id: isText, title: isText, summary: isText },
  vector: isOneOf(VECTORS),
  level: isOneOf([1, 2, 3, 4, 5]),
  outcome: isOneOf(OUTCOMES),
});
/** What a comparison reads of a scorecard (schema/scorecard-1.json). */
const isScorecard = hasFields({
  schemaVersion: isOneOf(['1']),
  ...{ image: isText, digest: isText, levelName: isText },
  level: isOneOf([0, 1, 2, 3, 4, 5]),
  overall: isScore,
  vectors: hasFields(Object.fromEntries(VECTORS.map((vector) => [vector, isScore]))),
  criteria: isListOf(isResult),
});

/** What `--report json` wrote. Throws UserError if unreadable or not this version's scorecard. */
export async function readScorecard(file: string): Promise<Scorecard> {
  let value: unknown;
  try {
    value = await readJsonFile(file);
  } catch (error) {
    throw new UserError(`the scorecard ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (isScorecard(value)) return value as Scorecard;
  throw new UserError(`${file} is not a scorecard`, {
    nextStep: `write one: scoville grade --report json=FILE IMAGE`,
  });
}
