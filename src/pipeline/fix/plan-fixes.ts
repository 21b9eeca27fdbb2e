import { UserError } from '../../model/errors.ts';
import type { FixOptions, FixRule } from '../../model/fix-rule.ts';
import { isWithin, type PlannedEdit, type Risk } from '../../model/planned-edit.ts';
import type { Settings } from '../../model/settings.ts';
import { FIX_RULES } from '../../rules/edits.ts';
import type { PipelineContext } from '../context.ts';
import { buildContext } from '../contexts/build-context.ts';
import { givenDockerfile } from '../grade/given-dockerfile.ts';
import { lastScorecard } from '../image-build/last-scorecard.ts';
import { declared } from '../lint/lint-files.ts';
import { type FixInputs, planEdits, readFixFile } from './compose-fixes.ts';
import { gatherFacts } from './fix-facts.ts';
import { type OpenedFiles, openFixFiles } from './fix-files.ts';
import { fixGains, type Gains } from './fix-gains.ts';

export interface FixRequest {
  readonly path: string;
  /** The build context's folder; undefined: that of the Dockerfile. */
  readonly contextFolder: string | undefined;
  /** `--build-arg`, NAME=VALUE. */
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  /** Ids of edits, rules or criteria; none: all. */
  readonly only: readonly string[];
  /** The highest risk allowed. Undefined: low, or medium where asked for or decided on. */
  readonly maxRisk: Risk | undefined;
  /** Each edit is shown to a person first, or proven by a command that asks the program. */
  readonly isDecided: boolean;
  readonly options: FixOptions;
  /** Build each stage that installs packages, to learn their versions. */
  readonly build: boolean;
  /** Hosts that may be spoken to without TLS. */
  readonly plainHttp: readonly string[];
  readonly settings: Settings;
}

/** A Dockerfile with all that is needed to plan edits of it, again and again. */
export interface FixTask {
  readonly opened: OpenedFiles;
  readonly around: FixInputs;
  /** Whether an edit is one of those that were asked for, its risk aside. */
  readonly isNamed: (edit: PlannedEdit) => boolean;
  readonly isWithinRisk: (edit: PlannedEdit) => boolean;
  /** What edits are worth together, by their ids. */
  readonly worth: Gains['together'];
  /** The last build of this Dockerfile from this folder, as words behind `scoville build`. */
  readonly again: readonly string[] | undefined;
}

/** The rules that `only` names, by their id, their criterion, or the id of one of their edits. */
function namedRules(only: readonly string[]): readonly FixRule[] {
  const isNamed = ({ id, criterion }: FixRule, name: string): boolean =>
    name === id || name === criterion || name.startsWith(`${id}:`);
  const strange = only.find((name) => !FIX_RULES.some((rule) => isNamed(rule, name)));
  if (strange !== undefined)
    throw new UserError(`invalid value ${JSON.stringify(strange)} for --only`, {
      nextStep: `it takes the id of an edit, a criterion, or a rule: ${FIX_RULES.map(({ id }) => id).join(', ')}`,
    });
  return only.length === 0
    ? FIX_RULES
    : FIX_RULES.filter((rule) => only.some((name) => isNamed(rule, name)));
}

/** True where a flag asks for what a rule does, or each edit is decided on. */
function isAskedFor(rule: string, { only, build, options, isDecided }: FixRequest): boolean {
  if (isDecided || only.length > 0) return true;
  return (
    (build && rule === 'pin-packages') ||
    (options.freeze !== undefined && rule === 'freeze-archives')
  );
}

/**
 * Opens a Dockerfile for fixing and finds out what the wanted rules need: digests, versions,
 * hashes. What cannot be found out is no error: the rule that needs it says so. Throws UserError
 * where the Dockerfile cannot be read, or is none.
 */
export async function planFixes(context: PipelineContext, request: FixRequest): Promise<FixTask> {
  const rules = namedRules(request.only);
  const opened = await openFixFiles(context.cwd, request.path, request.contextFolder);
  const { buildArgs = {}, target } = givenDockerfile(
    request.path,
    opened.files.dockerfile,
    request,
  );
  const reading = {
    buildArgs,
    ...(target === undefined ? {} : { target }),
    context: buildContext(opened.contextFolder, opened.paths.Dockerfile),
  };
  const read = readFixFile(opened.files.dockerfile, reading);
  if (!read.ok)
    throw new UserError(
      `${opened.names.Dockerfile}, line ${read.error.line}: ${read.error.message}`,
      { nextStep: 'fix the line; scoville fix edits what BuildKit would build' },
    );
  const facts = await gatherFacts(context, {
    read: read.value,
    needs: new Set(rules.flatMap((rule) => rule.needs)),
    contextFolder: opened.contextFolder,
    dockerfile: opened.paths.Dockerfile,
    buildArgs: request.buildArgs,
    target: request.target,
    settings: request.settings,
    refresh: request.options.refresh,
    build: request.build,
  });
  const around: FixInputs = {
    ...reading,
    rules,
    options: request.options,
    facts,
  };
  const last = await lastScorecard(context, opened.paths.Dockerfile, request.target);
  // Worked out once, of the file as it is: later plans know what an edit was worth by its id.
  const first = planEdits(opened.files, around);
  const gains = fixGains(first.ok ? first.value.edits : [], {
    files: opened.files,
    around,
    declarations: declared({ settings: request.settings, now: context.now() }),
    scored: last?.criteria,
  });
  return {
    opened,
    around: {
      ...around,
      withGains: (edits) =>
        edits.map((edit) => {
          const gain = gains.of(edit.id);
          return gain === undefined ? edit : { ...edit, gain };
        }),
    },
    isNamed: ({ id, rule, criterion }) =>
      request.only.length === 0 ||
      request.only.some((name) => name === id || name === rule || name === criterion),
    isWithinRisk: ({ risk, rule }) =>
      isWithin(risk, request.maxRisk ?? (isAskedFor(rule, request) ? 'medium' : 'low')),
    worth: gains.together,
    again: last?.build?.cwd === context.cwd ? last.build.words : undefined,
  };
}
