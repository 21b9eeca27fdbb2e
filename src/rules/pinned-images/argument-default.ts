import type { SourceInstruction, Span } from '../../model/dockerfile-source.ts';
import type { FixInput } from '../../model/fix-rule.ts';

/** The default of an ARG before the first FROM, if it alone decides the end of a reference. */
type ArgumentDefault =
  | {
      readonly ok: true;
      readonly name: string;
      readonly span: Span;
      readonly instruction: SourceInstruction;
    }
  | { readonly ok: false; readonly reason: string };

const WHOLE_TAIL = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))$/;

/** Uses of a variable, and declarations that hand it into a stage. */
function usesOf(name: string, text: string): number {
  return [...text.matchAll(new RegExp(`\\$(?:\\{${name}\\b|${name}\\b)`, 'g'))].length;
}

/**
 * Where a reference that ends with a variable can be given a digest: at the ARG's default, so that
 * another value given by `--build-arg` still counts. Says why not, where the default does not
 * decide, or decides more than this.
 */
export function argumentDefault(
  written: string,
  { source }: FixInput,
  buildArgs: (name: string) => boolean,
): ArgumentDefault {
  const tail = WHOLE_TAIL.exec(written);
  const name = tail?.[1] ?? tail?.[2];
  if (name === undefined)
    return {
      ok: false,
      reason: `${written} does not end with an ARG: a digest after it would pin every value of the ARG`,
    };
  if (buildArgs(name)) return { ok: false, reason: `${name} is given by --build-arg` };
  const declarations = source.instructions.flatMap((instruction) =>
    instruction.keyword === 'ARG'
      ? instruction.words
          .filter(({ text }) => text === name || text.startsWith(`${name}=`))
          .map((word) => ({ instruction, word }))
      : [],
  );
  const [first, ...others] = declarations;
  if (first?.instruction.stage !== undefined || first === undefined)
    return { ok: false, reason: `${name} has no default before the first FROM` };
  if (others.length > 0) return { ok: false, reason: `${name} is declared more than once` };
  const outside = source.instructions.filter(
    ({ keyword, words }) =>
      keyword !== 'FROM' || words[0]?.text.replace(/^["']|["']$/g, '') !== written,
  );
  if (outside.some(({ start, end }) => usesOf(name, source.text.slice(start, end)) > 0))
    return { ok: false, reason: `${name} is used elsewhere too` };
  const value = first.word.text.slice(name.length + 1);
  const quote = /^(["']).*\1$/.test(value) ? 1 : 0;
  if (value.length <= 2 * quote) return { ok: false, reason: `${name} has no default` };
  const from = first.word.start + name.length + 1 + quote;
  const span = first.instruction.place(from, from + value.length - 2 * quote);
  return { ok: true, name, span, instruction: first.instruction };
}
