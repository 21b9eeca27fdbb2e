import type { SourceInstruction, Span } from '../../../model/dockerfile-source.ts';
import type { ExternalImage } from '../../../model/dockerfile.ts';
import type { FixInput } from '../../../model/fix-rule.ts';

/** A reference as it stands in the file, with the image that it means. */
export interface ImagePlace extends Span {
  /** As written, variables and all. */
  readonly text: string;
  readonly image: ExternalImage;
  readonly line: number;
}

const COPY_FROM = /^--from=(["']?)([^"']+)\1$/;
const MOUNT_FROM = /^--mount=(.*)$/;

/** Stretches of an instruction's text in which it names an image, without quotes. */
function named(instruction: SourceInstruction): readonly { text: string; start: number }[] {
  const { keyword, text, flagsAt, argumentsAt, words } = instruction;
  if (keyword === 'FROM') {
    const [first] = words;
    return first === undefined ? [] : [unquoted(first)];
  }
  const flags = [...text.slice(flagsAt, argumentsAt).matchAll(/\S+/g)].map((found) => ({
    text: found[0],
    start: flagsAt + found.index,
  }));
  return flags.flatMap((flag) => {
    const copy = COPY_FROM.exec(flag.text);
    if (copy !== null && keyword !== 'RUN')
      return [{ text: copy[2] ?? '', start: flag.start + flag.text.indexOf(copy[2] ?? '', 7) }];
    if (keyword !== 'RUN' || !MOUNT_FROM.test(flag.text)) return [];
    return [...flag.text.matchAll(/[=,]from=([^,\s"']+)/g)].map((found) => ({
      text: found[1] ?? '',
      start: flag.start + found.index + '=from='.length,
    }));
  });
}

function unquoted({ text, start }: { text: string; start: number }): {
  text: string;
  start: number;
} {
  const inner = /^(["'])(.*)\1$/.exec(text)?.[2];
  return inner === undefined ? { text, start } : { text: inner, start: start + 1 };
}

/** Every place where the Dockerfile names an image from outside that the target reaches. */
export function imagePlaces({ source, model }: FixInput): readonly ImagePlace[] {
  const places = source.instructions.flatMap((instruction): readonly ImagePlace[] => {
    const here = model.externalImages.filter(
      ({ kind, range }) => range.startLine === instruction.line && kind !== 'syntax',
    );
    // An instruction names its images in the order in which the model has them.
    const left = [...here];
    return named(instruction).flatMap(({ text, start }) => {
      const isVariable = text.includes('$');
      const at = left.findIndex((image) => isVariable || image.text === text);
      const [image] = at < 0 ? [] : left.splice(at, 1);
      if (image === undefined) return [];
      const { line } = instruction;
      return [{ ...instruction.place(start, start + text.length), text, image, line }];
    });
  });
  const { syntax } = source;
  if (syntax === undefined || model.syntax === undefined) return places;
  const line = model.syntax.range.startLine;
  return [{ ...syntax, image: model.syntax, line }, ...places];
}
