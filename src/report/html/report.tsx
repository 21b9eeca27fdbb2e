import type { ReactNode } from 'react';
import { plural, sizeText } from '../../lib/text.ts';
import { type CriterionResult, isMet, LEVEL_NAMES, VECTORS } from '../../model/criterion.ts';
import { digestHex } from '../../model/reference.ts';
import type { ReportInput } from '../../model/report.ts';
import type { PlatformScore, Score, Scorecard } from '../../model/scorecard.ts';
import {
  type Card,
  cardOf,
  type CardRow,
  gainText,
  gateHeading,
  gradeText,
  groupTexts,
  PROFILE_HEADING,
  profileLines,
  readerNotes,
  restText,
  stepOf,
  stepsHeading,
  VECTOR_NAMES,
  withoutClaimsText,
} from '../card.ts';
import { layerRows, layersSize } from '../compare.ts';
import { shortDigest } from '../text.ts';
import { Contents } from './contents.tsx';
import { documentOf, each } from './document.tsx';
import { Findings } from './findings.tsx';
import {
  Chillis,
  Code,
  GradeChip,
  GradeOf,
  HeatBar,
  List,
  OutcomeIcon,
  Section,
  Table,
  TOP_LEVEL,
} from './parts.tsx';

/** The scorecard as one self-contained page; ends with a newline. */
export function htmlReport(input: ReportInput): string {
  const { scorecard } = input;
  const card = cardOf(scorecard, input.steps);
  return documentOf(
    `${scorecard.image}: level ${scorecard.level}, ${scorecard.overall.grade}`,
    <>
      <Navigation input={input} card={card} />
      <Top input={input} card={card} />
      <Problems card={card} />
      <NextSteps card={card} scorecard={scorecard} />
      <Profile input={input} />
      <Platforms scorecard={scorecard} />
      <Matrix scorecard={scorecard} />
      <Section id="findings" title="Findings and evidence">
        <Findings of={scorecard.criteria} scorecard={scorecard} prefix="c-" />
      </Section>
      <Waivers scorecard={scorecard} />
      {input.contents !== undefined && <Contents of={input.contents} />}
      <Foot {...scorecard} />
    </>,
  );
}

interface OfCard {
  readonly input: ReportInput;
  readonly card: Card;
}
interface OfScorecard {
  readonly scorecard: Scorecard;
}

/** Links to the page's parts. */
function Navigation({ input: { contents = [] }, card: { steps } }: OfCard): ReactNode {
  const [first] = contents;
  const parts: readonly (readonly [id: string, name: string, isThere?: boolean])[] = [
    ['problems', 'To fix'],
    ['next', 'Next steps', steps.length > 0],
    ['matrix', 'Levels'],
    ['findings', 'Findings'],
    ['vulnerabilities-0', 'Vulnerabilities', first !== undefined],
    ['attestations-0', 'Signatures', first !== undefined],
    ['layers-0', 'Layers', first !== undefined && layerRows(first).length > 0],
    ['packages-0', 'Packages', first !== undefined],
  ];
  const there = parts.filter(([, , isThere = true]) => isThere);
  return (
    <nav aria-label="On this page">
      {each(there, ([id, name]) => (
        <>
          <a href={`#${id}`}>{name}</a>{' '}
        </>
      ))}
    </nav>
  );
}

/** Image, gate and the verdict at a glance. */
function Top({ input, card }: OfCard): ReactNode {
  const { scorecard, contents = [], gate } = input;
  const { image, digest, level, levelName, gradedAt, platforms } = scorecard;
  const [first] = contents;
  const size = first === undefined ? undefined : layersSize(first);
  const packages = first?.facts.packages;
  const figures = [
    platforms.map(({ platform }) => platform).join(', '),
    ...(size === undefined ? [] : [`${sizeText(size)} compressed`]),
    ...(packages?.known === true ? [plural(packages.value.length, 'package')] : []),
  ];
  const heading = gateHeading(gate);
  const unmet = gate?.unmet ?? [];
  const kind = unmet.length === 0 ? 'pass' : 'fail';
  const claims = withoutClaimsText(scorecard);
  return (
    <>
      <header className="top">
        <p className="brand">
          Scoville <span>container hardening report</span>
        </p>
        <h1>{image}</h1>
        <p className="digest">
          <span className="unseen">Digest </span>sha256:
          <wbr />
          {digestHex(digest)}
        </p>
        <p className="figures">
          {figures.join(' · ')} · graded <Time of={gradedAt} />
        </p>
      </header>
      {heading !== undefined && (
        <section className={`gate ${kind}`} aria-label="Gate">
          <p>
            <OutcomeIcon of={kind} /> <b>{heading}</b>
          </p>
          {unmet.length > 0 && <List of={unmet} />}
        </section>
      )}
      <section className="verdict" aria-label="Verdict">
        <div className="level">
          <Chillis level={level} />
          <p className="name">
            <small>
              Level {level} of {TOP_LEVEL}
            </small>{' '}
            {level === 0 ? 'Not on the scale yet' : levelName}
          </p>
          <p className="next">{gradeText(scorecard)}</p>
        </div>
        <Scores overall={scorecard.overall} vectors={card.vectors} />
      </section>
      {claims !== undefined && <p className="figures">{claims}</p>}
      {each(readerNotes(scorecard), ({ id, heading: title, lines }) => (
        <Section id={id} title={title}>
          <List of={lines} />
        </Section>
      ))}
    </>
  );
}

