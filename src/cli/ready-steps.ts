import { access } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { ParsedBuild } from '../build/command-line.ts';
import { buildContext } from '../build/context-source.ts';
import { gitUser, remoteOrigin } from '../build/git.ts';
import { isAddress, publicSourceUrl } from '../build/shown-command.ts';
import { settingsFileFor } from '../config/find-settings.ts';
import { codeReads } from '../criteria/code-reads.ts';
import { type DeclaredSetting, declaredSettings } from '../criteria/declared-settings.ts';
import { hasFixedCves } from '../criteria/known-cves.ts';
import { noSecrets } from '../criteria/no-secrets/verdict.ts';
import { MIRROR, runtimeStage } from '../criteria/no-shell.ts';
import { pinImages } from '../criteria/pinned-images.ts';
import { BY_BUILD, lockFiles, pinnedPackages } from '../criteria/pinned-packages.ts';
import { envSecrets } from '../criteria/secrets-by-file.ts';
import type { AppliedFixes } from '../fix/compose.ts';
import { fixCommand } from '../fix/fix-command.ts';
import { applyWanted, type FixRequest, type FixTask, prepareFixes } from '../fix/plan.ts';
import { UserError } from '../lib/errors.ts';
import { given, lookup } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import { declared, lintDockerfile } from '../lint/lint.ts';
import type { CriterionResult } from '../model/criterion.ts';
import { folderWord } from '../model/dockerfile.ts';
import { isWithin, type PlannedEdit } from '../model/fix.ts';
import { printedCommand } from '../model/printed-command.ts';
import type { ReadyStep, Scorecard } from '../model/scorecard.ts';
import { type Settings, withPlainHttp } from '../model/settings.ts';
import { pipelineContext } from './conversation.ts';
import { lastValueOf, valuesOf } from './flag-table.ts';
import type { CommandIo } from './io.ts';
import { toolRunner } from './tool-runner.ts';

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
    config: parsed.own.config,
    settings: { ...settings, registries: withPlainHttp(settings.registries, plainHttp) },
  };
}

type Prepared = Awaited<ReturnType<typeof prepareFixes>> | undefined;

/** All of the next steps that does not rest on how the image is judged. */
export async function prepareSteps(
  parsed: ParsedBuild,
  settings: Settings,
  io: CommandIo,
): Promise<Prepared> {
  const request = fixRequestOf(parsed, settings, io);
  return request && prepareFixes(pipelineContext(io), { ...request, isHint: true });
}

