import { relative, resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { ReadyEdits, Scorecard } from '../../model/scorecard.ts';
import { type Settings, withPlainHttp } from '../../model/settings.ts';
import { shellWord } from '../../model/shell-word.ts';
import { planEdits } from '../../pipeline/fix/compose-fixes.ts';
import { type FixRequest, planFixes } from '../../pipeline/fix/plan-fixes.ts';
import { lastValueOf, valuesOf } from '../../plans/flags/flag-spec.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { isAddress } from '../../plans/source-url.ts';
import { pipelineContext } from '../context.ts';
import type { CommandIo } from '../io.ts';

/** The fix of the Dockerfile that a build read, as it is asked about in a terminal; undefined for a URL or stdin. */
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

/** The `scoville fix` that makes the same plan, from where the build was started. */
function commandOf(request: FixRequest, io: CommandIo): string {
  const path = relative(io.cwd, resolve(io.cwd, request.path));
  const context = request.contextFolder ?? '';
  const words = [
    ...request.buildArgs.flatMap((one) => ['--build-arg', one]),
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
 * What `scoville fix` would change now; undefined where that is nothing, or the Dockerfile is not in
 * a folder of the user's. A plan that fails offers nothing: the build is what was asked for.
 */
export async function readyEdits(
  scorecard: Scorecard,
  parsed: ParsedBuild,
  settings: Settings,
  io: CommandIo,
): Promise<ReadyEdits | undefined> {
  const request = fixRequestOf(parsed, settings, io);
  const open = scorecard.suggestions.some(({ fix }) => fix !== undefined);
  if (request === undefined || !open) return undefined;
  try {
    const task = await planFixes(
      pipelineContext(io, () => undefined),
      request,
    );
    const plan = planEdits(task.opened.files, task.around);
    if (!plan.ok) return undefined;
    const edits = plan.value.edits.filter((edit) => task.isWithinRisk(edit));
    const worth = task.worth(new Set(edits.map(({ id }) => id)));
    if (edits.length === 0 || worth === undefined || worth.points <= 0) return undefined;
    return { count: edits.length, criteria: worth.criteria, command: commandOf(request, io) };
  } catch (error) {
    io.signal.throwIfAborted();
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
