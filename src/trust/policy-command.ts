import { resolve } from 'node:path';
import { Registries } from '../build/registries.ts';
import { withProgress } from '../cli/conversation.ts';
import { command } from '../cli/flags.ts';
import type { CommandIo } from '../cli/io.ts';
import { writeFilesTogether } from '../config/project-files.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { parseImageName } from '../image/open-image.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import type { PipelineContext } from '../model/context.ts';
import {
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import { withPlainHttp } from '../model/settings.ts';
import { admittedImage } from './admitted-image.ts';
import { POLICY_COMMAND, type PolicyFlags } from './flags.ts';
import { POLICY_FORMATS } from './policies.ts';
import { type AdmittedImage, POLICY_FORMAT_NAMES, type PolicyFile } from './policy.ts';
import { policyOf, signersOf, verificationText } from './verify-command.ts';

export const policy = command(POLICY_COMMAND, async (flags, [text = ''], io) => {
  const settings = await policyOf(flags, io);
  const reference = await registryName(text, io.cwd);
  const run = async (context: PipelineContext) => {
    const trusted = await signersOf(context, flags, settings);
    const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
    const image = await openNamedImage(context, registries, {
      // What a cluster pulls, not what lies in Docker under the same name.
      text: text.replace(/^(?:registry:|docker:\/\/)?/, 'registry:'),
      stdin: io.stdin,
    });
    try {
      const minLevel =
        flags.minLevel ?? (flags.policy === undefined ? undefined : settings.gate.minLevel);
      const demands = { types: flags.type, minLevel };
      return await admittedImage(context, image, trusted, demands, {
        reference,
        mirrors: flags.mirror.map(mirrorName),
      });
    } finally {
      await image.close();
    }
  };
  const { answer, admitted } = await withProgress(io, run, 'auto', false);
  if (admitted === undefined) {
    io.writeErr(verificationText({ ...answer, image: text }));
    return answer.outcome === 'short' ? EXIT.short : EXIT.failed;
  }
  await deliver(filesOf(admitted, flags, io), flags, io);
  return EXIT.met;
});

async function registryName(text: string, cwd: string): Promise<ImageReference> {
  const name = await parseImageName(text, cwd);
  if (name.place !== 'registry' && name.place !== 'named')
    throw new UserError(`${text} is not a name in a registry, and a policy admits images by name`, {
      nextStep: 'push it, then scoville policy REGISTRY/NAME:TAG',
    });
  return withDefaultTag(name.reference);
}

function mirrorName(text: string): string {
  const read = parseReference(text);
  if (!read.ok) throw new UserError(read.error, { nextStep: 'name a mirror as REGISTRY/NAME' });
  const { registry, repository, tag, digest } = read.value;
  if (tag !== undefined || digest !== undefined)
    throw new UserError(`${text} has a tag or digest; --mirror takes a repository`);
  return formatReference({ registry, repository });
}

/** An engine that was named has to get its policy; of all others, those that can. */
function filesOf(image: AdmittedImage, flags: PolicyFlags, io: CommandIo): readonly PolicyFile[] {
  const all = flags.for.length === 0;
  const written = POLICY_FORMAT_NAMES.filter((name) => all || flags.for.includes(name)).map(
    (name) => ({ name, result: POLICY_FORMATS[name](image) }),
  );
  const refused = written.flatMap(({ name, result }) =>
    result.ok ? [] : [`no policy for ${name}: ${result.error}`],
  );
  const [first] = refused;
  if (first !== undefined && (!all || refused.length === written.length))
    throw new UserError(first);
  for (const line of refused) io.writeErr(`scoville: ${line}\n`);
  return written.flatMap(({ result }) => (result.ok ? result.value : []));
}

async function deliver(
  files: readonly PolicyFile[],
  { output }: PolicyFlags,
  io: CommandIo,
): Promise<void> {
  const [first] = files;
  if (output === undefined) {
    if (files.length > 1 || first === undefined)
      throw new UserError(`this makes ${files.length} files`, {
        nextStep: 'add --output DIR, or name one engine of one file: --for kyverno',
      });
    io.writeOut(first.text);
    return;
  }
  const folder = resolve(io.cwd, output);
  await makeFolders(folder);
  await writeFilesTogether(
    folder,
    files.map(({ name, text }) => ({ path: name, text })),
  );
  for (const { name } of files) io.writeOut(`${name}\n`);
}
