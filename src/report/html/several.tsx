import type { ReactNode } from 'react';
import { plural } from '../../lib/text.ts';
import { type Outcome, VECTORS } from '../../model/criterion.ts';
import { digestHex } from '../../model/reference.ts';
import type {
  ComparedImage,
  ImageComparison,
  ImageDifference,
  ReportInput,
  ScorecardDifference,
} from '../../model/report.ts';
import type { Score } from '../../model/scorecard.ts';
import { VECTOR_NAMES } from '../card.ts';
import { compareScorecards, diffScorecards, measures } from '../compare.ts';
import { byClass, byLayer, type LayerGroup, placeText } from '../image-differences.ts';
import { shortDigest, shortened } from '../text.ts';
import { documentOf, each } from './document.tsx';
import {
  Chillis,
  Code,
  GradeOf,
  HeatBar,
  Muted,
  OutcomeIcon,
  Section,
  Table,
  Tag,
} from './parts.tsx';

function Brand(props: { readonly kind: string; readonly title: string }): ReactNode {
  return (
    <>
      <p className="brand">
        Scoville <span>{props.kind}</span>
      </p>
      <h1>{props.title}</h1>
    </>
  );
}

function Scored(score: Score): ReactNode {
  return (
    <>
      <GradeOf {...score} />
      <HeatBar {...score} />
    </>
  );
}

function OutcomeWord({ of }: { readonly of: Outcome | undefined }): ReactNode {
  if (of === undefined) return null;
  return (
    <span className="o">
      <OutcomeIcon of={of} /> <span>{of}</span>
    </span>
  );
}

function CriterionName(props: { readonly title: string; readonly level: number }): ReactNode {
  return (
    <>
      {props.title} <small>level {props.level}</small>
    </>
  );
}

function GradedImage({ image, digest, level, levelName }: ComparedImage): ReactNode {
  return (
    <>
      <span className="name">{image}</span> <code>{shortDigest(digest)}</code>
      <Chillis level={level} />
      <small>{level === 0 ? 'level 0' : `level ${level}, ${levelName}`}</small>
    </>
  );
}

function measureRows(images: readonly ComparedImage[]): readonly (readonly ReactNode[])[] {
  return measures(images).map(({ name, cells }) => [
    name,
    ...cells.map((one) =>
      one === undefined ? (
        <Muted text="not known" />
      ) : typeof one === 'string' ? (
        one
      ) : (
        <Scored {...one} />
      ),
    ),
  ]);
}

/** Several images side by side as one self-contained page. */
export function htmlComparison(inputs: readonly ReportInput[]): string {
  const { images, criteria } = compareScorecards(inputs);
  const rows = VECTORS.flatMap((vector) => {
    const there = criteria.filter((one) => one.vector === vector);
    if (there.length === 0) return [];
    return [
      <tr className="group">
        <th scope="rowgroup" colSpan={images.length + 1}>
          {VECTOR_NAMES[vector]}
        </th>
      </tr>,
      ...there.map((one) => [
        <CriterionName {...one} />,
        ...one.outcomes.map((outcome) => <OutcomeWord of={outcome} />),
      ]),
    ];
  });
  return documentOf(
    `${images.length} images compared`,
    <>
      <header className="top">
        <Brand kind="comparison" title={`${images.length} images side by side`} />
      </header>
      <section aria-label="Comparison">
        <Table
          kind="compare"
          heads={['', ...images.map((one) => <GradedImage {...one} />)]}
          isNamed
          of={[...measureRows(images), ...rows]}
          row={(one) => one}
        />
      </section>
    </>,
  );
}

const MOST = { packages: 5000, entries: 2000 };

/** Changes in the newer image, as one self-contained page. */
export function htmlDifference(before: ReportInput, after: ReportInput): string {
  const { before: old, after: now, criteria, packages } = diffScorecards(before, after);
  const changes = [
    <Change by={now.overall.points - old.overall.points} />,
    ...VECTORS.map((one) => <Change by={now.vectors[one].points - old.vectors[one].points} />),
  ];
  return documentOf(
    `${old.image} and ${now.image}`,
    <>
      <header className="top">
        <Brand kind="difference" title={now.image} />
      </header>
      <Section id="scores" title="Before and after">
        <Table
          kind="compare"
          heads={['', <GradedImage {...old} />, <GradedImage {...now} />, 'Points']}
          isNamed
          of={measureRows([old, now])}
          row={(one, index) => [...one, changes[index]]}
        />
      </Section>
      <Section id="criteria" title="Changed criteria">
        {criteria.length === 0 ? (
          <p>Every criterion came out as before.</p>
        ) : (
          <Table
            heads={['Criterion', 'Before', 'After', 'Points', 'Why']}
            isNamed
            of={criteria}
            row={(one) => [
              <CriterionName {...one} />,
              <OutcomeWord of={one.before} />,
              <OutcomeWord of={one.after} />,
              <Change by={one.gain} />,
              one.summary,
            ]}
          />
        )}
      </Section>
      {packages !== undefined && <ChangedPackages {...packages} />}
    </>,
  );
}

function Change({ by }: { readonly by: number }): ReactNode {
  if (by === 0) return <span className="muted">same</span>;
  return <Tag tone={by > 0 ? 'cool' : 'hot'} text={by > 0 ? `+${by}` : `−${-by}`} />;
}

