import type { BuildAnalysis } from '../../../model/build-analysis.ts';
import type { Evidence } from '../../../model/criterion.ts';
import {
  type BuildFact,
  type Fact,
  NAME_THE_DOCKERFILE,
  unknownFact,
} from '../../../model/facts.ts';
import { lineEvidence } from './verdict.ts';

/** What the Dockerfile installs and downloads, or why that is not known. */
export function analysisOf(build: BuildFact): Fact<BuildAnalysis> {
  if (!build.dockerfile.known) return build.dockerfile;
  return build.analysis === undefined
    ? unknownFact('the Dockerfile was not analyzed', NAME_THE_DOCKERFILE)
    : { known: true, value: build.analysis, source: build.dockerfile.source };
}

/** Lines whose shell, and commands whose program, could not be read. */
export function unreadEvidence(analysis: BuildAnalysis): Evidence[] {
  return analysis.unread.map(({ range, reason, command = 'RUN', held }) =>
    held === true
      ? lineEvidence(range, command, 'works on source that a verified download brought', 'held')
      : lineEvidence(range, command, reason, 'open'),
  );
}

/** `line 7`, `lines 7, 9 and 2 more`. */
export function linesOf(
  found: readonly { readonly range: { readonly startLine: number } }[],
): string {
  const lines = [...new Set(found.map(({ range }) => range.startLine))].sort((a, b) => a - b);
  const rest = lines.length - 4;
  const shown = lines.slice(0, 4).join(', ');
  return `${lines.length === 1 ? 'line' : 'lines'} ${shown}${rest > 0 ? ` and ${rest} more` : ''}`;
}
