import { secretName } from '../../model/secret-names.ts';
import { maskText } from '../mask.ts';
import type { Scanned } from './scan-arguments.ts';

/** Where the result goes and how it is shown: a command for the same image says that itself. */
const OF_ONE_RUN = new Set(
  'output load push iidfile metadata-file progress quiet no-cache pull cache-to report json verbose review interactive dry-run min-level min-grade'.split(
    ' ',
  ),
);

/**
 * The words behind `scoville build` that make the same image, for a command that is printed to be
 * pasted; undefined where they would show a secret, or are not known to suffice: no name (`-t`), a
 * context from stdin, a flag that no table names.
 */
export function buildAgain(scanned: readonly Scanned[]): readonly string[] | undefined {
  const words: string[] = [];
  for (const part of scanned) {
    const word = wordsOf(part);
    if (word === undefined) return undefined;
    words.push(...word);
  }
  const isNamed = scanned.some((one) => one.kind === 'flag' && one.spec.name === 'tag');
  return isNamed ? words : undefined;
}

function wordsOf(part: Scanned): readonly string[] | undefined {
  if (part.kind === 'positional')
    return part.text === '-' || /:\/\/[^/]*@/.test(part.text) ? undefined : [part.text];
  if (part.kind !== 'flag') return undefined;
  const { spec, value } = part;
  if (OF_ONE_RUN.has(spec.name)) return [];
  const [name = ''] = value.split('=', 1);
  if (
    spec.name === 'build-arg' &&
    value.includes('=') &&
    secretName(name, 'possible') !== undefined
  )
    return undefined;
  if (spec.name === 'key' && maskText(value) !== value) return undefined;
  if (spec.kind === 'bool')
    return [value === 'true' ? `--${spec.name}` : `--${spec.name}=${value}`];
  if (spec.bare !== undefined) return [`--${spec.name}=${value}`];
  return [spec.short === undefined ? `--${spec.name}` : `-${spec.short}`, value];
}
