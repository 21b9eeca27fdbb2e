import {
  type CodeAction,
  CodeActionKind,
  CreateFile,
  type Diagnostic,
  DiagnosticSeverity,
  type Position,
  type Range,
  TextDocumentEdit,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import { FIX_RULES } from '../criteria/catalogue.ts';
import { type FixNeed, isWithin, type LintFinding, type PlannedEdit } from '../model/fix.ts';
import { VECTOR_NAMES } from '../report/card.ts';
import type { Explanation } from '../report/command-texts.ts';
import { cleanForTerminal } from '../ui/text.ts';

/** A document of the editor: its text, and places in it by UTF-16 units. */
export interface EditedText {
  readonly uri: string;
  readonly version: number;
  getText(): string;
  positionAt(offset: number): Position;
}

const SEVERITIES = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
};

const START: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** A problem that is not of a line. */
export function fileProblem(message: string): Diagnostic {
  return { range: START, severity: DiagnosticSeverity.Warning, source: 'scoville', message };
}

export function diagnosticOf(finding: LintFinding): Diagnostic {
  const { rule, severity, range, message, remedy } = finding;
  const place = (line: number, column: number): Position => ({
    line: line - 1,
    character: Math.max(0, column - 1),
  });
  return {
    range: {
      start: place(range.startLine, range.startColumn),
      end: place(range.endLine, range.endColumn),
    },
    severity: SEVERITIES[severity],
    source: 'scoville',
    code: rule,
    message: cleanForTerminal(remedy === undefined ? message : `${message}. ${remedy}.`),
  };
}

function isBefore(a: Position, b: Position): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}

export function touches(a: Range, b: Range): boolean {
  return !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
}

/**
 * What a finding means, as Markdown. Only our own words: a message quotes the file, whose author
 * could put an image or a link into it.
 */
export function explanationMarkdown(about: Explanation): string {
  const { id, title, level, vector, lint, why, remedies, good, specification } = about;
  const kind =
    level === undefined || vector === undefined
      ? `lint: ${lint ?? ''}`
      : `level ${level}, ${VECTOR_NAMES[vector]}`;
  const steps = remedies
    .flatMap((one) => [one.title, one.detail])
    .filter((text) => text !== undefined);
  return [
    `**${title}** (${id}, ${kind})`,
    why,
    ...(steps.length === 0 ? [] : [`**How to fix it:** ${steps.join('. ')}`]),
    ...(good === undefined ? [] : [`\`\`\`dockerfile\n${good.trimEnd()}\n\`\`\``]),
    ...(specification === undefined ? [] : [`[Specification](${specification})`]),
  ].join('\n\n');
}

/** A file beside the document that edits go to, and its text; undefined where there is none. */
export interface Beside {
  readonly uri: string;
  readonly text: string | undefined;
}

/** Edits of the document, and a text at the end of the file beside it. */
export function workspaceEdit(
  { uri, version }: Pick<EditedText, 'uri' | 'version'>,
  edits: readonly TextEdit[],
  beside?: Beside & { readonly added: string },
): WorkspaceEdit {
  const own = TextDocumentEdit.create({ uri, version }, [...edits]);
  if (beside === undefined) return { documentChanges: [own] };
  const { uri: other, text = '', added } = beside;
  const lines = text.split(/\r\n|\n|\r/);
  const end = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
  const insert = { range: { start: end, end }, newText: added };
  return {
    documentChanges: [
      ...(edits.length === 0 ? [] : [own]),
      ...(beside.text === undefined ? [CreateFile.create(other, { ignoreIfExists: true })] : []),
      TextDocumentEdit.create({ uri: other, version: null }, [insert]),
    ],
  };
}

/** The one stretch in which a document and a text differ, as an edit; none where they do not. */
export function changeTo(document: EditedText, after: string): readonly TextEdit[] {
  const before = document.getText();
  if (before === after) return [];
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  let end = 0;
  while (
    end < most - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  )
    end += 1;
  const range = {
    start: document.positionAt(start),
    end: document.positionAt(before.length - end),
  };
  return [{ range, newText: after.slice(start, after.length - end) }];
}

/** What one edit changes; undefined where the client cannot do it. */
function editOf(
  document: EditedText,
  { file, edits }: PlannedEdit,
  beside: Beside | undefined,
): WorkspaceEdit | undefined {
  if (file === '.dockerignore') {
    const added = edits.map(({ text }) => text).join('');
    return beside && workspaceEdit(document, [], { ...beside, added });
  }
  return workspaceEdit(
    document,
    edits.map(({ start, end, text }) => ({
      range: { start: document.positionAt(start), end: document.positionAt(end) },
      newText: text,
    })),
  );
}

interface Asked {
  readonly range: Range;
  /** Findings there. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What an ignore file keeps out comes in here. */
const TAKES_CONTEXT = /^\s*(?:COPY|ADD)\s/i;

/** The edits that help at a place, each as an action; those of lowest risk first. */
export function quickFixes(
  document: EditedText,
  edits: readonly PlannedEdit[],
  { range, diagnostics }: Asked,
  beside: Beside | undefined,
): readonly CodeAction[] {
  const lines = document.getText().split(/\r\n|\n|\r/);
  return edits.flatMap((edit) => {
    const helped = diagnostics.filter(({ code }) => helps(edit, code));
    const isHere =
      edit.file === 'Dockerfile'
        ? edit.edits.some(({ start, end }) =>
            touches({ start: document.positionAt(start), end: document.positionAt(end) }, range),
          )
        : TAKES_CONTEXT.test(lines[range.start.line] ?? '');
    const change = helped.length > 0 || isHere ? editOf(document, edit, beside) : undefined;
    if (change === undefined) return [];
    const risk = isWithin(edit.risk, 'low') ? '' : ` (risk ${edit.risk}: ${edit.riskReason})`;
    return [
      {
        title: `${edit.title}${risk}`,
        kind: CodeActionKind.QuickFix,
        diagnostics: helped,
        edit: change,
      },
    ];
  });
}

function helps({ rule, criterion }: PlannedEdit, code: Diagnostic['code']): boolean {
  const lint = FIX_RULES.find(({ id }) => id === rule)?.lint;
  return code !== undefined && [rule, criterion, lint].some((id) => id === code);
}

const OUTSIDE: readonly FixNeed[] = ['digests', 'bases', 'hashes'];

/** The findings with an edit that needs a registry, the engine or a download: by id of the rule. */
export function remoteFixes(
  diagnostics: readonly Diagnostic[],
  edits: readonly PlannedEdit[],
): ReadonlyMap<string, Diagnostic> {
  const found = diagnostics.flatMap((one): [string, Diagnostic][] => {
    const { code } = one;
    if (typeof code !== 'string' || edits.some((edit) => helps(edit, code))) return [];
    const rule = FIX_RULES.find(
      ({ id, criterion, lint, needs }) =>
        [id, criterion, lint].includes(code) && needs.some((need) => OUTSIDE.includes(need)),
    );
    return rule === undefined ? [] : [[code, one]];
  });
  return new Map(found);
}
