import { relative, resolve } from 'node:path';
import type { ParsedBuild } from '../build/command-line.ts';
import { gitUser } from '../build/git.ts';
import { isAddress, shownValue } from '../build/shown-command.ts';
import { settingsFileFor } from '../config/find-settings.ts';
import { AUTHORS_MISSING } from '../criteria/annotations.ts';
import { BY_BUILD, lockFiles } from '../criteria/pinned-packages.ts';
import type { AppliedFixes } from '../fix/compose.ts';
import { applyWanted, type FixRequest, planFixes } from '../fix/plan.ts';
import { UserError } from '../lib/errors.ts';
import { quantity } from '../lib/text.ts';
import type { CriterionResult } from '../model/criterion.ts';
import { folderWord, shellWord } from '../model/dockerfile.ts';
import type { ReadyStep, Scorecard } from '../model/scorecard.ts';
import { type Settings, withPlainHttp } from '../model/settings.ts';
import { pipelineContext, toolRunner } from './conversation.ts';
import { lastValueOf, valuesOf } from './flag-table.ts';
import type { CommandIo } from './io.ts';

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

/** The `scoville fix` that makes the same plan and asks nothing. */
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

/** What `scoville fix` would change now, and the lock file that it lacks. */
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
      text:
        applied.length === 0
          ? 'Pin packages to the versions that a build installs'
          : `${quantity(applied.length, 'edit')}, kept if the image still builds and starts`,
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

export async function readySteps(
  scorecard: Scorecard,
  parsed: ParsedBuild,
  settings: Settings,
  io: CommandIo,
): Promise<readonly ReadyStep[]> {
  const steps = await Promise.all([
    readyEdits(scorecard, parsed, settings, io),
    readyDeclarations(scorecard, parsed, io),
  ]);
  return steps.flatMap((step) => step ?? []);
}

const PLAIN_NAME = /^[^\p{Cc}\p{Cf}]{1,200}$/u;

interface Declared {
  readonly criterion: string;
  readonly setting: string;
  readonly text: string;
}

/**
 * The command that declares what only the owner of a project knows, and builds again. That is who
 * made the image, as git knows them, and that it needs no secrets where none were found. Undefined
 * where nothing is left to declare, or where the build is not one of a folder that can be repeated.
 */
async function readyDeclarations(
  { criteria }: Scorecard,
  parsed: ParsedBuild,
  io: CommandIo,
): Promise<ReadyStep | undefined> {
  const { context, again } = parsed;
  if (again === undefined || context === '-' || isAddress(context)) return undefined;
  const folder = resolve(io.cwd, context);
  const open = [await authors(criteria, folder, io), secrets(criteria)];
  const declared = open.flatMap((one) => one ?? []);
  if (declared.length === 0) return undefined;
  const file = parsed.own.config ?? (await settingsFile(folder, io.cwd));
  const words = [
    ...(file === undefined ? [] : ['--config', shellWord(file)]),
    ...declared.map(({ setting }) => setting),
  ];
  return {
    text: `If this is right: ${declared.map(({ text }) => text).join('; ')}`,
    command: `scoville config ${words.join(' ')} && scoville build ${again.map(shellWord).join(' ')}`,
    criteria: declared.map(({ criterion }) => criterion),
  };
}

async function authors(
  criteria: readonly CriterionResult[],
  folder: string,
  io: CommandIo,
): Promise<Declared | undefined> {
  const open = criteria.find(({ id }) => id === 'annotations');
  if (open?.outcome !== 'fail' || open.summary !== AUTHORS_MISSING) return undefined;
  const name = await gitUser(toolRunner(io), folder);
  if (name === undefined || !PLAIN_NAME.test(name)) return undefined;
  return {
    criterion: open.id,
    setting: `image.authors=${shellWord(name)}`,
    text: 'you are the author',
  };
}

function secrets(criteria: readonly CriterionResult[]): Declared | undefined {
  const open = criteria.find(({ id }) => id === 'secrets-by-file');
  if (open?.outcome !== 'unknown') return undefined;
  return {
    criterion: open.id,
    setting: 'secrets.use=none',
    text: 'the app needs no secrets (else secrets.use=by-file)',
  };
}

/** The file that `scoville config` would not find from here; undefined where it does. */
async function settingsFile(folder: string, cwd: string): Promise<string | undefined> {
  const file = await settingsFileFor(folder);
  return file === (await settingsFileFor(cwd)) ? undefined : relative(cwd, file);
}
