import { LEVEL_NAMES, type Vector, VECTORS } from '../model/criterion.ts';
import type { Grade, Scorecard } from '../model/scorecard.ts';
import { shortened, xmlText } from './text.ts';

/** Colors of the specification, "Badges". It lacks one for B: the middle between its neighbors. */
const GRADE_COLOURS: Readonly<Record<Grade, string>> = {
  'A+': '01A178',
  A: '81FEA0',
  B: 'BCF481',
  C: 'F6EB61',
  D: 'FE5B3C',
};
const LABEL_COLOUR = '3443F4';
/** Of an image that was never graded. */
const UNKNOWN_COLOUR = '9F9F9F';

/** Label, and text for screen readers. */
const VECTOR_BADGES: Readonly<Record<Vector, readonly [label: string, alt: string]>> = {
  minimalism: ['minimalism', 'Minimalism'],
  provenance: ['provenance', 'Provenance'],
  configuration: ['config', 'Config'],
  vulnerabilities: ['CVEs', 'Vulns'],
};

interface Badge {
  /** Its file name. */
  readonly name: string;
  readonly alt: string;
  readonly label: string;
  readonly value: string;
  /** The grade that gives the color; gray without one. */
  readonly grade: Grade | undefined;
}

/** What badges say of an image. */
interface BadgedGrade {
  readonly level: number;
  readonly overall: { readonly grade: Grade };
  readonly vectors: Readonly<Record<Vector, Grade>>;
}

function gradeBadges(graded: BadgedGrade | undefined): readonly Badge[] {
  const of = (name: string, [label, alt]: readonly [string, string], grade?: Grade): Badge => ({
    name,
    alt,
    label,
    grade,
    value: grade ?? 'unknown',
  });
  return [
    of('overall', ['overall', 'CHPs Score'], graded?.overall.grade),
    ...VECTORS.map((name) => of(name, VECTOR_BADGES[name], graded?.vectors[name])),
  ];
}

function levelBadge(graded: BadgedGrade | undefined): Badge {
  const { level = 0, overall } = graded ?? {};
  const value = level === 0 ? '0' : `${level} ${LEVEL_NAMES[level] ?? ''}`;
  const about = { name: 'level', alt: 'CHPs Level', label: 'level' };
  return { ...about, value: graded === undefined ? 'unknown' : value, grade: overall?.grade };
}

function badgedOf({ level, overall, vectors }: Scorecard): BadgedGrade {
  const grades = VECTORS.map((vector) => [vector, vectors[vector].grade]);
  return { level, overall, vectors: Object.fromEntries(grades) as BadgedGrade['vectors'] };
}

/** shields.io's address of a badge, in the specification's form. */
export function badgeUrl(label: string, grade: Grade): string {
  const colours = `labelColor=%23${LABEL_COLOUR}&color=%23${GRADE_COLOURS[grade]}`;
  return `https://img.shields.io/badge/${label}-${encodeURIComponent(grade)}-gold?style=flat-square&${colours}`;
}

/** The specification's five badges in Markdown, overall first, one a line; ends with a newline. */
export function badgesReport(scorecard: Scorecard): string {
  const badges = gradeBadges(badgedOf(scorecard)).flatMap(({ alt, label, grade }) =>
    grade === undefined ? [] : [`![${alt}](${badgeUrl(label, grade)})`],
  );
  return `${badges.join('\n')}\n`;
}

function colourOf(grade: Grade | undefined): string {
  return `#${grade === undefined ? UNKNOWN_COLOUR : GRADE_COLOURS[grade]}`;
}

/** JSON for shields.io's endpoint badge (shields.io/badges/endpoint-badge), once published. */
function endpoint({ label, value, grade }: Badge): string {
  const fields = {
    schemaVersion: 1,
    label,
    message: value,
    color: colourOf(grade),
    labelColor: `#${LABEL_COLOUR}`,
    style: 'flat-square',
  };
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}

