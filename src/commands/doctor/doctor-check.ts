import { loadSettings } from '../../config/find-settings.ts';
import { DEFAULT_SETTINGS } from '../../config/schema.ts';
import { Interrupted, messageOf, ToolError, UserError } from '../../model/errors.ts';
import type { Result } from '../../model/result.ts';
import type { RunTool } from '../../model/run.ts';
import type { Settings } from '../../model/settings.ts';
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
export type CheckRow = Pick<Check, 'id' | 'title' | 'required'> & Finding;

/** Runs all checks at once; whatever one throws becomes its row. Throws Interrupted only. */
export async function runChecks(
  checks: readonly Check[],
  about: DoctorContext,
): Promise<readonly CheckRow[]> {
  return Promise.all(
    checks.map(async (check) => {
      const { id, title, required } = check;
      const { state, detail, fix } = await check.look(about).catch((thrown: unknown) => {
        if (thrown instanceof Interrupted || about.signal.aborted) throw thrown;
        return faultOf(thrown, required ? 'missing' : 'advice', check.fix?.(about));
      });
      // Details quote tools and files, which may contain anything.
      const lines = detail.split('\n').map(cleanForTerminal).join('\n');
      const row = { id, title, required, state, detail: lines };
      return fix === undefined || state === 'ok' ? row : { ...row, fix: cleanForTerminal(fix) };
    }),
  );
}

/** What settings files say here. */
export function readSettings({ cwd, paths, now }: DoctorContext): ReturnType<typeof loadSettings> {
  return loadSettings(
    { named: undefined, startDir: cwd, userDir: paths.config, task: 'project' },
    { now: now() },
  );
}

/** The same; the defaults where a file is broken, which has its own check. */
export async function projectSettings(about: DoctorContext): Promise<Settings> {
  const settings = await readSettings(about);
  return settings.ok ? settings.value : DEFAULT_SETTINGS;
}

/** True where nothing that a build needs is missing. */
export function isFit(rows: readonly CheckRow[]): boolean {
  return !rows.some((r) => r.required && r.state === 'missing');
}

/** What was thrown as a finding, with the fix that it names itself where no other is given. */
export function faultOf(thrown: unknown, state: CheckState = 'missing', fix?: string): Finding {
  const isOurs = thrown instanceof UserError || thrown instanceof ToolError;
  const known = fix ?? (isOurs ? thrown.nextStep : undefined);
  return { state, detail: messageOf(thrown), ...(known === undefined ? {} : { fix: known }) };
}