/** Shown in minutes; the machine-readable attribute is exact. */
function Time({ of: time }: { readonly of: string }): ReactNode {
  const shown = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?Z$/.exec(time);
  return shown === null ? (
    time
  ) : (
    <time dateTime={time}>{`${shown[1] ?? ''} ${shown[2] ?? ''} UTC`}</time>
  );
}

/** Overall and the four vectors as bars. Unchecked criteria are not drawn as a bad score. */
function Scores({ overall, vectors }: Pick<Card, 'vectors'> & { overall: Score }): ReactNode {
  const row = (name: string, score: Score, isOverall: boolean): ReactNode => (
    <tr className={isOverall ? 'overall' : undefined}>
      <th scope="row">{name}</th>
      <td className="wide">
        <HeatBar {...score} />
      </td>
      <td className="num">
        {score.points}
        <span className="of">/{score.total}</span>
      </td>
      <td>
        <GradeChip grade={score.grade} />
      </td>
    </tr>
  );
  return (
    <table className="scores">
      <caption className="unseen">Scores</caption>
      <thead className="unseen">
        <tr>
          {each(['Vector', 'Heat', 'Points', 'Grade'], (head) => (
            <th scope="col">{head}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {row('Overall', overall, true)}
        {each(vectors, ({ vector, score, checked }) =>
          checked > 0 ? (
            row(VECTOR_NAMES[vector], score, false)
          ) : (
            <tr>
              <th scope="row">{VECTOR_NAMES[vector]}</th>
              <td className="wide muted" colSpan={3}>
                not checked
              </td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}

/** What blocks the next level and, if that is short, higher ones; then the rest. */
function Problems({ card }: { readonly card: Card }): ReactNode {
  return (
    <Section
      id="problems"
      title={card.groups.length === 0 ? 'Nothing left to fix' : 'What is in the way'}
    >
      {each(card.groups, (group, index) => {
        const [heading, counts] = groupTexts(group, index === 0);
        return (
          <>
            <h3>
              {heading} <small>{counts}</small>
            </h3>
            <ul className="problems">
              {each(group.rows, (row) => (
                <Problem {...row} step={stepOf(card, row.ids[0])} />
              ))}
            </ul>
          </>
        );
      })}
      <p className="muted small">{restText(card)}</p>
    </Section>
  );
}

function Problem(row: CardRow & { readonly step: number | undefined }): ReactNode {
  const { outcome, ids, problem, place, waived, step } = row;
  return (
    <li>
      <OutcomeIcon of={outcome} />
      <p>
        <CriterionLinks of={ids} />
        {waived && <em>waived</em>}
      </p>
      <p>
        {problem} {place !== undefined && <code>{place}</code>}
      </p>
      {step !== undefined && (
        <p className="by">
          <a href={`#step-${step}`}>step {step}</a>
        </p>
      )}
    </li>
  );
}

function CriterionLinks({ of: ids }: { readonly of: readonly string[] }): ReactNode {
  return each(ids, (id, index) => (
    <>
      {index > 0 && ', '}
      <a href={`#c-${id}`}>{id}</a>
    </>
  ));
}

/** First steps, each a whole command. */
function NextSteps({ card: { steps }, scorecard }: OfScorecard & Pick<OfCard, 'card'>): ReactNode {
  if (steps.length === 0) return null;
  return (
    <Section id="next" title={stepsHeading(steps)}>
      <ol className="steps">
        {each(steps, (one, index) => (
          <li id={`step-${index + 1}`}>
            <h3>
              {one.text} <small>{gainText(one, scorecard)}</small>
            </h3>
            <Code text={one.command} />
            <p className="for">
              For <CriterionLinks of={one.criteria} />
            </p>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** How to apply an attached profile, a line for each place. */
function Profile({ input }: Pick<OfCard, 'input'>): ReactNode {
  const lines = profileLines(input);
  if (lines.length === 0) return null;
  return (
    <Section id="profile" title={PROFILE_HEADING}>
      {each(lines, ({ where, text }) => (
        <>
          <h3>{where}</h3>
          <Code text={text} />
        </>
      ))}
    </Section>
  );
}

/** Scores by platform and their differences from the worst; nothing for one platform. */
function Platforms({ scorecard }: OfScorecard): ReactNode {
  const { platforms } = scorecard;
  if (platforms.length < 2) return null;
  return (
    <Section id="platforms" title={`${platforms.length} platforms, the worst counts`}>
      <Table
        heads={['Platform', '#Level', 'Overall', ...VECTORS.map((vector) => VECTOR_NAMES[vector])]}
        isNamed
        of={platforms}
        row={({ platform, digest, level, overall, vectors }) => [
          <>
            {platform} <small>{shortDigest(digest)}</small>
          </>,
          level,
          <GradeOf {...overall} />,
          ...VECTORS.map((vector) => <GradeChip grade={vectors[vector].grade} />),
        ]}
      />
      {each(platforms, (platform, index) => {
        const other = differing(platform, scorecard);
        if (other.length === 0) return null;
        return (
          <details className="more">
            <summary>Other on {platform.platform}</summary>
            <Findings of={other} scorecard={scorecard} prefix={`p-${index}-`} />
          </details>
        );
      })}
    </Section>
  );
}

/** Criteria with another outcome than on the worst platform. */
function differing(platform: PlatformScore, { criteria }: Scorecard): readonly CriterionResult[] {
  const counted = new Map(criteria.map((one) => [one.id, one]));
  return platform.criteria.filter((one) => {
    const other = counted.get(one.id);
    return other?.outcome !== one.outcome || other.summary !== one.summary;
  });
}

/** The specification's table: levels by vectors, with each criterion's outcome. */
function Matrix({ scorecard }: OfScorecard): ReactNode {
  const { criteria } = scorecard;
  const levels = [...new Set(criteria.map(({ level }) => level))].sort((a, b) => a - b);
  return (
    <Section id="matrix" title={`${criteria.length} criteria, by level`}>
      <table className="matrix">
        <thead>
          <tr>
            {each(['Level', ...VECTORS.map((vector) => VECTOR_NAMES[vector])], (head) => (
              <th scope="col">{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {each(levels, (level) => (
            <LevelRow level={level} scorecard={scorecard} />
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function LevelRow({ level, scorecard }: OfScorecard & { readonly level: number }): ReactNode {
  const row = scorecard.criteria.filter((one) => one.level === level);
  const met = row.filter(({ outcome }) => isMet(outcome)).length;
  const waived = new Set(scorecard.waivers.map(({ criterion }) => criterion));
  return (
    <tr className={level <= scorecard.level ? 'reached' : 'open'}>
      <th scope="row">
        <div className="lv">
          <b>{level}</b> <span>{LEVEL_NAMES[level] ?? ''}</span>{' '}
          <small>
            {met}/{row.length}
          </small>
        </div>
      </th>
      {each(VECTORS, (vector) => {
        const there = row.filter((one) => one.vector === vector);
        if (there.length === 0) return <td className="none" />;
        return (
          <td data-vector={VECTOR_NAMES[vector]}>
            <ul>
              {each(there, ({ id, title, outcome }) => (
                <li>
                  <a className={`chip ${outcome}`} href={`#c-${id}`}>
                    <OutcomeIcon of={outcome} />
                    <span>
                      {title} {waived.has(id) && <em>waived</em>}
                    </span>
                  </a>
                </li>
              ))}
            </ul>
          </td>
        );
      })}
    </tr>
  );
}

function Waivers({ scorecard: { waivers } }: OfScorecard): ReactNode {
  if (waivers.length === 0) return null;
  return (
    <Section id="waivers" title="Waived">
      <ul className="waivers">
        {each(waivers, ({ criterion, reason, expires }) => (
          <li>
            <a href={`#c-${criterion}`}>{criterion}</a> {reason}{' '}
            {expires !== undefined && <small>until {expires}</small>}
          </li>
        ))}
      </ul>
      <p className="muted">
        A waiver lets a criterion through the gate; grade and level stay what they are.
      </p>
    </Section>
  );
}

function Foot({ digest, tool, gradedAt }: Scorecard): ReactNode {
  return (
    <footer>
      <p>
        Judged by {tool.name} {tool.version} at {gradedAt}, for <code>{digest}</code> and nothing
        else. Criteria, levels and grades are those of the{' '}
        <a href="https://github.com/chps-dev/chps/blob/main/CHPs.md" rel="noreferrer">
          Container Hardening Priorities
        </a>
        . A verdict on vulnerabilities applies to the day of the scanner’s database.
      </p>
    </footer>
  );
}