function readme(
  { image, digest, gradedAt }: Scorecard,
  badges: readonly Badge[],
  shields: string,
): string {
  const local = badges.map(({ name, alt }) => `![${alt}](${name}.svg)`).join('\n');
  const of = shortened(image, 200)
    .replace(/[^A-Za-z0-9._:/@-]/g, '\u{fffd}')
    .replaceAll('--', '-\u2010');
  return `<!-- Badges of ${of}, ${digest}, graded ${gradedAt}: they apply to this digest only. -->\n\n${local}\n\nBy shields.io:\n\n${shields}`;
}

/** A folder of badges for one digest: each as SVG and shields.io endpoint, and a page with all. */
export function badgeFiles(
  scorecard: Scorecard,
): readonly { readonly name: string; readonly text: string }[] {
  const { image, digest, gradedAt } = scorecard;
  const graded = badgedOf(scorecard);
  const badges = [levelBadge(graded), ...gradeBadges(graded)];
  const about = `${shortened(image, 200)} at ${digest}, graded ${gradedAt}`;
  return [
    ...badges.flatMap((badge) => [
      { name: `${badge.name}.svg`, text: badgeSvg(badge, about) },
      { name: `${badge.name}.json`, text: endpoint(badge) },
    ]),
    { name: 'badges.md', text: readme(scorecard, badges, badgesReport(scorecard)) },
  ];
}

/** The badges of an image, by their labels as addresses have them. */
export const BADGES: readonly Pick<Badge, 'label' | 'alt'>[] = [
  ...gradeBadges(undefined),
  levelBadge(undefined),
];

/** Up to this age a grade is shown as it is: the specification's horizon for images of others. */
const FRESH_DAYS = 30;

/**
 * The badge with that label as SVG and as shields.io endpoint; undefined for another label. It says
 * `unknown` of an image that was not graded, and how old an old grade is.
 */
export function imageBadge(
  label: string,
  { graded, days, about }: { graded: BadgedGrade | undefined; days: number; about: string },
): { readonly svg: string; readonly json: string } | undefined {
  const found = [levelBadge(graded), ...gradeBadges(graded)].find((one) => one.label === label);
  if (found === undefined) return undefined;
  const age = graded !== undefined && days > FRESH_DAYS ? ` · ${Math.floor(days)} d` : '';
  const badge = { ...found, value: `${found.value}${age}` };
  return { svg: badgeSvg(badge, shortened(about, 400)), json: endpoint(badge) };
}

/**
 * Advance widths at 11 pixels, in tenths: roughly Verdana's, the same on every machine.
 * `textLength` makes the text fit.
 */
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

export function badgeTextWidth(text: string): number {
  const tenths = Array.from(text).reduce(
    (sum, character) => sum + (WIDTHS.find(([kind]) => kind.test(character))?.[1] ?? OTHERS),
    0,
  );
  return Math.ceil(tenths / 10);
}

/** A flat badge, 20 pixels high, that loads nothing; deterministic. Its texts must be clean. */
function badgeSvg({ label, value, alt, grade }: Badge, about: string): string {
  const [left, right] = [badgeTextWidth(label), badgeTextWidth(value)];
  const split = left + 2 * SPACE;
  const width = split + right + 2 * SPACE;
  const text = (x: number, length: number, fill: string, content: string): string =>
    `<text x="${x}" y="14" fill="${fill}" textLength="${length}">${xmlText(content)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" viewBox="0 0 ${width} 20" role="img" aria-labelledby="title about">
<title id="title">${xmlText(`${alt}: ${value}`)}</title>
<desc id="about">${xmlText(about)}</desc>
<rect width="${split}" height="20" fill="#${LABEL_COLOUR}"/>
<rect x="${split}" width="${width - split}" height="20" fill="${colourOf(grade)}"/>
<g font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" lengthAdjust="spacingAndGlyphs">
${text(SPACE, left, '#fff', label)}
${text(split + SPACE, right, '#111', value)}
</g>
</svg>
`;
}
