import { Interrupted, messageOf, ToolError, UserError } from '../../model/errors.ts';
import type { Result } from '../../model/result.ts';
import type { RunTool } from '../../model/run.ts';
import type { Paths } from '../../pipeline/context.ts';
import { cleanForTerminal } from '../../ui/clean.ts';

/** What the checks may ask. */
export interface DoctorContext {
  readonly run: RunTool;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly paths: Paths;
  /** As `process.platform`: decides which install command is shown. */
  readonly platform: string;
  /** As `process.versions.node`. */
  readonly nodeVersion: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Whether anything listens at the host of a URL; gives the reason where nothing does. */
  readonly connect: (url: string, ms: number) => Promise<Result<undefined>>;
}

/** `advice`: builds work without it, or soon will not. `optional`: missing, and nobody needs it. */
type CheckState = 'ok' | 'missing' | 'advice' | 'optional';

/** What one look found. */
export interface Finding {
  readonly state: CheckState;
  readonly detail: string;
  /** The one command that fixes it; for what is not ok. */
  readonly fix?: string;
}

/** One thing that `scoville doctor` looks at. */
export interface Check {
  /** Stable: scripts read it. */
  readonly id: string;
  readonly title: string;
  /** No build works without it. */
  readonly required: boolean;
  /** May throw: that is a finding too. */
  readonly look: (about: DoctorContext) => Promise<Finding>;
  /** What fixes it where the error that it threw names nothing. */
  readonly fix?: (about: DoctorContext) => string;
}

/** A check with what it found, in the order that `--json` prints. */
export interface CheckRow {
  readonly id: string;
  readonly title: string;
  readonly required: boolean;
  readonly state: CheckState;
  readonly detail: string;
  readonly fix?: string;
}

/** Runs all checks at once; whatever one throws becomes its row. Throws Interrupted only. */
export async function runChecks(
  checks: readonly Check[],
  about: DoctorContext,
): Promise<readonly CheckRow[]> {
  return Promise.all(checks.map((check) => row(check, about)));
}

/** True where nothing that a build needs is missing. */
export function isFit(rows: readonly CheckRow[]): boolean {
  return !rows.some((r) => r.required && r.state === 'missing');
}

async function row(check: Check, about: DoctorContext): Promise<CheckRow> {
  const { id, title, required } = check;
  const { state, detail, fix } = await found(check, about);
  // Details quote tools and files, which may hold anything.
  const lines = detail.split('\n').map(cleanForTerminal).join('\n');
  return {
    id,
    title,
    required,
    state,
    detail: lines,
    ...(fix === undefined || state === 'ok' ? {} : { fix: cleanForTerminal(fix) }),
  };
}

async function found(check: Check, about: DoctorContext): Promise<Finding> {
  try {
    return await check.look(about);
  } catch (thrown) {
    if (thrown instanceof Interrupted || about.signal.aborted) throw thrown;
    const named =
      thrown instanceof UserError || thrown instanceof ToolError ? thrown.nextStep : undefined;
    const fix = check.fix?.(about) ?? named;
    return {
      state: check.required ? 'missing' : 'advice',
      detail: messageOf(thrown),
      ...(fix === undefined ? {} : { fix }),
    };
  }
}
