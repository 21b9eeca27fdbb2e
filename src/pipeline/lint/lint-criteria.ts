import { buildFact } from '../../facts/build.ts';
import type { BuildAnalysis } from '../../model/build-analysis.ts';
import type { Evidence } from '../../model/criterion.ts';
import type { DockerfileModel, SourceRange } from '../../model/dockerfile.ts';
import { type DeclarationsFact, type Facts, known, unknownFact } from '../../model/facts.ts';
import { managerNamed } from '../../programs/managers/catalogue.ts';
import { judgeImage } from '../../rules/judge-image.ts';
import type { RuleFinding } from '../../rules/shared/lint/rule.ts';
import { DOCKERFILE_CRITERIA } from './lint-catalogue.ts';

const LONGEST_COMMAND = 100;

interface Read {
  readonly model: DockerfileModel;
  readonly analysis: BuildAnalysis;
}

/** All that a Dockerfile tells without a build; the rest is not known. */
function factsOf(read: Read, declarations: DeclarationsFact): Facts {
  const unbuilt = unknownFact('nothing was built');
  return {
    image: unbuilt,
    filesystem: unbuilt,
    packages: unbuilt,
    secrets: unbuilt,
    build: buildFact({ dockerfile: { ...read, source: 'dockerfile' } }),
    attestations: unbuilt,
    vulnerabilities: unbuilt,
    reproduction: unbuilt,
    declarations: known(declarations, 'build'),
  };
}

/** The line alone, where nothing that was read says more of the place. */
function wholeLine(startLine: number, endLine: number): SourceRange {
  return { startLine, startColumn: 1, endLine, endColumn: 1 };
}

function ofImage(
  { reference, detail = '', line = 1 }: Extract<Evidence, { kind: 'image' }>,
  { model }: Read,
): RuleFinding {
  const image = model.externalImages.find(
    (i) => i.text === reference && i.range.startLine === line,
  );
  const stage = model.stages.find(({ range }) => range.startLine === line);
  const said = detail.replace(`, line ${line}:`, ':');
  return {
    range: image?.range ?? stage?.range ?? wholeLine(line, line),
    message: `${reference}, ${said}`,
    word: reference,
  };
}

function ofLines(
  { startLine, endLine, text, detail = '' }: Extract<Evidence, { kind: 'dockerfile' }>,
  { analysis }: Read,
): RuleFinding {
  const here = ({ range }: { readonly range: SourceRange }): boolean =>
    range.startLine === startLine && range.endLine === endLine;
  const install = analysis.installs.find((one) => here(one) && one.command === text);
  const range = [...analysis.installs, ...analysis.downloads].find(
    (one) => here(one) && one.command === text,
  )?.range;
  const shown = text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND - 1)}…` : text;
  return {
    range: range ?? wholeLine(startLine, endLine),
    message: `${shown}: ${detail}`,
    // Archives drop old versions: a version named alone breaks the build one day, so this weighs less.
    ...(install !== undefined && managerNamed(install.manager)?.isOfSystem === true
      ? { severity: 'info' as const }
      : {}),
  };
}

function findingOf(evidence: Evidence, read: Read): RuleFinding | undefined {
  if (evidence.kind === 'image') return ofImage(evidence, read);
  if (evidence.kind !== 'dockerfile') return undefined;
  // Shell that is not read has a rule of its own.
  const { startLine } = evidence;
  const unread = read.analysis.unread.some(({ range }) => range.startLine === startLine);
  return evidence.state === 'open' && unread ? undefined : ofLines(evidence, read);
}

/** What the criteria that a Dockerfile decides find in it, by their own judgement: each piece of evidence that does not hold. */
export function criteriaFindings(
  read: Read,
  declarations: DeclarationsFact,
): readonly (RuleFinding & { readonly rule: string })[] {
  return judgeImage(factsOf(read, declarations), DOCKERFILE_CRITERIA).flatMap(({ id, evidence }) =>
    evidence.flatMap((one) => {
      const state = 'state' in one ? one.state : undefined;
      if (state === undefined || state === 'held') return [];
      const finding = findingOf(one, read);
      if (finding === undefined) return [];
      const open = state === 'open' ? { severity: 'info' as const } : {};
      return [{ ...finding, ...open, rule: id }];
    }),
  );
}