/** What `scoville fix` would change now, and the lock file that it lacks. */
async function readyEdits(
  scorecard: Scorecard,
  parsed: ParsedBuild,
  settings: Settings,
  io: CommandIo,
  prepared: Promise<Prepared> | undefined,
): Promise<readonly ReadyStep[]> {
  const asked = fixRequestOf(parsed, settings, io);
  const open = scorecard.suggestions.map(({ criterion }) => criterion);
  if (asked === undefined || open.length === 0) return [];
  const cves = scorecard.criteria.filter(hasFixedCves).map(({ id }) => id);
  // Bases that are pinned have their fixes in newer ones, where the tag has moved.
  const refresh = cves.length > 0;
  const request = { ...asked, options: { ...asked.options, refresh }, isHint: true };
  try {
    const ready =
      (refresh ? undefined : await prepared) ?? (await prepareFixes(pipelineContext(io), request));
    const task = ready(scorecard.criteria);
    const all = await applyWanted(task, (edit) => task.isWithinRisk(edit));
    const safe = await applyWanted(task, ({ risk }) => isWithin(risk, 'low'));
    const bold = await applyWanted(task, ({ risk }) => risk === 'high');
    const serving = (found: readonly { readonly criterion?: string }[]): readonly string[] =>
      open.filter((id) => found.some(({ criterion }) => criterion === id));
    const edits = ({ applied, files }: AppliedFixes, proof: string, ...flags: string[]) => {
      // An edit that pins what was not pinned has no risk.
      const isNewer = applied.some(({ rule, risk }) => rule === pinImages.id && risk === 'low');
      const worth = task.worth(new Set(applied.map(({ id }) => id)), files.dockerfile);
      const of = ['Dockerfile', '.dockerignore']
        .filter((file) => applied.some((edit) => edit.file === file))
        .join(' and ');
      return {
        text: `${quantity(applied.length, 'edit')} of ${of}${isNewer ? ', newer bases among them' : ''}${proof}`,
        cost: proof === '' ? ('seconds' as const) : ('some builds' as const),
        criteria: worth?.criteria.filter((id) => open.includes(id)) ?? [],
        partly: [
          ...serving(applied),
          ...open.filter((id) => applied.some(({ helps = [] }) => helps.includes(id))),
          ...(isNewer ? cves : []),
        ],
        command: ['--yes', ...flags, ...(isNewer ? ['--refresh'] : [])],
      };
    };
    const pins = all.refusals.filter(({ settle }) => settle === BY_BUILD);
    const isWhole = all.refusals.every(
      ({ rule, settle }) => rule !== pins[0]?.rule || settle === BY_BUILD,
    );
    const steps = [
      edits(safe, ''),
      edits(
        all,
        `${pins.length > 0 ? ', and versions of packages' : ''}, kept if the image still builds and starts`,
        ...[...(pins.length > 0 ? ['--build'] : []), '--verify', '--max-risk', 'medium'],
      ),
      {
        text: 'Pin packages to the versions that a build installs',
        cost: 'a build' as const,
        criteria: isWhole ? serving(pins) : [],
        partly: serving([]),
        command: ['--yes', '--build'],
      },
    ].filter(
      ({ criteria, partly }) => criteria.length > 0 || cves.some((id) => partly.includes(id)),
    );
    const planned = [...all.applied, ...bold.applied];
    const secrets = openSecrets(planned, task, scorecard, request.settings);
    return [
      ...secrets.inRun,
      ...steps.map((one) => ({ ...one, command: fixCommand(request, io.cwd, one.command) })),
      ...lockFileSteps(all, open, request, io),
      ...decisions(bold, task, scorecard, parsed.again),
      ...secrets.inFiles,
      ...mirrorSteps(all, scorecard, task, await configFlag(parsed, io), parsed.again),
      ...leftAlone(all, scorecard, task.opened.names.Dockerfile),
    ];
  } catch (error) {
    io.signal.throwIfAborted();
    if (error instanceof UserError) return [];
    throw error;
  }
}

/**
 * Edits that change what those who run the image give it or get from it, and the build after them.
 * No container shows whether an app gets its secrets elsewhere; all else is proven.
 */
function decisions(
  { applied, files }: AppliedFixes,
  task: FixTask,
  { criteria }: Scorecard,
  again: readonly string[] | undefined,
): readonly ReadyStep[] {
  const failed = criteria.filter(({ outcome }) => outcome === 'fail');
  const isSecret = ({ rule }: PlannedEdit): boolean => rule === envSecrets.id;
  const groups = [applied.filter(isSecret), applied.filter((edit) => !isSecret(edit))];
  return groups.flatMap((edits, at) => {
    const partly = failed.filter((result) => edits.some((edit) => serves(edit, result)));
    if (partly.length === 0) return [];
    const worth = task.worth(new Set(edits.map(({ id }) => id)), files.dockerfile);
    const what = edits.map(({ title, riskReason }) => `${title} (${riskReason.split('; ', 1)[0]})`);
    const proof = at === 0 ? [] : ['--verify'];
    const only = edits.flatMap(({ id }) => ['--only', id]);
    const command = task.command(['--yes', ...proof, '--max-risk', 'high', ...only]);
    return [
      {
        text: `A person must decide: ${what.join('; ')}`,
        cost: at === 0 ? 'a build' : 'some builds',
        criteria: failed.map(({ id }) => id).filter((id) => worth?.criteria.includes(id)),
        partly: partly.map(({ id }) => id),
        command: withBuild(command, again),
      },
    ];
  });
}

/** The command, and the build after it where there is one that can be repeated. */
function withBuild(command: string, again: readonly string[] | undefined): string {
  return again === undefined ? command : `${command} && ${printedCommand('build', again)}`;
}

/** An edit of one variable does nothing for the secrets that are elsewhere. */
function serves(
  { criterion, helps, clears }: PlannedEdit,
  { id, evidence }: CriterionResult,
): boolean {
  const isElsewhere =
    id === noSecrets.id && evidence.length > 0 && !evidence.some((one) => clears?.(one));
  return helps?.includes(id) === true || (criterion === id && !isElsewhere);
}

