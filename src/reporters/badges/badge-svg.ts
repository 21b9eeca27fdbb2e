import { xmlText } from '../xml-text.ts';

interface BadgeText {
  readonly label: string;
  readonly value: string;
  /** Read out in place of the picture. */
  readonly title: string;
  /** Whose badge it is: image, digest, date. */
  readonly about: string;
  /** Six hex digits each. */
  readonly colours: { readonly label: string; readonly value: string };
}

/** Advance widths at 11 pixels, in tenths: about those of Verdana, the same on every machine. `textLength` makes the text fit them. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[ijl.,:;|!']/, 31],
  [/[ ftrI()-]/, 43],
  [/[mwMW@%]/, 100],
  [/[+=<>~]/, 90],
  [/[A-Z]/, 76],
  [/[0-9]/, 70],
];
const OTHERS = 66;
const SPACE = 7;

/** Whole pixels that the text takes in a badge. */
export function badgeTextWidth(text: string): number {
  const tenths = Array.from(text).reduce(
    (sum, character) => sum + (WIDTHS.find(([kind]) => kind.test(character))?.[1] ?? OTHERS),
    0,
  );
  return Math.ceil(tenths / 10);
}

/** A flat badge of 20 pixels' height that loads nothing; the same text gives the same bytes. Texts are clean already. */
export function badgeSvg({ label, value, title, about, colours }: BadgeText): string {
  const [left, right] = [badgeTextWidth(label), badgeTextWidth(value)];
  const split = left + 2 * SPACE;
  const width = split + right + 2 * SPACE;
  const text = (x: number, length: number, fill: string, content: string): string =>
    `<text x="${x}" y="14" fill="${fill}" textLength="${length}">${xmlText(content)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" viewBox="0 0 ${width} 20" role="img" aria-labelledby="title about">
<title id="title">${xmlText(title)}</title>
<desc id="about">${xmlText(about)}</desc>
<rect width="${split}" height="20" fill="#${colours.label}"/>
<rect x="${split}" width="${width - split}" height="20" fill="#${colours.value}"/>
<g font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" lengthAdjust="spacingAndGlyphs">
${text(SPACE, left, '#fff', label)}
${text(split + SPACE, right, '#111', value)}
</g>
</svg>
`;
}
