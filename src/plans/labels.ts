import { assignment } from '../model/assignment.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import { unquoted } from '../model/shell-word.ts';
import { stageChain } from '../model/stage-chain.ts';
import { setKey } from './user-annotations.ts';

/** LABELs of the target and of the stages it is built on; a later one wins. */
export function labelsOf(model: DockerfileModel): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const { instructions } of stageChain(model))
    for (const instruction of instructions)
      if (instruction.keyword === 'LABEL')
        for (const [key, value] of labelPairs(instruction.arguments)) setKey(labels, key, value);
  return labels;
}

/** `LABEL key=value ...`, and the old form `LABEL key words...`. */
function labelPairs(words: readonly string[]): readonly (readonly [string, string])[] {
  const [first, ...rest] = words;
  if (first === undefined) return [];
  if (!first.includes('=')) return [[unquoted(first), unquoted(rest.join(' '))]];
  return words
    .map(assignment)
    .flatMap(([key, value]) => (value === undefined ? [] : [[unquoted(key), unquoted(value)]]));
}

/** `KEY=VALUE` texts of `--label`; without `=` the value is empty, as buildx has it. */
export function labelsFromFlags(texts: readonly string[]): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const text of texts) {
    const [key, value = ''] = assignment(text);
    setKey(labels, key, value);
  }
  return labels;
}
