import { Registries } from '../build/registries.ts';
import type { CommandIo } from '../cli/io.ts';
import { imageSettings } from '../cli/operands.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import { originsBehind } from '../model/key-scheme.ts';
import type { ReportInput } from '../model/report.ts';
import type { NotGraded, Scorecard } from '../model/scorecard.ts';
import { type Settings, withPlainHttp } from '../model/settings.ts';
import { readVexFiles } from '../scan/vex.ts';
import { trustedSigners } from '../trust/trusted-signers.ts';
import type { GradeFlags } from './flags.ts';
import { readGivenDockerfile } from './grade-build.ts';
import { gradeOpened, type GradeOptions, openNamedImage } from './grade-image.ts';

/** What all images of one `scoville grade` are graded with. */
export interface GradeSession {
  readonly flags: GradeFlags;
  readonly options: GradeOptions;
}

/** The settings file, with what the flags say otherwise. */
export async function gradeSettings(flags: GradeFlags, io: CommandIo): Promise<Settings> {
  const value = await imageSettings(flags.policy, io);
  return {
    ...value,
    origins: originsBehind(value.origins, {
      scanner: flags.scanner,
      offline: flags.offline,
      recentDays: flags.maxAge,
    }),
    scanner: flags.scanner ?? value.scanner,
    offline: flags.offline ?? value.offline,
    vex: [...value.vex, ...flags.vex],
    recentDays: flags.maxAge ?? value.recentDays,
    gate: { ...value.gate, ...flags.gate },
    registries: withPlainHttp(value.registries, flags.plainHttp),
  };
}

/** Reads what is read once, however many images there are. */
export async function gradeSession(
  context: PipelineContext,
  flags: GradeFlags,
  settings: Settings,
): Promise<GradeSession> {
  return {
    flags,
    options: {
      settings,
      trusted: await trustedSigners(context, settings, flags.signers),
      dockerfile:
        flags.file === undefined
          ? undefined
          : await readGivenDockerfile(context.cwd, flags.file, flags),
      secrets: flags.secrets,
      vex: await readVexFiles(settings.vex),
      registries: new Registries(context, settings.registries),
    },
  };
}

/** Opens one image, grades it and closes it. */
export async function gradeOne(
  context: PipelineContext,
  { flags, options }: GradeSession,
  text: string,
  stdin: AsyncIterable<Uint8Array>,
): Promise<ReportInput> {
  const { platforms } = flags;
  const [only] = platforms.length === 1 ? platforms : [];
  const published = { offline: options.settings.offline };
  const request = { text, stdin, published, ...(only === undefined ? {} : { platform: only }) };
  const image = await phase(
    context,
    'open',
    () => openNamedImage(context, options.registries, request),
    ({ name, place, root }) => ({ detail: `${name}, ${PLACE[place]}, ${root.digest}` }),
    { detail: text },
  );
  try {
    const { scorecard, contents } = await gradeOpened(context, image, options, platforms);
    for (const one of scorecard.notGraded ?? [])
      context.emit({ kind: 'notice', text: notGradedText(one) });
    return {
      scorecard,
      contents,
      ...(flags.file === undefined ? {} : { dockerfile: flags.file }),
    };
  } finally {
    await image.close();
  }
}

/**
 * Why the question is not answered whole: platforms that were asked for by name, or for which a
 * gate would have to answer, and that could not be judged. Without either, the report tells of them
 * and that is all: Docker pulls one platform of many.
 */
export function unanswered(
  flags: GradeFlags,
  { minLevel, minGrade }: Settings['gate'],
  { notGraded = [] }: Scorecard,
): readonly string[] {
  const isGated = minLevel !== undefined || minGrade !== undefined;
  return flags.platforms.length > 0 || isGated ? notGraded.map(notGradedText) : [];
}

function notGradedText({ platform, reason }: NotGraded): string {
  if (reason === 'not-read')
    return `the image lists ${platform} as something that cannot be read as an image: an engine may run it, and it is not graded`;
  return reason === 'not-held'
    ? `the image has ${platform} too, which is not here and not graded`
    : `the image has no ${platform}`;
}

const PLACE = {
  registry: 'from the registry',
  engine: "from Docker's store",
  layout: 'from an OCI layout',
  archive: 'from an archive',
  store: 'from the layout of builds',
} as const;
