import fc from 'fast-check';
import { pieces } from './pieces.ts';

/** Forms that run `C`, each read wrongly by one parser or another once. */
export const FORMS = pieces('form');

/**
 * Forms that bash takes and shfmt refuses, or that our tree has twice (`;&` runs the next body
 * too).
 */
export const BEYOND_SHFMT = pieces('beyond shfmt');

/** Scripts in which `C` stands wherever a command may, made of the forms inside each other. */
export const script: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...FORMS), fc.constantFrom(...FORMS), fc.nat(3))
  .map(([outer, inner, at]) => {
    // A here-document ends at a line of its own, so that one goes into a substitution.
    const whole = inner.includes('\n') ? `echo "$(${inner}\n)"` : `{ ${inner}\n}`;
    const places = [...outer.matchAll(/\bC\b/g)];
    const place = places[at % places.length]?.index ?? 0;
    return outer.includes('\n') || /[`[]/.test(outer)
      ? `${outer}\n${whole}`
      : `${outer.slice(0, place)}C $(${whole})${outer.slice(place + 1)}`;
  });
