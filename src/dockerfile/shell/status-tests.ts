import type { Pipeline } from './syntax-tree.ts';

/** The words of a pipeline that is one simple command, literal where known; else undefined. */
export function simpleOf(pipeline: Pipeline): readonly string[] | undefined {
  const [only, ...others] = pipeline.elements;
  if (only?.kind !== 'simple' || others.length > 0) return undefined;
  return only.words.map(({ text, parts }) => {
    const [literal] = parts;
    return parts.length === 1 && literal?.kind === 'literal' ? literal.value : text;
  });
}

/** What a test of `$?` answers after a command that failed; undefined for another command. */
export function testsStatus(pipeline: Pipeline): boolean | undefined {
  const words = simpleOf(pipeline)?.map((word) => word.replaceAll('"', ''));
  const test = /^(?:\[\[? \$\? (\S+) 0 \]\]?|test \$\? (\S+) 0)$/.exec(words?.join(' ') ?? '');
  const operator = test?.[1] ?? test?.[2] ?? '';
  if (/^(?:-eq|==?)$/.test(operator)) return pipeline.negated;
  return /^(?:-ne|!=|-gt)$/.test(operator) ? !pipeline.negated : undefined;
}
