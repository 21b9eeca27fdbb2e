import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStatement } from '../../src/trust/bundle.ts';

export const PROVENANCE_SAMPLES = [
  'buildx-0.13.1-max',
  'buildx-0.13.1-min',
  'buildkit-v1-documented',
  'buildkit-v1-early',
] as const;

/** The predicate of a sample under test/fixtures/provenance. */
export function provenanceSample(name: (typeof PROVENANCE_SAMPLES)[number]): unknown {
  const path = join(import.meta.dirname, '../fixtures/provenance', `${name}.json`);
  const statement = parseStatement(readFileSync(path));
  if (!statement.ok) throw new Error(statement.error);
  return statement.value.predicate;
}
