import { CATALOGUE } from '../criteria/catalogue.ts';
import { EXIT, UserError } from '../model/errors.ts';
import type { ReportInput, ReportRequest, ReportSubject } from '../model/report.ts';
import { type Settings, withPlainHttp } from '../model/settings.ts';
import { boundCachesDaily } from '../pipeline/bound-caches.ts';
import { phase, type PipelineContext } from '../pipeline/context.ts';
import { gateImage } from '../pipeline/gate-image.ts';
import { readGivenDockerfile } from '../pipeline/given-dockerfile.ts';
import { gradeOpened, type GradeOptions } from '../pipeline/grade-opened.ts';
import { settingsOf } from '../pipeline/load-settings.ts';
import { openNamedImage } from '../pipeline/open-named-image.ts';
import { Registries } from '../pipeline/registries.ts';
import { trustedSigners } from '../pipeline/trusted-signers.ts';
import { readVexFiles } from '../pipeline/vex-files.ts';
import { cleanForTerminal } from '../ui/clean.ts';
import { pipelineContext } from './context.ts';
import { conversation } from './conversation.ts';
import { type GradeFlags, GRADE_HELP, readGradeFlags } from './grade-flags.ts';
import { usageLine } from './help.ts';
import type { Command, CommandIo } from './io.ts';
import { writeReports } from './reports.ts';
import { wantedPlatform } from './wanted-platform.ts';

/** `scoville grade`. */
export const grade: Command = async (args, io) => {
  const flags = readGradeFlags(args);
  if (flags.help) {
    io.writeOut(GRADE_HELP);
    return EXIT.met;
  }
  if (flags.images.length === 0)
    throw new UserError('grade needs an image', { nextStep: usageLine('grade') });
  if (flags.diff && flags.images.length !== 2)
    throw new UserError('--diff takes two images, the older first', {
      nextStep: 'scoville grade --diff OLD NEW',
    });
  const settings = await gradeSettings(flags, io);
  const { graded, unmet } = await gradeAll(flags, settings, io);
  const requests: readonly ReportRequest[] = [
    ...flags.reports,
    ...(flags.json ? [{ format: 'json' } as const] : []),
  ];
  await writeReports(subjectOf(graded, flags.diff), requests, io, io.writeOut);
  for (const text of unmet) io.writeErr(`scoville: short of the gate: ${cleanForTerminal(text)}\n`);
  return unmet.length === 0 ? EXIT.met : EXIT.short;
};

/** The settings file, with what the flags say otherwise. */
async function gradeSettings(flags: GradeFlags, io: CommandIo): Promise<Settings> {
  const value = await settingsOf({
    file: flags.config,
    startDir: io.cwd,
    now: io.now(),
    criteria: CATALOGUE.map(({ id }) => id),
  });
  return {
    ...value,
    scanner: flags.scanner ?? value.scanner,
    offline: flags.offline ?? value.offline,
    vex: [...value.vex, ...flags.vex],
    recentDays: flags.maxAge ?? value.recentDays,
    gate: { ...value.gate, ...flags.gate },
    registries: withPlainHttp(value.registries, flags.plainHttp),
  };
}

async function gradeAll(
  flags: GradeFlags,
  settings: Settings,
  io: CommandIo,
): Promise<{ readonly graded: readonly ReportInput[]; readonly unmet: readonly string[] }> {
  const talk = await conversation(io, flags.quiet ? 'quiet' : 'auto', true);
  try {
    const context = pipelineContext(io, talk.sink);
    const options = {
      settings,
      trusted: await trustedSigners(context, settings, flags.signers),
      dockerfile:
        flags.file === undefined ? undefined : await readGivenDockerfile(io.cwd, flags.file, flags),
      secrets: flags.secrets,
      vex: await readVexFiles(settings.vex),
    };
    const registries = new Registries(context, settings.registries);
    const graded: ReportInput[] = [];
    const unmet: string[] = [];
    for (const text of flags.images) {
      const report = await gradeOne(context, registries, text, flags, options, io);
      const prefix = flags.images.length > 1 ? `${text}: ` : '';
      for (const { message, criteria } of gateImage(context, settings.gate, report.scorecard))
        unmet.push(`${prefix}${message} (${criteria.join(', ')})`);
      graded.push(report);
    }
    await boundCachesDaily(context);
    return { graded, unmet };
  } finally {
    talk.stop();
  }
}

async function gradeOne(
  context: PipelineContext,
  registries: Registries,
  text: string,
  flags: GradeFlags,
  options: GradeOptions,
  io: CommandIo,
): Promise<ReportInput> {
  const image = await phase(
    context,
    'open',
    () =>
      openNamedImage(context, registries, {
        text,
        stdin: io.stdin,
        ...wantedPlatform(flags.platform),
      }),
    ({ name, place, root }) => ({ detail: `${name}, ${PLACE[place]}, ${root.digest}` }),
  );
  try {
    for (const { platform } of image.absent)
      if (platform !== undefined)
        context.emit({
          kind: 'notice',
          text: `the image has ${platform.os}/${platform.architecture} too, which is not here and not graded`,
        });
    const { scorecard, contents } = await gradeOpened(context, image, options);
    return {
      scorecard,
      contents,
      ...(flags.file === undefined ? {} : { dockerfile: flags.file }),
    };
  } finally {
    await image.close();
  }
}

const PLACE = {
  registry: 'from the registry',
  engine: "from Docker's store",
  layout: 'from an OCI layout',
  archive: 'from an archive',
  store: 'from the layout of builds',
} as const;

function subjectOf(graded: readonly ReportInput[], diff: boolean): ReportSubject {
  const [first, second] = graded;
  if (first === undefined) throw new Error('nothing was graded');
  if (second === undefined) return { kind: 'image', image: first };
  return diff
    ? { kind: 'difference', before: first, after: second }
    : { kind: 'comparison', images: graded };
}
