import type {
  IgnoredFinding,
  LintedFile,
  LintFinding,
  LintLevel,
  LintRule,
} from '../../model/lint.ts';
import { shortened } from '../clean-text.ts';
import { jsonText } from '../json-text.ts';
import { sarifMessage } from '../sarif/sarif-message.ts';
import { fingerprint, uriOf } from '../sarif/sarif-places.ts';
import { sarifName } from '../sarif/sarif-rules.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const LEVELS: Readonly<Record<LintLevel, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};

interface LintRun {
  readonly version: string;
  readonly rules: readonly LintRule[];
}

function ruleOf({ id, title, level, help, remedy, specification }: LintRule) {
  const text = `${remedy}. ${help}`;
  return {
    ...sarifName({ id, title }),
    fullDescription: { text: help },
    help: { text, markdown: text },
    ...(specification === undefined ? {} : { helpUri: specification }),
    defaultConfiguration: { level: LEVELS[level] },
    properties: { tags: ['container', 'dockerfile'], precision: 'high' },
  };
}

/** SARIF's columns count UTF-16 units and begin at 1, as ours do. */
function regionOf({ range }: LintFinding, lines: readonly string[]) {
  const text = lines[range.startLine - 1] ?? '';
  return {
    startLine: range.startLine,
    startColumn: Math.max(1, range.startColumn),
    endLine: Math.max(range.startLine, range.endLine),
    endColumn: Math.max(1, range.endColumn),
    ...(text === '' ? {} : { snippet: { text: shortened(text, 500) } }),
  };
}

function resultOf(
  finding: LintFinding | IgnoredFinding,
  { name, lines }: LintedFile,
  ruleIndex: number,
) {
  const uri = uriOf(name === '-' ? 'Dockerfile' : name);
  const { rule, severity, message, remedy } = finding;
  const line = lines[finding.range.startLine - 1]?.trim() ?? '';
  const print = fingerprint(rule, `${uri} ${line} ${message}`);
  return {
    ruleId: rule,
    ruleIndex,
    level: LEVELS[severity],
    message: sarifMessage(remedy === undefined ? message : `${message}. ${remedy}.`),
    locations: [
      { physicalLocation: { artifactLocation: { uri }, region: regionOf(finding, lines) } },
    ],
    partialFingerprints: { 'scoville/v1': print, primaryLocationLineHash: `${print}:1` },
    ...('reason' in finding
      ? {
          suppressions: [
            { kind: 'inSource' as const, justification: shortened(finding.reason, 1000) },
          ],
        }
      : {}),
  };
}

/** SARIF 2.1.0, one run for all files; what a comment takes back is there as suppressed. */
export function lintSarif(files: readonly LintedFile[], { version, rules }: LintRun): string {
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const results = files.flatMap((file) =>
    [...file.findings, ...file.ignored].map((finding) =>
      resultOf(finding, file, indexes.get(finding.rule) ?? -1),
    ),
  );
  const driver = { name: 'scoville', version, semanticVersion: version, rules: rules.map(ruleOf) };
  const run = {
    tool: { driver },
    automationDetails: { id: 'scoville/lint/' },
    invocations: [{ executionSuccessful: files.every(({ parsed }) => parsed) }],
    results,
    columnKind: 'utf16CodeUnits',
  };
  return jsonText({ $schema: SCHEMA, version: '2.1.0', runs: [run] });
}
