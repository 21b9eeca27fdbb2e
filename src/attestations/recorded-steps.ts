import type { RecordedSteps } from '../model/build-analysis.ts';
import { type JsonObject, objectOf } from '../model/json-value.ts';
import { listOf, textOf } from './untrusted-json.ts';

const MAX_STEPS = 100_000;
/** What a step fetches by itself: an ADD of an address, a git repository. */
const FETCHED = /^(?:https?|git):\/\//;

/** The recorded steps; undefined for mode=min, another builder, or more steps than anyone runs. */
export function recordedSteps(
  buildConfig: unknown,
  locations: unknown,
  dockerfile: string | undefined,
): RecordedSteps | undefined {
  const steps = objectOf(buildConfig)['llbDefinition'];
  if (!Array.isArray(steps) || steps.length > MAX_STEPS || dockerfile === undefined)
    return undefined;
  const lines = dockerfile.split('\n');
  const isInFrom = (id: string) =>
    startLines(objectOf(locations)[id]).some((line) => /^\s*FROM\b/i.test(lines[line - 1] ?? ''));
  const read = steps
    .map(objectOf)
    .map((step) => ({ id: textOf(step['id']) ?? '', ...operationOf(step) }));
  return {
    commands: read.flatMap(({ exec }) => (exec === undefined ? [] : [wordsOf(exec)])),
    fetchesInFrom: read.some(
      ({ id, source }) =>
        FETCHED.test(textOf(objectOf(source)['identifier'], 65_536) ?? '') && isInFrom(id),
    ),
  };
}

/** Go writes the operation under `Op`, by its kind. */
function operationOf(step: JsonObject): { readonly exec?: unknown; readonly source?: unknown } {
  const op = objectOf(step['op']);
  return objectOf(op['Op'] ?? op);
}

function wordsOf(exec: unknown): readonly string[] {
  const words = listOf(objectOf(objectOf(exec)['meta'])['args'], MAX_STEPS);
  return words.map((word) => textOf(word, 1024 * 1024) ?? '');
}

function startLines(value: unknown): readonly number[] {
  return listOf(objectOf(value)['locations'], 1000)
    .flatMap((place) => listOf(objectOf(place)['ranges'], 1000))
    .map((range) => Number(objectOf(objectOf(range)['start'])['line'] ?? 0));
}
