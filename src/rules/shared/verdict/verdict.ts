import type { Evidence, EvidenceState, Verdict } from '../../../model/criterion.ts';
import type { SourceRange } from '../../../model/dockerfile.ts';
import type { EvidenceSource, FileFact } from '../../../model/facts.ts';
import type { Package } from '../../../model/packages.ts';

/** More findings are counted but not listed: this bounds a report, whatever the image contains. */
export const EVIDENCE_LIMIT = 200;

/** Additions to a verdict's outcome: another source, and how to decide an unknown. */
interface VerdictOptions {
  readonly source?: EvidenceSource | undefined;
  readonly settle?: string | undefined;
  /** The number of findings that are not in the evidence, which has only what reports show. */
  readonly unlisted?: number;
}

function verdict(
  outcome: Verdict['outcome'],
  summary: string,
  evidence: readonly Evidence[],
  options: VerdictOptions,
): Verdict {
  const rest = evidence.length + (options.unlisted ?? 0) - EVIDENCE_LIMIT;
  const listed =
    rest > 0 ? [...evidence.slice(0, EVIDENCE_LIMIT), note(`and ${rest} more`)] : evidence;
  return {
    outcome,
    summary,
    evidence: listed,
    ...(options.settle === undefined ? {} : { settle: options.settle }),
    ...(options.source === undefined ? {} : { source: options.source }),
  };
}

/** The criterion holds; `evidence` says what was looked at and must not be empty. */
export function pass(
  summary: string,
  evidence: readonly Evidence[],
  options: VerdictOptions = {},
): Verdict {
  return verdict('pass', summary, evidence, options);
}

/** There is positive evidence that the criterion does not hold. */
export function fail(
  summary: string,
  evidence: readonly Evidence[],
  options: VerdictOptions = {},
): Verdict {
  return verdict('fail', summary, evidence, options);
}

/** The evidence is not available: why, and in `settle` the one command or flag that decides it. */
export function unknown(
  reason: string,
  settle?: string,
  evidence: readonly Evidence[] = [],
  source?: EvidenceSource,
): Verdict {
  const shown = evidence.length === 0 ? [note(reason)] : evidence;
  return verdict('unknown', reason, shown, { settle, source });
}

/** The criterion has no subject in this image; `evidence` says how that is known. */
export function notApplicable(
  summary: string,
  evidence: readonly Evidence[],
  options: VerdictOptions = {},
): Verdict {
  return verdict('not-applicable', summary, evidence, options);
}

export function note(text: string): Evidence {
  return { kind: 'note', text };
}

export function configEvidence(field: string, value: string, detail?: string): Evidence {
  return {
    kind: 'config',
    field,
    value: withoutCredentials(value),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** A file with its layer and size; a link names where it leads. */
export function fileEvidence(file: FileFact, detail?: string): Evidence {
  const leads = file.resolved === undefined ? undefined : `points to ${file.resolved}`;
  const detailed = [detail, leads].filter((part) => part !== undefined).join(', ');
  return {
    kind: 'file',
    path: file.path,
    layer: file.layer,
    size: file.size,
    ...(detailed === '' ? {} : { detail: detailed }),
  };
}

export function packageEvidence(found: Package, detail = found.unrecorded): Evidence {
  return {
    kind: 'package',
    name: found.name,
    version: found.version,
    path: found.location.path,
    ...(detail === undefined ? {} : { detail }),
  };
}

const CREDENTIALS = /(:\/\/)[^\s/@'"]+@/g;

/** The text without the user and password of a URL in it. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS, '$1****@');
}

/** Lines of the Dockerfile, with what is said about them. */
export function lineEvidence(
  range: SourceRange,
  text: string,
  detail?: string,
  state?: EvidenceState,
): Evidence {
  return {
    kind: 'dockerfile',
    startLine: range.startLine,
    endLine: range.endLine,
    text: withoutCredentials(text),
    ...(detail === undefined ? {} : { detail }),
    ...(state === undefined ? {} : { state }),
  };
}

/** The first names and how many are left out, `unlisted` ones besides: `a, b, c and 4 more`. */
export function listed(names: readonly string[], shown = 3, unlisted = 0): string {
  const distinct = [...new Set(names)];
  const rest = distinct.length + unlisted - shown;
  return rest > 0 ? `${distinct.slice(0, shown).join(', ')} and ${rest} more` : distinct.join(', ');
}