/**
 * A secret that no edit removes from the image: its owner has to rotate it. One in a RUN comes
 * before all else, since it stays in the history.
 */
function openSecrets(
  edits: readonly PlannedEdit[],
  { opened, around }: FixTask,
  { criteria, gradedAt }: Scorecard,
  settings: Settings,
): { readonly inRun: readonly ReadyStep[]; readonly inFiles: readonly ReadyStep[] } {
  const { id } = noSecrets;
  const { evidence = [] } = criteria.find((one) => one.id === id && one.outcome === 'fail') ?? {};
  const left = evidence.filter(
    (one) => one.kind !== 'note' && !edits.some(({ clears }) => clears?.(one) === true),
  );
  if (left.length === 0) return { inRun: [], inFiles: [] };
  const step = { cost: 'a hand edit', criteria: [id], command: `scoville explain ${id}` } as const;
  const name = opened.names.Dockerfile;
  const { buildArgs, target, context } = around;
  const declarations = declared({ settings, now: Date.parse(gradedAt) });
  const asked = { name, text: opened.files.dockerfile, buildArgs, context, declarations };
  const { findings, lines } = lintDockerfile({ ...asked, ...given({ target }) });
  const place = findings.find(
    ({ rule, range }) => rule === id && /^\s*(?:RUN|ARG)\b/i.test(lines[range.startLine - 1] ?? ''),
  );
  const rotated =
    place &&
    `Rotate the secret of ${name}:${place.range.startLine}, and pass the new one by RUN --mount=type=secret`;
  const file = left.find((one) => one.kind === 'file');
  const kept =
    file &&
    `A person must decide: keep /${file.path} out of the image, where a COPY brings it by .dockerignore, and rotate its secret`;
  const stepOf = (text: string | undefined) => (text === undefined ? [] : [{ ...step, text }]);
  return { inRun: stepOf(rotated), inFiles: stepOf(kept) };
}

/** Criteria that a final stage of its own would meet. */
const BY_STAGE = new Set(['minimal-base', 'no-build-tooling', 'no-shell', 'no-package-manager']);

/** A final stage of its own whose base cannot be reached: a person may know a mirror of it. */
function mirrorSteps(
  { refusals }: AppliedFixes,
  { criteria }: Scorecard,
  { command }: FixTask,
  named: readonly string[],
  again: readonly string[] | undefined,
): readonly ReadyStep[] {
  const failed = criteria.filter(({ id, outcome }) => outcome === 'fail' && BY_STAGE.has(id));
  if (failed.length === 0 || !refusals.some(({ settle }) => settle === MIRROR)) return [];
  const settings = ['fix.distroless=REGISTRY/PATH', 'trust.images=REGISTRY/PATH/*'];
  const setting = printedCommand('config', [...named, ...settings]);
  const edits = command(['--yes', '--verify', '--max-risk', 'medium']);
  return [
    {
      text: 'A person must decide: put in a mirror of gcr.io/distroless that you can reach and trust for REGISTRY/PATH, then run this',
      cost: 'a hand edit',
      criteria: failed.map(({ id }) => id),
      command: withBuild(`${setting} && ${edits}`, again),
    },
  ];
}

/** What `scoville fix` left alone, with the reason: it is for a person. */
function leftAlone(
  { refusals }: AppliedFixes,
  { criteria }: Scorecard,
  name: string,
): readonly ReadyStep[] {
  return criteria.flatMap(({ id, outcome, vector }) => {
    const found = refusals.find(
      ({ rule, criterion, settle }) =>
        settle === undefined &&
        (criterion === id || (rule === runtimeStage.id && BY_STAGE.has(id))),
    );
    // A build that replays what it recorded has each package by digest.
    const isReplayed = id === pinnedPackages.id;
    if (isReplayed || outcome !== 'fail' || vector === 'vulnerabilities' || found === undefined)
      return [];
    const text = `A person must decide: ${found.reason} (${name}:${found.line})`;
    return [{ text, cost: 'a hand edit', criteria: [id], command: `scoville explain ${id}` }];
  });
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
      cost: 'seconds',
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
  prepared?: Promise<Prepared>,
): Promise<readonly ReadyStep[]> {
  const steps = await Promise.all([
    readyEdits(scorecard, parsed, settings, io, prepared),
    readyDeclarations(scorecard, parsed, io),
  ]);
  return steps.flat();
}