function ChangedPackages(all: NonNullable<ScorecardDifference['packages']>): ReactNode {
  const kinds = ['added', 'removed', 'changed'] as const;
  const rows = kinds.flatMap((what) => all[what].map((one) => ({ what, ...one })));
  const counts = kinds.map((what) => `${all[what].length} ${what}`).join(', ');
  const title = (
    <>
      Packages <small>{counts}</small>
    </>
  );
  return (
    <Section id="packages" title={title}>
      {rows.length === 0 ? (
        <p>The same packages.</p>
      ) : (
        <Table
          heads={['Package', 'Change', 'Type', 'Before', 'After']}
          of={rows}
          row={({ what, type, name, before, after }) => [
            shortened(name, 120),
            what,
            type,
            shortened(before.join(', '), 160),
            shortened(after.join(', '), 160),
          ]}
          sortedAs="packages"
          most={MOST.packages}
          what="package"
        />
      )}
    </Section>
  );
}

/** A comparison of two images as a self-contained page: the answer, the causes, files by layer. */
export function htmlImageDifferences(comparison: ImageComparison): string {
  const { first, second, reproducible, platforms, differences, omitted, source } = comparison;
  const found = plural(differences.length + omitted, 'difference');
  const tone = reproducible ? 'cool' : 'hot';
  return documentOf(
    `${first.name}: ${reproducible ? 'the same' : found}`,
    <>
      <header className="top">
        <Brand
          kind={source === undefined ? 'two images, bit for bit' : 'reproduction'}
          title={first.name}
        />
        <p className="level name">
          <Tag tone={tone} text={reproducible ? 'the same' : 'not the same'} />{' '}
          {reproducible ? 'Every image manifest has the same digest.' : `${found}.`}
        </p>
        {source !== undefined && (
          <p className="figures">
            built again from {source.url} at <code>{source.revision}</code>; the provenance that
            names it{' '}
            {source.verifiedBy === undefined
              ? 'was not verified'
              : `is signed by ${source.verifiedBy}`}
          </p>
        )}
      </header>
      <section className="cards" aria-label="Images">
        <ImageCard which="First" {...first} />
        <ImageCard which="Second" {...second} />
      </section>
      <Section id="manifests" title="Image manifests">
        <Table
          heads={['Platform', 'Answer', 'First', 'Second']}
          isNamed
          of={platforms}
          row={manifestRow}
        />
      </Section>
      <Causes of={differences} />
      {each(byLayer(differences), (group, index) => (
        <Layer {...group} id={`layer-${index}`} />
      ))}
      {omitted > 0 && <p className="muted">{omitted} more differences are not listed.</p>}
    </>,
  );
}

function ImageCard(card: ImageComparison['first'] & { readonly which: string }): ReactNode {
  return (
    <div className="card">
      <p className="muted">{card.which}</p>
      <p className="name">{card.name}</p>
      <p className="digest">{card.digest}</p>
    </div>
  );
}

function manifestRow(one: ImageComparison['platforms'][number]): readonly ReactNode[] {
  const { platform, first, second } = one;
  const same = first !== undefined && first === second;
  const digest = (one: typeof first): ReactNode =>
    one === undefined ? 'not there' : <code title={one}>sha256:{shortDigest(one)}</code>;
  return [
    platform,
    <Tag tone={same ? 'cool' : 'hot'} text={same ? 'the same' : 'differs'} />,
    digest(first),
    same ? 'the same' : digest(second),
  ];
}

/** Each cause once, most frequent first. */
function Causes({ of }: { readonly of: readonly ImageDifference[] }): ReactNode {
  if (of.length === 0) return null;
  return (
    <Section id="causes" title="Why, and what to do">
      <Table
        heads={['Class', '#Found', 'Why', 'What to do']}
        isNamed
        of={byClass(of)}
        row={({ id, cause, remedy, count }) => [
          id,
          count,
          cause,
          remedy === undefined ? '–' : <code>{remedy}</code>,
        ]}
      />
    </Section>
  );
}

function Layer({ entries, first, id }: LayerGroup & { readonly id: string }): ReactNode {
  const { platform, layer, layerIndex, instruction } = first;
  const where = placeText(first);
  const place =
    layer === undefined
      ? 'config and annotations'
      : `layer ${layerIndex ?? ''}${where === undefined ? '' : `, ${where}`}`;
  const title = (
    <>
      {platform}: {place} <small>{plural(entries.length, 'difference')}</small>
    </>
  );
  return (
    <Section id={id} title={title}>
      {layer !== undefined && (
        <p className="digest">
          sha256:
          <wbr />
          {digestHex(layer)}
        </p>
      )}
      {instruction !== undefined && <Code text={instruction} />}
      <Table
        heads={['Path', 'Kind', 'Class', 'Where it differs']}
        of={entries}
        row={({ path, kind, class: cause, detail, deeper }) => [
          path === '' ? kind : path,
          kind,
          cause,
          <>
            {detail}
            {deeper !== undefined && (
              <details className="more">
                <summary>diffoscope</summary>
                <Code text={deeper} />
              </details>
            )}
          </>,
        ]}
        sortedAs="files"
        most={MOST.entries}
      />
    </Section>
  );
}
