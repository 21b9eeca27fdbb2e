import { isValidElement, type ReactElement } from 'react';
import { countText, plural } from '../../lib/text.ts';
import { LEVEL_NAMES, type Outcome } from '../../model/criterion.ts';
import type { Severity } from '../../model/facts.ts';
import type { Grade, Score } from '../../model/scorecard.ts';
import { OUTCOME_WORDS } from '../card.ts';
import { type Content, h } from './document.ts';

/** The style's colors, from good to bad; `calm` is neutral. */
export type Tone = 'cool' | 'mild' | 'warm' | 'spicy' | 'hot' | 'calm';

const GRADE_TONES: Readonly<Record<Grade, Tone>> = {
  'A+': 'cool',
  A: 'mild',
  B: 'warm',
  C: 'spicy',
  D: 'hot',
};

export const SEVERITY_TONES: Readonly<Record<Severity, Tone>> = {
  critical: 'hot',
  high: 'spicy',
  medium: 'warm',
  low: 'mild',
  negligible: 'calm',
  unknown: 'calm',
};

export const TOP_LEVEL = LEVEL_NAMES.length - 1;

/** A part of the page with a heading, for links and screen readers. */
export function section(id: string, title: Content, ...content: Content[]): Content {
  return h('section', { 'aria-labelledby': id }, h('h2', { id }, title), content);
}

/** The outcome as a shape, with its word for screen readers. */
export function outcomeIcon(of: Outcome): Content {
  const label = { role: 'img', 'aria-label': OUTCOME_WORDS[of] };
  return h('svg.icon', label, h('use', { href: `#i-${of}` }));
}

/** One chilli per level; reached ones are filled. */
export function chillis(level: number): Content {
  const label = { role: 'img', 'aria-label': `level ${level} of ${TOP_LEVEL}` };
  const each = Array.from({ length: TOP_LEVEL }, (_, index) =>
    index < level
      ? h('svg.chilli.hot', h('use', { href: '#i-chilli' }))
      : h('svg.chilli', h('use', { href: '#i-chilli-open' })),
  );
  return h('span.chillis', label, each);
}

export function tag(tone: Tone, text: Content): Content {
  return h(`b.tag.${tone}`, text);
}

export function muted(text: string): Content {
  return h('span.muted', text);
}

export function gradeChip(grade: Grade): Content {
  return h(`b.grade.${GRADE_TONES[grade]}`, grade);
}

/** One cell per criterion, met ones in the grade's heat; over 40, cells show the share. */
export function heatBar({ points, total, grade }: Score): Content {
  const cells = Math.max(1, Math.min(total, 40));
  const filled = total === 0 ? 0 : Math.floor((points / total) * cells);
  const label = { role: 'img', 'aria-label': `${points} of ${total}` };
  const each = Array.from({ length: cells }, (_, index) => h(index < filled ? 'i.on' : 'i.off'));
  return h(`span.heat.${GRADE_TONES[grade]}`, label, each);
}

export function gradeOf({ grade, points, total }: Score): Content {
  return [gradeChip(grade), ' ', h('span.of', `${points}/${total}`)];
}

interface TableOptions {
  readonly kind?: string;
  /** For screen readers; the table can then be scrolled by keyboard too. */
  readonly caption?: string;
  /** True if the first cell is the row's head. */
  readonly isNamed?: boolean;
  /** The script's name for a sortable, filterable table. */
  readonly sortedAs?: string;
  /** Rows beyond this are counted, as more of `what`, followed by `rest`. */
  readonly most?: number;
  readonly what?: string;
  readonly rest?: string;
}

/**
 * A table that scrolls sideways on narrow pages. A `#` in front of a head marks a column of
 * numbers. A row gives its cells, or is a whole row.
 */
export function table<T>(
  heads: readonly Content[],
  of: readonly T[],
  row: (one: T, index: number) => readonly Content[] | ReactElement,
  {
    sortedAs,
    most = of.length,
    what,
    isNamed = false,
    rest,
    caption,
    ...options
  }: TableOptions = {},
): Content {
  const isNumber = heads.map((head) => typeof head === 'string' && head.startsWith('#'));
  const numbered = (at: number) => ({ className: isNumber[at] === true ? 'num' : undefined });
  const headOf = (head: Content, at: number): Content =>
    head === ''
      ? h('td')
      : h(
          'th',
          { scope: 'col', ...numbered(at) },
          typeof head === 'string' ? head.replace(/^#/, '') : head,
        );
  const rowOf = (one: T, index: number): Content => {
    const cells = row(one, index);
    if (isValidElement(cells)) return cells;
    const all = cells.map((cell, at) =>
      isNamed && at === 0 ? h('th', { scope: 'row' }, cell) : h('td', numbered(at), cell),
    );
    return h('tr', all);
  };
  const className = options.kind ?? (sortedAs === undefined ? 'data plain' : 'data');
  const inside = [
    caption !== undefined && h('caption.unseen', caption),
    h('thead', h('tr', heads.map(headOf))),
    h('tbody', of.slice(0, most).map(rowOf)),
  ];
  const region =
    caption === undefined ? {} : { role: 'region', 'aria-label': caption, tabIndex: 0 };
  return [
    h('div.scroll', region, h('table', { className, 'data-table': sortedAs }, inside)),
    more(of.length - most, what, rest),
  ];
}

export function list(lines: readonly Content[], name = 'ul'): Content {
  return h(
    name,
    lines.map((line) => h('li', line)),
  );
}

/** Folded: a line that says what is inside. */
export function fold(name: string, summary: Content, ...content: Content[]): Content {
  return h(name, h('summary', summary), content);
}

/** `and 3 more packages`, and what follows; nothing if all are shown. */
export function more(count: number, what?: string, rest?: string): Content {
  if (count <= 0) return null;
  const text = what === undefined ? `${countText(count)} more` : plural(count, `more ${what}`);
  return h('p.muted', 'and ', text, rest);
}

/** Lines to copy: the only place that keeps white space. */
export function codeBlock(text: string): ReactElement {
  return h('pre', h('code', text.replace(/\t/g, ' ')));
}

/** Why something is missing from the report and how to get it: nothing is omitted silently. */
export function unknownNote({ reason, settle }: { reason: string; settle?: string }): Content {
  const note = h('p', 'Not known: ', reason, '.');
  return h('div.unknown-note', note, settle !== undefined && codeBlock(settle));
}
