import { type Vector, VECTORS } from '../../model/criterion.ts';
import type { Grade, Scorecard } from '../../model/scorecard.ts';
import { shortened } from '../clean-text.ts';
import { badgeSvg } from './badge-svg.ts';

/** The specification's colours, "Badges"; it shows none for B, which takes the middle between its neighbours. */
const GRADE_COLOURS: Readonly<Record<Grade, string>> = {
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

interface Badge {
  /** Name of its files. */
  readonly name: string;
  readonly alt: string;
  readonly label: string;
  readonly value: string;
  /** Whose colour it has. */
  readonly grade: Grade;
}

function gradeBadges({ overall, vectors }: Scorecard): readonly Badge[] {
  const { grade } = overall;
  return [
    { name: 'overall', alt: 'CHPs Score', label: 'overall', value: grade, grade },
    ...VECTORS.map((vector): Badge => {
      const of = vectors[vector].grade;
      return { name: vector, ...VECTOR_BADGES[vector], value: of, grade: of };
    }),
  ];
}

function levelBadge({ level, levelName, overall }: Scorecard): Badge {
  const value = level === 0 ? '0' : `${level} ${levelName}`;
  return { name: 'level', alt: 'CHPs Level', label: 'level', value, grade: overall.grade };
}

/** shields.io's address of a badge, in the specification's form. */
export function badgeUrl(label: string, grade: Grade): string {
  const colours = `labelColor=%23${LABEL_COLOUR}&color=%23${GRADE_COLOURS[grade]}`;
  return `https://img.shields.io/badge/${label}-${encodeURIComponent(grade)}-gold?style=flat-square&${colours}`;
}

/** The specification's five badges in Markdown, overall first, one a line; ends with a newline. */
export function badgesReport(scorecard: Scorecard): string {
  const badges = gradeBadges(scorecard).map(
    ({ alt, label, grade }) => `![${alt}](${badgeUrl(label, grade)})`,
  );
  return `${badges.join('\n')}\n`;
}

/** What shields.io's endpoint badge reads (shields.io/badges/endpoint-badge), served from wherever the folder is published. */
function endpoint({ label, value, grade }: Badge): string {
  const fields = {
    schemaVersion: 1,
    label,
    message: value,
    color: `#${GRADE_COLOURS[grade]}`,
    labelColor: `#${LABEL_COLOUR}`,
    style: 'flat-square',
  };
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}

interface BadgeFile {
  /** File name, without a folder. */
  readonly name: string;
  readonly text: string;
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

/** A folder of badges for one digest: each as SVG and as shields.io endpoint, and a page that shows them. */
export function badgeFiles(scorecard: Scorecard): readonly BadgeFile[] {
  const badges = [levelBadge(scorecard), ...gradeBadges(scorecard)];
  const { image, digest, gradedAt } = scorecard;
  const about = `${shortened(image, 200)} at ${digest}, graded ${gradedAt}`;
  return [
    ...badges.flatMap((badge): BadgeFile[] => {
      const { name, alt, label, value, grade } = badge;
      const colours = { label: LABEL_COLOUR, value: GRADE_COLOURS[grade] };
      const text = badgeSvg({ label, value, title: `${alt}: ${value}`, about, colours });
      return [
        { name: `${name}.svg`, text },
        { name: `${name}.json`, text: endpoint(badge) },
      ];
    }),
    { name: 'badges.md', text: readme(scorecard, badges, badgesReport(scorecard)) },
  ];
}