const PLAIN_NAME = /^[^\p{Cc}\p{Cf}]{1,200}$/u;

/**
 * The commands that declare what only the owner of a project knows, and build again: whom they
 * trust is a step of its own. None where the build is not one of a folder that can be repeated.
 */
async function readyDeclarations(
  { criteria }: Scorecard,
  parsed: ParsedBuild,
  io: CommandIo,
): Promise<readonly ReadyStep[]> {
  const { context, again } = parsed;
  if (again === undefined || context === '-' || isAddress(context)) return [];
  const folder = resolve(io.cwd, context);
  const named = await configFlag(parsed, io);
  const reads = () => codeReads(buildContext(folder)).secrets;
  const open = await Promise.all(
    criteria.map(async (result) => {
      const settings = declaredSettings(result, reads);
      const values = await Promise.all(settings.map((one) => valueOf(one, folder, named[1], io)));
      const said = settings.flatMap(({ setting, text, change }, at) => {
        const value = values[at];
        if (value !== undefined) return [{ setting: `${setting}=${value}`, text, change }];
        const blank = BLANKS[setting];
        if (blank === undefined) return [];
        return [{ setting: `${setting}=${blank.word}`, text, change: blank.change }];
      });
      // What is said by halves meets nothing.
      const change = said.find((one) => one.change !== undefined)?.change;
      return said.length < settings.length
        ? []
        : said.map((one) => ({ ...one, change, id: result.id }));
    }),
  );
  const isTrust = ({ id }: { readonly id: string }): boolean => id === 'trusted-source';
  const offered = open.flat();
  const byHand = offered.filter(({ change }) => change !== undefined);
  const others = offered.filter((one) => !isTrust(one) && !byHand.includes(one));
  return [offered.filter(isTrust), others, byHand].flatMap((said) => {
    const [first] = said;
    if (first === undefined) return [];
    const config = printedCommand('config', [...named, ...said.map(({ setting }) => setting)]);
    return [
      {
        ...(first.change === undefined
          ? {
              text: `If this is right: ${said.map(({ text }) => text).join('; ')}`,
              cost: 'a build' as const,
            }
          : {
              text: `A person must decide: ${[...new Set(said.map((one) => one.change))].join('; ')}`,
              cost: 'a hand edit' as const,
            }),
        command: `${config} && ${printedCommand('build', again)}`,
        criteria: [...new Set(said.map(({ id }) => id))],
      },
    ];
  });
}

/** What a person fills in where nothing says it. */
const BLANKS = lookup<{ readonly word: string; readonly change: string }>({
  'image.source': {
    word: 'URL',
    change: 'put in the address of the source for URL, then run this',
  },
  'image.authors': { word: 'NAME', change: 'put in your name for NAME, then run this' },
});

/** What a setting gets here; undefined where nothing says it. */
async function valueOf(
  { setting, value }: DeclaredSetting,
  folder: string,
  file: string | undefined,
  io: CommandIo,
): Promise<string | undefined> {
  if (setting === 'image.source')
    return publicSourceUrl((await remoteOrigin(toolRunner(io), folder)) ?? '');
  if (setting === 'image.authors') {
    const name = await gitUser(toolRunner(io), folder);
    return name !== undefined && PLAIN_NAME.test(name) ? name : undefined;
  }
  // It is named beside the settings file.
  if (setting === 'attest.seccomp' && value !== undefined) {
    const beside = file === undefined ? await settingsFileFor(io.cwd) : resolve(io.cwd, file);
    return access(resolve(beside, '..', value)).then(
      () => value,
      () => undefined,
    );
  }
  return value;
}

/** Names the settings file where `scoville config` would not find it from here. */
async function configFlag(
  { context, own }: ParsedBuild,
  { cwd }: CommandIo,
): Promise<readonly string[]> {
  const found = await settingsFileFor(resolve(cwd, context));
  const isFound = found === (await settingsFileFor(cwd));
  const file = own.config ?? (isFound ? undefined : relative(cwd, found));
  return file === undefined ? [] : ['--config', file];
}
