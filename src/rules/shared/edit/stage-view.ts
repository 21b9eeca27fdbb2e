import { posix } from 'node:path';
import type { SourceInstruction } from '../../../model/dockerfile-source.ts';
import {
  execStrings,
  type ExternalImage,
  type Instruction,
  isRootUser,
} from '../../../model/dockerfile.ts';
import { type BaseImage, baseKey, type FixInput } from '../../../model/fix-rule.ts';
import { stageChain } from '../../../model/stage-chain.ts';

/** An instruction of a stage that the model has read. */
export interface Placed extends SourceInstruction {
  readonly instruction: Instruction;
}

function isRead(one: SourceInstruction): one is Placed {
  return one.instruction !== undefined;
}

/** Instructions of a stage in order, FROM left out. */
export function inStage({ source }: FixInput, stage: number): readonly Placed[] {
  return source.instructions.filter((one) => one.stage === stage).filter(isRead);
}

/** Instructions that make up the image, base first. */
export function inImage(input: FixInput): readonly Placed[] {
  return input.imageStages.flatMap((stage) => inStage(input, stage));
}

/** The last instruction of the image with this keyword. */
export function lastInImage(input: FixInput, keyword: string): Placed | undefined {
  return inImage(input).findLast((one) => one.keyword === keyword);
}

/** The FROM of a stage. */
export function fromOf({ source }: FixInput, stage: number): SourceInstruction | undefined {
  return source.instructions.find((one) => one.keyword === 'FROM' && one.stage === stage);
}

/** The image that the target stands on, as the Dockerfile names it. */
export function outsideBase({
  model,
  imageStages,
}: Pick<FixInput, 'model' | 'imageStages'>): ExternalImage | undefined {
  const base = model.stages[imageStages[0] ?? 0]?.base;
  return base?.kind === 'image' ? base.image : undefined;
}

/** Last part of that image's name; '' where it is not known. */
export function baseName(input: Pick<FixInput, 'model' | 'imageStages'>): string {
  return posix.basename(outsideBase(input)?.reference?.repository ?? '');
}

/** Names of the packages that the image's own stages install by apt. */
export function installedByApt({
  analysis,
  imageStages,
}: Pick<FixInput, 'analysis' | 'imageStages'>): ReadonlySet<string> {
  return new Set(
    analysis.installs
      .filter(({ manager, stage }) => manager === 'apt' && imageStages.includes(stage))
      .flatMap(({ packages }) => packages.map(({ name }) => name)),
  );
}

/** The known base image of a stage (default: the target); undefined if nothing is known of it. */
export function baseOfImage(input: FixInput, stage = input.model.target): BaseImage | undefined {
  const base = stageChain(input.model, stage)[0]?.base;
  if (base?.kind !== 'image' || base.image.reference === undefined) return undefined;
  const found = input.facts.bases.get(baseKey(base.image.reference));
  return found?.ok === true ? found.value : undefined;
}

/** Why a stage's base is unknown or unusable for rules; undefined if known or if there is none. */
export function baseUnknown(input: FixInput, stage = input.model.target): string | undefined {
  const base = stageChain(input.model, stage)[0]?.base;
  if (base === undefined || base.kind === 'scratch' || base.kind === 'stage') return undefined;
  if (base.kind === 'unknown') return `the base ${base.text} is not known`;
  const { reference, text } = base.image;
  const found = reference && input.facts.bases.get(baseKey(reference));
  if (found === undefined) return `the base ${text} is not known`;
  if (!found.ok) return `the base ${text} could not be read: ${found.error}`;
  const { os } = found.value.config;
  return os === 'linux' ? undefined : `the base ${text} is of ${os}`;
}

/** The user before each instruction of a stage and its base stages; variables are not replaced. */
export function usersInImage(
  input: FixInput,
  stage = input.model.target,
): ReadonlyMap<Placed, string> {
  let user = baseOfImage(input, stage)?.config.config?.User ?? '';
  const users = new Map<Placed, string>();
  for (const one of stageChain(input.model, stage).flatMap(({ index }) => inStage(input, index))) {
    users.set(one, user);
    if (one.keyword === 'USER') user = one.instruction.arguments[0] ?? '';
  }
  return users;
}

/** True where an instruction is in exec form: a JSON array of strings. */
export function isExecForm({ instruction }: Placed): boolean {
  return execStrings(instruction.rawArguments) !== undefined;
}

/** True if an instruction has comment lines inside: writing it again would lose them. */
export function hasInnerComment(
  { source }: FixInput,
  { start, textEnd }: SourceInstruction,
): boolean {
  return /\n[ \t]*#/.test(source.text.slice(start, textEnd));
}

/** The last instruction that runs as root, FROM included: one added after it runs as root too. */
export function lastAsRoot(input: FixInput): SourceInstruction | undefined {
  const target = input.model.target;
  const users = usersInImage(input);
  const own = inStage(input, target);
  const base = baseOfImage(input)?.config.config?.User ?? '';
  const before = inImage(input).filter((one) => one.stage !== target);
  const first = own[0];
  const start = first === undefined ? (before.length === 0 ? base : '') : (users.get(first) ?? '');
  let at = isRootUser(start) ? fromOf(input, target) : undefined;
  for (const one of own) {
    const after =
      one.keyword === 'USER' ? (one.instruction.arguments[0] ?? '') : (users.get(one) ?? '');
    const works = ['RUN', 'COPY', 'ADD', 'WORKDIR', 'USER'].includes(one.keyword);
    if (works && isRootUser(after)) at = one;
  }
  return at;
}

/** The folder that the image works in; '' where it is not known. */
export function workingFolder(input: FixInput): string {
  let folder = '';
  for (const { keyword, instruction } of inImage(input)) {
    if (keyword !== 'WORKDIR') continue;
    const to = instruction.arguments[0] ?? '';
    if (to.includes('$')) folder = '';
    else folder = to.startsWith('/') ? to : folder === '' ? '' : `${folder}/${to}`;
  }
  return folder.replace(/(?<=^\/|[^/])\/+$/, '');
}
