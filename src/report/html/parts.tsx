import { isValidElement, type ReactElement, type ReactNode } from 'react';
import { countText, plural } from '../../lib/text.ts';
import { LEVEL_NAMES, type Outcome } from '../../model/criterion.ts';
import type { Severity } from '../../model/facts.ts';
import type { Grade, Score } from '../../model/scorecard.ts';
import { OUTCOME_WORDS } from '../card.ts';
import { each } from './document.tsx';

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
export function Section(props: {
  readonly id: string;
  readonly title: ReactNode;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <section aria-labelledby={props.id}>
      <h2 id={props.id}>{props.title}</h2>
      {props.children}
    </section>
  );
}

/** The outcome as a shape, with its word for screen readers. */
export function OutcomeIcon({ of }: { readonly of: Outcome }): ReactNode {
  return (
    <svg className="icon" role="img" aria-label={OUTCOME_WORDS[of]}>
      <use href={`#i-${of}`} />
    </svg>
  );
}

/** One chilli per level; reached ones are filled. */
export function Chillis({ level }: { readonly level: number }): ReactNode {
  return (
    <span className="chillis" role="img" aria-label={`level ${level} of ${TOP_LEVEL}`}>
      {each(Array.from({ length: TOP_LEVEL }), (_, index) => (
        <svg className={index < level ? 'chilli hot' : 'chilli'}>
          <use href={index < level ? '#i-chilli' : '#i-chilli-open'} />
        </svg>
      ))}
    </span>
  );
}

export function Tag({ tone, text }: { readonly tone: Tone; readonly text: ReactNode }): ReactNode {
  return <b className={`tag ${tone}`}>{text}</b>;
}

export function Muted({ text }: { readonly text: string }): ReactNode {
  return <span className="muted">{text}</span>;
}

export function GradeChip({ grade }: { readonly grade: Grade }): ReactNode {
  return <b className={`grade ${GRADE_TONES[grade]}`}>{grade}</b>;
}

/** One cell per criterion, met ones in the grade's heat; over 40, cells show the share. */
export function HeatBar({ points, total, grade }: Score): ReactNode {
  const cells = Math.max(1, Math.min(total, 40));
  const filled = total === 0 ? 0 : Math.floor((points / total) * cells);
  return (
    <span className={`heat ${GRADE_TONES[grade]}`} role="img" aria-label={`${points} of ${total}`}>
      {each(Array.from({ length: cells }), (_, index) => (
        <i className={index < filled ? 'on' : 'off'} />
      ))}
    </span>
  );
}

export function GradeOf({ grade, points, total }: Score): ReactNode {
  return (
    <>
      <GradeChip grade={grade} /> <span className="of">{`${points}/${total}`}</span>
    </>
  );
}

/** A row's cells, or a whole row. */
type Row = readonly ReactNode[] | ReactElement;

interface TableProps<T> {
  /** A `#` in front marks a column of numbers, aligned right. */
  readonly heads: readonly ReactNode[];
  readonly of: readonly T[];
  readonly row: (one: T, index: number) => Row;
  readonly kind?: string;
  /** True if the first cell is the row's head. */
  readonly isNamed?: boolean;
  /** The script's name for a sortable, filterable table. */
  readonly sortedAs?: string;
  /** Rows beyond this are counted, as more of `what`, followed by `children`. */
  readonly most?: number;
  readonly what?: string;
  readonly children?: ReactNode;
}

/** A table that scrolls sideways on narrow pages. */
export function Table<T>(props: TableProps<T>): ReactNode {
  const { heads, of, row, sortedAs, most = of.length, what, isNamed = false, children } = props;
  const isNumber = heads.map((head) => typeof head === 'string' && head.startsWith('#'));
  const kind = props.kind ?? (sortedAs === undefined ? 'data plain' : 'data');
  return (
    <>
      <div className="scroll">
        <table className={kind} data-table={sortedAs}>
          <thead>
            <tr>
              {each(heads, (head, at) =>
                head === '' ? (
                  <td />
                ) : (
                  <th scope="col" className={isNumber[at] === true ? 'num' : undefined}>
                    {typeof head === 'string' ? head.replace(/^#/, '') : head}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {each(of.slice(0, most), (one, index) => {
              const cells = row(one, index);
              if (isValidElement(cells)) return cells;
              return (
                <tr>
                  {each(cells, (cell, at) =>
                    isNamed && at === 0 ? (
                      <th scope="row">{cell}</th>
                    ) : (
                      <td className={isNumber[at] === true ? 'num' : undefined}>{cell}</td>
                    ),
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <Rest count={of.length - most} of={what}>
        {children}
      </Rest>
    </>
  );
}

export function List({ of: lines }: { readonly of: readonly string[] }): ReactNode {
  return (
    <ul>
      {each(lines, (line) => (
        <li>{line}</li>
      ))}
    </ul>
  );
}

/** `and 3 more packages`, followed by `children`; nothing if all are shown. */
export function Rest(props: {
  readonly count: number;
  readonly of?: string | undefined;
  readonly children?: ReactNode;
}): ReactNode {
  const { count, of, children } = props;
  if (count <= 0) return null;
  const text = of === undefined ? `${countText(count)} more` : plural(count, `more ${of}`);
  return (
    <p className="muted">
      and {text}
      {children}
    </p>
  );
}

/** Lines to copy: the only place that keeps white space. */
export function Code({ text }: { readonly text: string }): ReactNode {
  return (
    <pre>
      <code>{text.replace(/\t/g, ' ')}</code>
    </pre>
  );
}

/** Why something is missing from the report and how to get it: nothing is omitted silently. */
export function UnknownNote({
  reason,
  settle,
}: {
  readonly reason: string;
  readonly settle?: string;
}): ReactNode {
  return (
    <div className="unknown-note">
      <p>Not known: {reason}.</p>
      {settle !== undefined && <Code text={settle} />}
    </div>
  );
}
