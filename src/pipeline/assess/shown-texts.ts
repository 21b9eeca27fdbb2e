import type { Evidence, Verdict } from '../../model/criterion.ts';
import { type Facts, known } from '../../model/facts.ts';
import { maskDockerfile } from '../mask-dockerfile.ts';

/** What reports show of a text at most; a hostile one is not gone through to its end. */
const LONGEST = 4096;

function shownText(text: string): string {
  return maskDockerfile(text.slice(0, LONGEST));
}

/** A verdict as reports may show it: a secret that stands in a line of the Dockerfile is masked. */
export function shownVerdict<V extends Pick<Verdict, 'evidence'>>(verdict: V): V {
  return { ...verdict, evidence: verdict.evidence.map(shownEvidence) };
}

function shownEvidence(evidence: Evidence): Evidence {
  if (evidence.kind === 'dockerfile') return { ...evidence, text: shownText(evidence.text) };
  if (evidence.kind === 'config') return { ...evidence, value: shownText(evidence.value) };
  return evidence;
}

/**
 * Facts as reports may show them, with secrets in the history masked. Only those who have the image
 * can read them there.
 */
export function shownFacts(facts: Facts): Facts {
  if (!facts.image.known) return facts;
  const { source, value } = facts.image;
  const { config } = value;
  if (config.history === undefined) return facts;
  const history = config.history.map((entry) => ({
    ...entry,
    ...(entry.created_by === undefined ? {} : { created_by: shownText(entry.created_by) }),
    ...(entry.comment === undefined ? {} : { comment: shownText(entry.comment) }),
  }));
  return { ...facts, image: known({ ...value, config: { ...config, history } }, source) };
}
