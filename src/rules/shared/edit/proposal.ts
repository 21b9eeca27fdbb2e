import type {
  DockerfileSource,
  SourceInstruction,
  Span,
} from '../../../model/dockerfile-source.ts';
import type { FixPlan } from '../../../model/fix-rule.ts';
import { type ProposedEdit, type Risk, RISKS, type TextEdit } from '../../../model/planned-edit.ts';

export function proposal(
  { line }: Pick<SourceInstruction, 'line'>,
  more: Omit<ProposedEdit, 'file' | 'line'>,
): ProposedEdit {
  return { ...more, file: 'Dockerfile', line };
}

/** A plan of one edit of the Dockerfile, at the line of an instruction. */
export function proposed(
  at: Pick<SourceInstruction, 'line'>,
  more: Omit<ProposedEdit, 'file' | 'line'>,
): FixPlan {
  return { edits: [proposal(at, more)], refusals: [] };
}

/** What an edit may break in this Dockerfile, since nothing shows that it does not. */
export interface Doubt {
  readonly risk: Risk;
  readonly reason: string;
}

/** The risk of an edit: that of its gravest doubt, or what it is where there are none. */
export function riskOf(
  shown: Doubt,
  doubts: readonly Doubt[],
): Pick<ProposedEdit, 'risk' | 'riskReason'> {
  if (doubts.length === 0) return { risk: shown.risk, riskReason: shown.reason };
  const risk = RISKS[Math.max(...doubts.map((doubt) => RISKS.indexOf(doubt.risk)))] ?? 'high';
  return { risk, riskReason: [...new Set(doubts.map(({ reason }) => reason))].join('; ') };
}

/** What is left alone, at the line of an instruction. */
export function refusal(
  { line }: Pick<SourceInstruction, 'line'>,
  reason: string,
  settle?: string,
): FixPlan['refusals'][number] {
  return { line, reason, ...(settle === undefined ? {} : { settle }) };
}

/** A plan that changes nothing, and why. */
export function refusedAt(
  at: Pick<SourceInstruction, 'line'>,
  reason: string,
  settle?: string,
): FixPlan {
  return { edits: [], refusals: [refusal(at, reason, settle)] };
}

/** Plans of several places as one. */
export function together(plans: readonly FixPlan[]): FixPlan {
  return {
    edits: plans.flatMap(({ edits }) => edits),
    refusals: plans.flatMap(({ refusals }) => refusals),
  };
}

export const NOTHING: FixPlan = { edits: [], refusals: [] };

/** The end of the line that an offset is in, before what ends it. */
export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  if (end < 0) return text.length;
  return text.charAt(end - 1) === '\r' && end > offset ? end - 1 : end;
}

/**
 * Adds lines behind the line in which a stretch ends. The last line of a file may end with the
 * escape character, which nothing follows; it goes, for it would take the added lines in.
 */
export function linesBehind(
  { text, eol, escape }: Pick<DockerfileSource, 'text' | 'eol' | 'escape'>,
  { end, textEnd }: Pick<SourceInstruction, 'end' | 'textEnd'>,
  lines: readonly string[],
): TextEdit {
  const at = lineEnd(text, end);
  // A here-document lies between the two, and ends by itself.
  const left = text.slice(textEnd, at).trim();
  return {
    start: left === escape ? textEnd : at,
    end: at,
    text: lines.map((line) => `${eol}${line}`).join(''),
  };
}

/** Adds lines in front of the line in which a stretch begins, with its indentation. */
export function linesBefore(
  { eol }: { readonly eol: string },
  { start }: Pick<Span, 'start'>,
  lines: readonly string[],
): TextEdit {
  return { start, end: start, text: lines.map((line) => `${line}${eol}`).join('') };
}
