import type { ReactNode } from 'react';
import { plural, sizeText } from '../../lib/text.ts';
import {
  type CriterionResult,
  type Evidence,
  isMet,
  SPEC_URL,
  VECTORS,
} from '../../model/criterion.ts';
import type { EvidenceSource } from '../../model/facts.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { OUTCOME_WORDS, VECTOR_NAMES } from '../card.ts';
import { shortDigest } from '../text.ts';
import { each } from './document.tsx';
import { Code, OutcomeIcon, Rest } from './parts.tsx';

interface OfFindings {
  readonly scorecard: Scorecard;
  readonly of: readonly CriterionResult[];
  /** Separates the ids of several lists. */
  readonly prefix: string;
}

/** All listed criteria with evidence, by vector. Met ones are folded. */
export function Findings({ of: all, scorecard, prefix }: OfFindings): ReactNode {
  return each(VECTORS, (vector) => {
    const there = all.filter((one) => one.vector === vector);
    const met = there.filter(({ outcome }) => isMet(outcome));
    if (there.length === 0) return null;
    const finding = (result: CriterionResult): ReactNode => (
      <Finding result={result} scorecard={scorecard} prefix={prefix} />
    );
    return (
      <>
        <h3>
          {VECTOR_NAMES[vector]} <small>{tally(there)}</small>
        </h3>
        {each(
          there.filter(({ outcome }) => !isMet(outcome)),
          finding,
        )}
        {met.length > 0 && (
          <details className="more">
            <summary>{tally(met)}</summary>
            {each(met, finding)}
          </details>
        )}
      </>
    );
  });
}

function tally(results: readonly CriterionResult[]): string {
  const counts = Object.entries(OUTCOME_WORDS).flatMap(([outcome, word]) => {
    const count = results.filter((one) => one.outcome === outcome).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  return counts.join(', ');
}

const SOURCES: Readonly<Record<EvidenceSource, string>> = {
  build: 'what this build did itself',
  'verified-attestation': 'a verified attestation',
  'unverified-attestation': 'what the publisher says about itself (not verified)',
  image: 'the bytes of the image',
  dockerfile: 'the Dockerfile that was pointed at',
  scanner: 'the vulnerability scanner',
};

function Finding(props: Omit<OfFindings, 'of'> & { readonly result: CriterionResult }): ReactNode {
  const { result, scorecard, prefix } = props;
  const { id, title, level, outcome, summary, source, remedies, settle, spec } = result;
  const waiver = scorecard.waivers.find(({ criterion }) => criterion === id);
  return (
    <details className={`finding ${outcome}`} id={prefix + id}>
      <summary>
        <OutcomeIcon of={outcome} />
        <span className="title">{title}</span> <span className="lvl">level {level}</span>{' '}
        <span className="sum">
          {summary} {source === 'unverified-attestation' && <em>self-declared</em>}{' '}
          {waiver !== undefined && <em>waived</em>}
        </span>
      </summary>
      <div className="body">
        {waiver !== undefined && (
          <p className="waiver">
            <b>Waived</b>
            {waiver.expires !== undefined && ` until ${waiver.expires}`}: {waiver.reason}. The gate
            lets it through; the score does not change.
          </p>
        )}
        <h4>Evidence</h4>
        <EvidenceList of={result.evidence} />
        {!isMet(outcome) && (
          <>
            <h4>How to fix</h4>
            <ul className="remedies">
              {outcome === 'unknown' && settle !== undefined && (
                <li>
                  <b>How to check.</b>
                  <Code text={settle} />
                </li>
              )}
              {each(remedies, (remedy) => (
                <li>
                  <b>{remedy.title}.</b> {remedy.detail}
                  {remedy.example !== undefined && <Code text={remedy.example} />}
                </li>
              ))}
            </ul>
          </>
        )}
        <p className="rests">
          Source: {SOURCES[source]} · <code>scoville explain {id}</code> ·{' '}
          <a href={spec?.startsWith('#') === true ? SPEC_URL + spec : SPEC_URL} rel="noreferrer">
            in the specification
          </a>
        </p>
      </div>
    </details>
  );
}

/** Shown open; more are folded, and beyond the bound counted. */
const OPEN = 5;
const SHOWN = 100;

/** The evidence of an outcome, each piece with its place. */
function EvidenceList({ of: all }: { readonly of: readonly Evidence[] }): ReactNode {
  const list = (from: number, to: number): ReactNode => (
    <ul className="evidence">
      {each(all.slice(from, to), (one, index) => {
        const [kind, place, ...about] = evidenceParts(one);
        const isFirst = index === 0 || all[from + index - 1]?.kind !== one.kind;
        return (
          <li>
            <span className="kind">{isFirst && kind}</span>
            <span>
              {place !== undefined && <code>{place}</code>}{' '}
              <span className="about">
                {about.filter((text) => text !== undefined && text !== '').join(' · ')}
              </span>
            </span>
          </li>
        );
      })}
    </ul>
  );
  if (all.length <= OPEN) return list(0, OPEN);
  return (
    <>
      {list(0, OPEN)}
      <details className="more">
        <summary>{plural(all.length - OPEN, 'more piece', 'more pieces')} of evidence</summary>
        {list(OPEN, SHOWN)}
        <Rest count={all.length - SHOWN}>: the JSON report has them all</Rest>
      </details>
    </>
  );
}

/** Its kind, the exact identifier, and a text about it. */
function evidenceParts(
  evidence: Evidence,
): readonly [kind: string, place: string | undefined, ...about: (string | undefined)[]] {
  switch (evidence.kind) {
    case 'file': {
      const { path, detail, size = 0, layer } = evidence;
      const at = layer === undefined ? undefined : `layer ${shortDigest(layer)}`;
      return ['File', path, detail, size === 0 ? undefined : sizeText(size), at];
    }
    case 'package':
      return ['Package', `${evidence.name} ${evidence.version}`, evidence.detail, evidence.path];
    case 'dockerfile': {
      const { startLine, endLine, text, detail } = evidence;
      const lines = startLine === endLine ? `line ${startLine}` : `lines ${startLine}–${endLine}`;
      return ['Dockerfile', text, detail, lines];
    }
    case 'attestation': {
      const { predicateType, digest, detail } = evidence;
      const short = digest === undefined ? undefined : shortDigest(digest);
      return ['Attestation', predicateType, detail, short];
    }
    case 'image':
      return ['Image', evidence.reference, evidence.detail];
    case 'config':
      return ['Config', `${evidence.field}: ${evidence.value}`, evidence.detail];
    case 'vulnerability': {
      const { id, severity, package: name, version, fixedIn } = evidence;
      const fix = fixedIn === undefined ? 'no fix' : `fixed in ${fixedIn}`;
      return ['CVE', id, severity, `${name} ${version}`, fix];
    }
    case 'note':
      return ['Seen', undefined, evidence.text];
  }
}
