import type { ExternalImage, SourceRange } from '../model/dockerfile.ts';
import { parseReference } from '../model/reference.ts';

/** An image from outside, its reference parsed; no reference where a variable has no value. */
export function externalImage(
  kind: ExternalImage['kind'],
  text: string,
  resolved: boolean,
  range: SourceRange,
  stage?: string,
): ExternalImage {
  const parsed = resolved ? parseReference(text) : undefined;
  return {
    kind,
    text,
    reference: parsed?.ok === true ? parsed.value : undefined,
    range,
    ...(stage === undefined ? {} : { stage }),
  };
}

/** `type=bind,from=build,target=/x` as a record; an option without a value is `true`. */
export function mountOptions(text: string): Readonly<Record<string, string>> {
  const options: Record<string, string> = {};
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== '__proto__') options[name] = equals < 0 ? 'true' : part.slice(equals + 1).trim();
  }
  return options;
}
