import { posix } from 'node:path';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { type ImageReference, parseReference } from '../../model/reference.ts';
import { err, type Result } from '../../model/result.ts';
import { othersOn, purposeOf, PURPOSES } from '../shared/edit/program/purpose.ts';
import { lineEnd, NOTHING, proposed, refusedAt } from '../shared/edit/proposal.ts';
import { type RuntimeCommand, runtimeCommand, workFolder } from '../shared/edit/runtime-command.ts';
import {
  baseOfImage,
  baseUnknown,
  fromOf,
  inStage,
  installedByApt,
  type Placed,
} from '../shared/edit/stage-view.ts';
import { movedInstructions, stageLines } from './runtime-lines.ts';
import { compilersOf, notCompiled, programPath } from './runtime-program.ts';
import { candidateBases, type Runtime, runtimeOf } from './stacks.ts';

/** The image in the target's FROM; undefined if that is another stage or scratch. */
function baseReference({ model }: Pick<FixInput, 'model'>): ImageReference | undefined {
  const base = model.stages[model.target]?.base;
  return base?.kind === 'image' ? base.image.reference : undefined;
}

function nameOf({ repository, tag }: ImageReference): {
  readonly base: string;
  readonly tag: string;
} {
  return { base: repository.replace(/^.*\//, ''), tag: tag ?? 'latest' };
}

/** Images that the rule may put into this Dockerfile, whose digests are to be known. */
export function runtimeImages(
  input: Pick<FixInput, 'model' | 'analysis' | 'imageStages'>,
  distroless: string,
): readonly ImageReference[] {
  const reference = baseReference(input);
  if (reference === undefined) return [];
  const installed = installedByApt(input);
  return candidateBases({ ...nameOf(reference), installed }).flatMap((name) => {
    const found = parseReference(`${distroless}/${name}:nonroot`);
    return found.ok ? [found.value] : [];
  });
}

function isMinimal({ repository }: ImageReference): boolean {
  return /(?:^|\/)(?:distroless|chainguard)\//.test(repository);
}

function plan(input: FixInput): FixPlan {
  const { model, source } = input;
  const from = fromOf(input, model.target);
  const reference = baseReference(input);
  if (from === undefined || reference === undefined || isMinimal(reference)) return NOTHING;
  const refused = (reason: string): FixPlan =>
    refusedAt(from, `the image keeps its shell and its tools: ${reason}`);
  if (model.target !== model.stages.length - 1) return refused('the target is not the last stage');
  const own = inStage(input, model.target);
  const odd = own.find(({ keyword }) => keyword === 'SHELL' || keyword === 'ONBUILD');
  if (odd !== undefined) return refused(`line ${odd.line} has ${odd.keyword}`);
  if (source.escape !== '\\') return refused('its escape character is another');
  if (othersOn(input, input.imageStages)) return refused('other stages use it');
  const purpose = purposeOf(input);
  if (purpose !== 'service') return refused(PURPOSES[purpose]);
  const command = runtimeCommand(input);
  if (!command.ok) return refused(command.error);
  const runtime = runtimeFor(input, reference, command.value, own);
  if (!runtime.ok) return refused(runtime.error);
  const unfit = unfitBase(input, runtime.value) ?? danglingLine(input);
  if (unfit !== undefined) return refused(unfit);
  const name = model.stages[model.target]?.name ?? freeName(input);
  const final = stageLines(input, own, {
    runtime: runtime.value,
    command: command.value,
    stage: name,
  });
  if (!final.ok) return refused(final.error);
  const { text, eol } = source;
  const end = /\n$/.test(text) || text === '' ? '' : eol;
  const named = model.stages[model.target]?.name === undefined;
  return proposed(from, {
    key: 'final',
    title: `Run in a stage of its own: ${runtime.value.holds}`,
    why: 'Your app does not need compilers, package managers or a shell at run time; an attacker does',
    risk: 'medium',
    riskReason:
      runtime.value.carries === 'folder'
        ? 'the image will contain only the app folder and the interpreter; apps that call other programs or write elsewhere break; check with --verify'
        : 'files that it reads at run time are missing, except the copied ones; check with --verify',
    meets: metBy(input, runtime.value),
    edits: [
      ...(named ? [{ start: from.textEnd, end: from.textEnd, text: ` AS ${name}` }] : []),
      ...movedInstructions(input, own),
      { start: text.length, end: text.length, text: `${end}${final.value.join(eol)}${eol}` },
    ],
  });
}

/** The C library version in distroless images: programs linked with a newer one do not start. */
const OWN_LIBC = { major: 2, minor: 41 };

/** What of the base keeps its programs from running on a distroless image. */
function unfitBase(input: FixInput, runtime: Runtime): string | undefined {
  const base = baseOfImage(input);
  if (base === undefined) return undefined;
  if (base.config.os !== 'linux') return baseUnknown(input);
  if (!runtime.base.startsWith('cc-')) return undefined;
  const libc = base.packages?.find(({ name }) => name === 'libc6' || name === 'glibc');
  const [, major = '', minor = ''] = /^(?:\d+:)?(\d+)\.(\d+)/.exec(libc?.version ?? '') ?? [];
  const isNewer =
    Number(major) > OWN_LIBC.major ||
    (Number(major) === OWN_LIBC.major && Number(minor) > OWN_LIBC.minor);
  return isNewer
    ? `its base has glibc ${major}.${minor}, distroless images ${OWN_LIBC.major}.${OWN_LIBC.minor}`
    : undefined;
}

/** A last line that ends with the escape character would take in what is added. */
function danglingLine({ source }: FixInput): string | undefined {
  const last = source.instructions.at(-1);
  if (last === undefined) return undefined;
  const left = source.text.slice(last.textEnd, lineEnd(source.text, last.end)).trim();
  return left === source.escape ? `line ${last.line} is continued by nothing` : undefined;
}

/** Criteria that a distroless stage meets; some only if the app's own packages stay out of it. */
function metBy({ left }: FixInput, { holdsPackages }: Runtime): readonly string[] {
  return [
    'no-shell',
    'minimal-base',
    'nonroot-user',
    // The bits of a file go along with it.
    ...(left().elevated.length > 0 ? [] : ['no-elevated-files']),
    ...(holdsPackages ? [] : ['no-package-manager', 'no-build-tooling']),
  ];
}

function freeName({ model }: FixInput): string {
  const taken = new Set(model.stages.map(({ name }) => name));
  return (
    ['build', 'builder', 'app', 'prepare'].find((name) => !taken.has(name)) ?? 'before-runtime'
  );
}

function runtimeFor(
  input: FixInput,
  reference: ImageReference,
  { entrypoint, cmd }: RuntimeCommand,
  own: readonly Placed[],
): Result<Runtime> {
  const words = [...entrypoint, ...cmd];
  const [program = ''] = words;
  if (program === '') return err('nothing says what it starts');
  const folder = workFolder(input, own);
  const resolve = (path: string): string => posix.resolve(folder, path);
  return runtimeOf({
    ...nameOf(reference),
    words,
    programPath: programPath(program, own, { resolve, base: nameOf(reference).base }),
    compilers: compilersOf(input),
    notCompiled: (path) => notCompiled(path, input),
    installed: installedByApt(input),
    withoutCgo: /\bCGO_ENABLED=["']?0/.test(input.source.text),
    resolve,
  });
}

export const runtimeStage: FixRule = {
  id: 'runtime-stage',
  criterion: 'no-shell',
  needs: ['digests', 'bases'],
  plan,
};
