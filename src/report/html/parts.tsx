import { isValidElement, type ReactElement, type ReactNode } from 'react';
import { countText, plural } from '../../lib/text.ts';
import { LEVEL_NAMES, type Outcome } from '../../model/criterion.ts';
import type { Severity } from '../../model/facts.ts';
import type { Grade, Score } from '../../model/scorecard.ts';
import { OUTCOME_WORDS } from '../card.ts';
import { each } from './document.tsx';

/** The colors of the style, from good to bad; `calm` says nothing. */
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

/** A part of the page below a heading, which links and readers of screens find it by. */
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

/** The outcome as a shape of its own, with its word for those who do not see it. */
export function OutcomeIcon({ of }: { readonly of: Outcome }): ReactNode {
  return (
    <svg className="icon" role="img" aria-label={OUTCOME_WORDS[of]}>
      <use href={`#i-${of}`} />
    </svg>
  );
}

/** As many chillis as there are levels, those reached filled. */
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

/** One cell per criterion, met ones in the grade's heat; over 40, cells show the share instead. */
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

/** A row's cells, or a row that is written out. */
type Row = readonly ReactNode[] | ReactElement;

interface TableProps<T> {
  /** With `#` before it the column contains numbers and stands to the right. */
  readonly heads: readonly ReactNode[];
  readonly of: readonly T[];
  readonly row: (one: T, index: number) => Row;
  readonly kind?: string;
  /** Whether the first cell of a row says what the row is about. */
  readonly isNamed?: boolean;
  /** The script's name for a table that it sorts and filters; others stay as they are. */
  readonly sortedAs?: string;
  /** Of more rows the rest is counted, as so many more of `what`, with `children` behind it. */
  readonly most?: number;
  readonly what?: string;
  readonly children?: ReactNode;
}

/** A table that scrolls sideways where the page is narrow. */
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

/** `and 3 more packages`, and what is said of them; nothing where all are shown. */
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

/** Lines to copy: the one place where white space stays. */
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
