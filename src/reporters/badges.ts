import type { Vector } from '../model/criterion.ts';
import type { Grade, Scorecard } from '../model/scorecard.ts';

/** The specification's colours, "Badges"; it shows none for B, which takes the middle between its neighbours. */
export const GRADE_COLOURS: Readonly<Record<Grade, string>> = {
  'A+': '01A178',
  A: '81FEA0',
  B: 'BCF481',
  C: 'F6EB61',
  D: 'FE5B3C',
};
const LABEL_COLOUR = '3443F4';

const VECTOR_BADGES: Readonly<Record<Vector, { readonly label: string; readonly alt: string }>> = {
  minimalism: { label: 'minimalism', alt: 'Minimalism' },
  provenance: { label: 'provenance', alt: 'Provenance' },
  configuration: { label: 'config', alt: 'Config' },
  vulnerabilities: { label: 'CVEs', alt: 'Vulns' },
};

/** shields.io's address of a badge, in the specification's form. */
export function badgeUrl(label: string, grade: Grade): string {
  const colours = `labelColor=%23${LABEL_COLOUR}&color=%23${GRADE_COLOURS[grade]}`;
  return `https://img.shields.io/badge/${label}-${encodeURIComponent(grade)}-gold?style=flat-square&${colours}`;
}

/** The five badges in Markdown, overall first, one a line; ends with a newline. */
export function badgesReport(scorecard: Scorecard): string {
  const vectors = Object.entries(VECTOR_BADGES) as [Vector, { label: string; alt: string }][];
  const badges = [
    `![CHPs Score](${badgeUrl('overall', scorecard.overall.grade)})`,
    ...vectors.map(
      ([vector, { label, alt }]) =>
        `![${alt}](${badgeUrl(label, scorecard.vectors[vector].grade)})`,
    ),
  ];
  return `${badges.join('\n')}\n`;
}
