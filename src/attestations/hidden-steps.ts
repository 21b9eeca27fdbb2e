import { type JsonObject, objectOf } from '../model/json-value.ts';
import { listOf, textOf } from './untrusted-json.ts';

const MAX_STEPS = 100_000;
/** What a step fetches by itself: an ADD of an address, a git repository. */
const FETCHED = /^(?:https?|git):\/\//;

/**
 * True where the steps that BuildKit recorded (LLB, mode=max) hold one that the Dockerfile does not
 * show: a command that no RUN stands for, or a fetch in place of a FROM, which is where BuildKit
 * places the ONBUILD steps of a base image. Undefined where no steps are recorded.
 */
export function hasHiddenSteps(
  buildConfig: unknown,
  locations: unknown,
  dockerfile: string | undefined,
): boolean | undefined {
  const steps = objectOf(buildConfig)['llbDefinition'];
  if (!Array.isArray(steps) || dockerfile === undefined) return undefined;
  if (steps.length > MAX_STEPS) return true;
  const lines = dockerfile.split('\n');
  const keywordsOf = (id: string) =>
    startLines(objectOf(locations)[id]).map(
      (line) => /^\s*(\w+)/.exec(lines[line - 1] ?? '')?.[1]?.toUpperCase() ?? '',
    );
  return listOf(steps, MAX_STEPS).some((value) => {
    const step = objectOf(value);
    const { exec, source } = operationOf(step);
    const keywords = keywordsOf(textOf(step['id']) ?? '');
    if (exec !== undefined) return !keywords.includes('RUN');
    const address = textOf(objectOf(source)['identifier'], 65_536) ?? '';
    return FETCHED.test(address) && keywords.length > 0 && !keywords.some((k) => k !== 'FROM');
  });
}

/** Go writes the operation under `Op`, by its kind. */
function operationOf(step: JsonObject): JsonObject {
  const op = objectOf(step['op']);
  return objectOf(op['Op'] ?? op);
}

function startLines(value: unknown): readonly number[] {
  return listOf(objectOf(value)['locations'], 1000)
    .flatMap((place) => listOf(objectOf(place)['ranges'], 1000))
    .map((range) => Number(objectOf(objectOf(range)['start'])['line'] ?? 0));
}
