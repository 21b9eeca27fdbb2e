import { relative, resolve } from 'node:path';
import { settingsFileFor } from '../../config/find-settings.ts';
import type { CriterionResult } from '../../model/criterion.ts';
import type { ReadyStep, Scorecard } from '../../model/scorecard.ts';
import type { Settings } from '../../model/settings.ts';
import { shellWord } from '../../model/shell-word.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { isAddress } from '../../plans/source-url.ts';
import { AUTHORS_MISSING } from '../../rules/annotations/verdict.ts';
import { gitUser } from '../../tools/git/git-user.ts';
import { toolRunner } from '../context.ts';
import type { CommandIo } from '../io.ts';
import { readyEdits } from './ready-edits.ts';

/** The steps that are ready in the project of a build, those that change the most first. */
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

/** A name that one line of a settings file can hold. */
const PLAIN_NAME = /^[^\p{Cc}\p{Cf}]{1,200}$/u;

/** A fact that only the owner knows, as it would be set. */
interface Declared {
  readonly criterion: string;
  readonly setting: string;
  readonly text: string;
}

/**
 * The command that declares what only the owner of a project knows, and builds again: who made the
 * image, as git knows them, and that it takes no secrets, where it shows none. Undefined where
 * nothing of it is open, or where the build is not one of a folder that can be repeated.
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

/** The file that `scoville config` would not find by itself from here; undefined where it does. */
async function settingsFile(folder: string, cwd: string): Promise<string | undefined> {
  const file = await settingsFileFor(folder);
  return file === (await settingsFileFor(cwd)) ? undefined : relative(cwd, file);
}
