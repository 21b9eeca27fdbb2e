import type { Span } from '../../../model/dockerfile-source.ts';
import type { ExternalImage } from '../../../model/dockerfile.ts';
import type { FixInput } from '../../../model/fix-rule.ts';

/** A reference as it stands in the file, with the image that it means. */
export interface ImagePlace extends Span {
  /** As written, variables and all. */
  readonly text: string;
  readonly image: ExternalImage;
  readonly line: number;
}

/** Every place where the Dockerfile names an image from outside that the target reaches. */
export function imagePlaces({ source, model }: FixInput): readonly ImagePlace[] {
  return model.externalImages.flatMap((image) => {
    const span = source.spanOf(image.range);
    const text = source.text.slice(span.start, span.end);
    const isNamed = text.includes('$') || text === image.text;
    return isNamed ? [{ ...span, text, image, line: image.range.startLine }] : [];
  });
}
