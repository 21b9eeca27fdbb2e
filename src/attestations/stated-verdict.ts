import { digestOf } from '../model/digest.ts';
import { objectOf } from '../model/json-value.ts';
import { GRADES } from '../model/scorecard.ts';
import type { Waiver } from '../model/settings.ts';
import { base64Of, listOf, parseUntrustedJson, textOf } from './untrusted-json.ts';
import { type JudgingSettings, verdictPolicy } from './verdict-policy.ts';
import { readSummary } from './verdict-read.ts';

/** A verdict of this tool as its two statements say it. */
export interface StatedVerdict {
  /** Undefined where the gate was missed: such a verdict does not state one. */
  readonly level: number | undefined;
  /** RFC 3339. */
  readonly timeVerified: string;
  readonly toolVersion: string;
  /** The settings that it was judged by; undefined where they are not all there to be read. */
  readonly judging: JudgingSettings | undefined;
  /** Ids of criteria that it met. */
  readonly met: ReadonlySet<string>;
  /** Ids of all criteria that it judged. */
  readonly criteria: ReadonlySet<string>;
}

const MAX_POLICY = 1024 * 1024;
const MOST = 1000;

/** Reads a summary, with the test result that was made with it: it names the same policy. */
export function readVerdict(summary: unknown, results: readonly unknown[]): StatedVerdict {
  const { level, passed, timeVerified } = readSummary(summary);
  const { verifier, policy } = objectOf(summary);
  const digest = sha256Of(policy);
  const tests = results.find((one) =>
    listOf(objectOf(one)['configuration'], MOST).some(
      (entry) => digest !== undefined && sha256Of(entry) === digest,
    ),
  );
  const ids = (field: string): readonly string[] =>
    listOf(objectOf(tests)[field], MOST).flatMap((id) => textOf(id, 200) ?? []);
  const met = new Set(ids('passedTests'));
  return {
    level: passed ? level : undefined,
    timeVerified,
    toolVersion: textOf(objectOf(objectOf(verifier)['version'])['scoville'], 100) ?? '',
    judging: readPolicy(policy),
    met,
    criteria: new Set([...met, ...ids('warnedTests'), ...ids('failedTests')]),
  };
}

function sha256Of(descriptor: unknown): string | undefined {
  return textOf(objectOf(objectOf(descriptor)['digest'])['sha256'], 64);
}

/** Undefined unless writing what was read gives the same bytes again: nothing went unread. */
function readPolicy(policy: unknown): JudgingSettings | undefined {
  const bytes = base64Of(objectOf(policy)['content'], MAX_POLICY);
  if (bytes === undefined || digestOf(bytes) !== `sha256:${sha256Of(policy) ?? ''}`)
    return undefined;
  const parsed = parseUntrustedJson(bytes, 'the policy', MAX_POLICY);
  if (!parsed.ok) return undefined;
  const { gate, trustedImages, recentDays, databaseDays, scanner } = objectOf(parsed.value);
  const { minLevel, minGrade, waivers } = objectOf(gate);
  const level = numberOf(minLevel);
  const grade = GRADES.find((one) => one === minGrade);
  const judging: JudgingSettings = {
    gate: {
      ...(level === undefined ? {} : { minLevel: level }),
      ...(grade === undefined ? {} : { minGrade: grade }),
      waivers: listOf(waivers, MOST).map(readWaiver),
    },
    trust: {
      images: listOf(trustedImages, MOST).flatMap((one) => textOf(one) ?? []),
    },
    recentDays: numberOf(recentDays) ?? NaN,
    databaseDays: numberOf(databaseDays) ?? NaN,
    scanner: (textOf(scanner, 100) ?? '') as JudgingSettings['scanner'],
  };
  return verdictPolicy(judging).digest.sha256 === sha256Of(policy) ? judging : undefined;
}

function readWaiver(value: unknown): Waiver {
  const { criterion, reason, expires } = objectOf(value);
  const until = textOf(expires, 100);
  return {
    criterion: textOf(criterion, 200) ?? '',
    reason: textOf(reason) ?? '',
    ...(until === undefined ? {} : { expires: until }),
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}
