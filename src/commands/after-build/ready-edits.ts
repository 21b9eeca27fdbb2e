import { relative, resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { quantity } from '../../model/quantity.ts';
import type { ReadyStep, Scorecard } from '../../model/scorecard.ts';
import { type Settings, withPlainHttp } from '../../model/settings.ts';
import { folderWord, shellWord } from '../../model/shell-word.ts';
import { applyWanted } from '../../pipeline/fix/apply-fixes.ts';
import type { AppliedFixes } from '../../pipeline/fix/compose-fixes.ts';
import { type FixRequest, planFixes } from '../../pipeline/fix/plan-fixes.ts';
import { lastValueOf, valuesOf } from '../../plans/flags/flag-spec.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { shownValue } from '../../plans/shown-command.ts';
import { isAddress } from '../../plans/source-url.ts';
import { lockFiles } from '../../rules/pinned-packages/edit-lock-files.ts';
import { BY_BUILD } from '../../rules/pinned-packages/edit.ts';
import { pipelineContext } from '../context.ts';
import type { CommandIo } from '../io.ts';

/** The Dockerfile fix to ask about in a terminal after a build; undefined for a URL or stdin. */
export function fixRequestOf(
  parsed: ParsedBuild,
  settings: Settings,
  io: CommandIo,
): FixRequest | undefined {
  const file = lastValueOf(parsed, 'file') ?? '';
  const isLocal = (path: string): boolean => path !== '-' && !isAddress(path);
  if (!isLocal(parsed.context) || !isLocal(file)) return undefined;
  const folder = resolve(io.cwd, parsed.context);
  const { plainHttp } = parsed.own;
  return {
    path: file === '' ? resolve(folder, 'Dockerfile') : file,
    contextFolder: folder,
    buildArgs: valuesOf(parsed, 'build-arg'),
    target: lastValueOf(parsed, 'target') || undefined,
    only: [],
    maxRisk: undefined,
    isDecided: true,
    options: { refresh: false, distroless: settings.fix.distroless },
    build: false,
    plainHttp,
    settings: { ...settings, registries: withPlainHttp(settings.registries, plainHttp) },
  };
}

/**
 * The `scoville fix` that makes the same plan, from where the build was started. It asks nothing:
 * each edit is kept only where a build and a start of the image prove it.
 */
function commandOf(request: FixRequest, fixes: AppliedFixes, io: CommandIo): string {
  const path = relative(io.cwd, resolve(io.cwd, request.path));
  const context = request.contextFolder ?? '';
  const words = [
    '--yes',
    '--verify',
    ...(fixes.applied.some(({ risk }) => risk === 'medium') ? ['--max-risk', 'medium'] : []),
    ...(fixes.refusals.some(({ settle }) => settle === BY_BUILD) ? ['--build'] : []),
    ...request.buildArgs.flatMap((one) => ['--build-arg', shownValue('build-arg', one)]),
    ...(request.target === undefined ? [] : ['--target', request.target]),
    ...request.plainHttp.flatMap((host) => ['--plain-http', host]),
    ...(resolve(io.cwd, request.path, '..') === context
      ? []
      : ['--context', relative(io.cwd, context) || '.']),
    ...(path === 'Dockerfile' ? [] : [path]),
  ];
  return ['scoville fix', ...words.map(shellWord)].join(' ');
}

/**
 * What `scoville fix` would change now, and the lock file that it lacks. Nothing where the
 * Dockerfile is not in a folder of the user's. A plan that fails offers nothing: the build is what
 * was asked for.
 */
export async function readyEdits(
  scorecard: Scorecard,
  parsed: ParsedBuild,
  settings: Settings,
  io: CommandIo,
): Promise<readonly ReadyStep[]> {
  const request = fixRequestOf(parsed, settings, io);
  const open = scorecard.suggestions.flatMap(({ criterion, fix }) =>
    fix === undefined ? [] : [criterion],
  );
  if (request === undefined || open.length === 0) return [];
  try {
    const task = await planFixes(
      pipelineContext(io, () => undefined),
      request,
    );
    const fixes = await applyWanted(task, (edit) => task.isWithinRisk(edit));
    const { applied, refusals, files } = fixes;
    const worth = task.worth(new Set(applied.map(({ id }) => id)), files.dockerfile);
    const pins = refusals.filter(({ settle }) => settle === BY_BUILD);
    const served = [...applied, ...pins].flatMap(({ criterion = '' }) => criterion);
    const pinned = refusals.every(
      ({ rule, settle }) => rule !== pins[0]?.rule || settle === BY_BUILD,
    )
      ? pins.flatMap(({ criterion = '' }) => criterion)
      : [];
    const criteria = [...new Set([...(worth?.criteria ?? []), ...pinned])];
    const edits = {
      text: textOf(applied.length),
      criteria: criteria.filter((id) => open.includes(id)),
      partly: served.filter((id) => open.includes(id)),
      command: commandOf(request, fixes, io),
    };
    return [...(criteria.length === 0 ? [] : [edits]), ...lockFileSteps(fixes, open, request, io)];
  } catch (error) {
    io.signal.throwIfAborted();
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** Making a lock file, where its absence alone keeps `scoville fix` from pinning packages. */
function lockFileSteps(
  { refusals }: AppliedFixes,
  open: readonly string[],
  { contextFolder }: FixRequest,
  io: CommandIo,
): readonly ReadyStep[] {
  const { criterion = '' } = lockFiles;
  const serving = refusals.filter((one) => one.criterion === criterion);
  const [command, other] = new Set(serving.map(({ settle }) => settle));
  const isLacking = serving.every(({ rule }) => rule === lockFiles.id) && open.includes(criterion);
  if (command === undefined || other !== undefined || !isLacking) return [];
  const folder = relative(io.cwd, contextFolder ?? io.cwd);
  return [
    {
      text: 'Make the lock file, and commit it; scoville fix then installs from it',
      criteria: [criterion],
      command: folder === '' ? command : `(cd ${folderWord(folder)} && ${command})`,
    },
  ];
}

function textOf(count: number): string {
  if (count === 0) return 'Pin packages to the versions that a build installs';
  return `${quantity(count, 'edit')}, kept if the image still builds and starts`;
}
