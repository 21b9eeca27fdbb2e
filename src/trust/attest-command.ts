import { resolve } from 'node:path';
import { Registries } from '../build/registries.ts';
import { askingSigner } from '../cli/asking-signer.ts';
import { withProgress } from '../cli/conversation.ts';
import { command, namedSigners, usageLine } from '../cli/flags.ts';
import type { CommandIo } from '../cli/io.ts';
import { imageSettings, wantedPlatform, withKey } from '../cli/operands.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { type ImageName, parseImageName } from '../image/open-image.ts';
import { EXIT, messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import type { PipelineContext } from '../model/context.ts';
import type { OpenedImage } from '../model/image.ts';
import { formatReference } from '../model/reference.ts';
import { withPlainHttp } from '../model/settings.ts';
import { gradeText, levelText } from '../report/card.ts';
import { jsonText } from '../report/text.ts';
import { readVexFiles } from '../scan/vex.ts';
import { type Attached, attachStatements, type AttachTarget, withImage } from './attach.ts';
import { ATTEST } from './flags.ts';
import { profileStatements, readBytes, startProfiles } from './profile-artifact.ts';
import { readAttachable } from './statement-kinds.ts';
import { trustedSigners } from './trusted-signers.ts';

interface AttachFlags {
  readonly signers: ReturnType<typeof namedSigners>;
  readonly signingKey: string | undefined;
  readonly platform: string | undefined;
  readonly plainHttp: readonly string[];
  readonly policy: string | undefined;
  readonly regrade: boolean;
}

/**
 * The image that something is to be attached to: in the registry that its name says, else the build
 * of that name in the layout. Throws UserError where it is in neither, or where nothing can be kept
 * beside it.
 */
export async function attachTarget(
  context: PipelineContext,
  text: string,
  flags: AttachFlags,
  io: CommandIo,
): Promise<AttachTarget> {
  const own = await imageSettings(flags.policy, io);
  const settings = withKey(own, flags.signingKey);
  const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
  const request = { stdin: io.stdin, ...wantedPlatform(flags.platform) };
  const open = (name: string): Promise<OpenedImage> =>
    openNamedImage(context, registries, { ...request, text: name });
  const openWhole = (name: string): Promise<OpenedImage> =>
    openNamedImage(context, registries, { stdin: io.stdin, text: name });
  const found = await findImage(open, await parseImageName(text, io.cwd), context);
  return {
    name: found.name,
    open: () => open(found.text),
    openWhole: () => openWhole(found.text),
    published: found.published,
    registries,
    settings,
    inherits: flags.policy === undefined,
    regrade: flags.regrade,
    grading: async () => ({
      settings,
      trusted: await trustedSigners(context, settings, flags.signers),
      dockerfile: undefined,
      secrets: true,
      vex: await readVexFiles(settings.vex),
      registries,
    }),
  };
}

async function findImage(
  open: (text: string) => Promise<OpenedImage>,
  name: ImageName,
  context: PipelineContext,
): Promise<{ readonly text: string } & Pick<AttachTarget, 'name' | 'published'>> {
  if (!('reference' in name))
    throw new UserError(`nothing can be kept beside ${name.text}`, {
      nextStep: 'name a build (scoville build -t NAME), or an image of a registry',
    });
  const { registry, repository } = name.reference;
  const full = formatReference(name.reference);
  const stored = { text: `store:${full}`, name: full, published: undefined };
  const look = (text: string) =>
    withImage(
      () => open(text),
      ({ place, root: { digest } }) =>
        place === 'registry'
          ? {
              text: `registry:${formatReference({ registry, repository, digest })}`,
              name: full,
              published: { registry, repository },
            }
          : place === 'store'
            ? stored
            : undefined,
    );
  const isInRegistry = name.place === 'named' && name.text.startsWith(`${registry}/`);
  const text = isInRegistry || name.place === 'registry' ? `registry:${full}` : name.text;
  const found = await look(text).catch(async (problem: unknown) => {
    if (!isInRegistry || !(problem instanceof UserError)) throw problem;
    await look(stored.text).catch((error: unknown) => {
      throw error instanceof UserError ? problem : error;
    });
    context.emit({ kind: 'notice', text: `${registry} was not used: ${problem.message}` });
    return stored;
  });
  if (found !== undefined) return found;
  throw new UserError(`${name.text} is in Docker alone, where nothing can be kept beside it`, {
    nextStep: 'build it with scoville build, or push it and name it with its registry',
  });
}

export function attachedText({ digest, scorecard, kept }: Attached): string {
  const now = scorecard && `${levelText(scorecard)}, ${gradeText(scorecard)}`;
  const stays = kept?.level === undefined ? '' : `: level ${kept.level}`;
  const said =
    kept === undefined ? (now ?? 'not graded again') : `the signed verdict stays${stays}`;
  return `${digest}  ${said}\n`;
}

export function attachedJson(
  image: string,
  { digest, referrers, scorecard, kept }: Attached,
): object {
  const now = given({ level: scorecard?.level, grade: scorecard?.overall.grade });
  const about = { image, digest, referrers: referrers.map((one) => one.digest) };
  if (kept === undefined)
    return { ...about, ...now, ...given({ verdict: scorecard && 'renewed' }) };
  const { level, criteria, reasons } = kept;
  return { ...about, ...given({ level }), verdict: 'kept', wouldBe: { ...now, criteria, reasons } };
}

/**
 * Short, where a fault that is known now keeps a lower verdict from being signed. What is merely
 * not known here takes nothing from the verdict that is there.
 */
export function attachedExit(kept: Attached['kept']): number {
  const isWorse =
    kept !== undefined &&
    (kept.criteria.some(({ outcome }) => outcome === 'fail') || kept.criteria.length === 0);
  return isWorse ? EXIT.short : EXIT.met;
}

export const attest = command(ATTEST, async (flags, [text = ''], io) => {
  const { type, predicate: file } = flags;
  if (type === undefined || file === undefined)
    throw new UserError(`attest needs --${type === undefined ? 'type' : 'predicate'}`, {
      nextStep: usageLine(ATTEST),
    });
  const bytes = await readBytes(resolve(io.cwd, file)).catch((cause: unknown) => {
    throw new UserError(`the predicate ${file} cannot be read: ${messageOf(cause)}`, { cause });
  });
  const read = readAttachable(type, bytes);
  if (!read.ok)
    throw new UserError(`${file}: ${read.error}`, { nextStep: 'scoville attest --help' });
  const { value } = read;
  const { platform } = wantedPlatform(flags.platform);
  const shown = { style: 'auto', interactive: true, json: flags.json } as const;
  const { value: attached } = await askingSigner(io, shown, (own) =>
    withProgress(own, async (context) => {
      if (value.kind === 'profile') await startProfiles(context, [{ ...value.profile, file }]);
      const named = { ...flags, signers: namedSigners(flags) };
      const target = await attachTarget(context, text, named, own);
      return attachStatements(context, target, ({ root, platforms }) =>
        (platform === undefined ? [root] : platforms.map(({ descriptor }) => descriptor)).flatMap(
          (subject) =>
            value.kind === 'profile'
              ? profileStatements(value.profile, subject)
              : [{ predicateType: value.predicateType, predicate: value.predicate, subject }],
        ),
      );
    }),
  );
  io.writeOut(flags.json ? jsonText(attachedJson(text, attached)) : attachedText(attached));
  return attachedExit(attached.kept);
});
