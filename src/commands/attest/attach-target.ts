import { UserError } from '../../model/errors.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { formatReference } from '../../model/reference.ts';
import { withPlainHttp } from '../../model/settings.ts';
import { type ImageName, parseImageName } from '../../oci/image-source.ts';
import type { AttachTarget, Repository } from '../../pipeline/attach/attach-statements.ts';
import type { PipelineContext } from '../../pipeline/context.ts';
import { openNamedImage } from '../../pipeline/grade/open-named-image.ts';
import { Registries } from '../../pipeline/registries.ts';
import { readVexFiles } from '../../pipeline/scan/vex-files.ts';
import { trustedSigners } from '../../pipeline/sign/trusted-signers.ts';
import type { CommandIo } from '../io.ts';
import { imageSettings, withKey } from '../project-settings.ts';
import type { namedSigners } from '../shared-flags.ts';
import { wantedPlatform } from '../wanted-platform.ts';

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

interface FoundImage {
  readonly text: string;
  readonly name: string;
  readonly published: Repository | undefined;
}

/** Where it is, by the digest that its name points to now. */
async function findImage(
  open: (text: string) => Promise<OpenedImage>,
  name: ImageName,
  context: PipelineContext,
): Promise<FoundImage> {
  if (!('reference' in name))
    throw new UserError(`nothing can be kept beside ${name.text}`, {
      nextStep: 'name a build (scoville build -t NAME), or an image of a registry',
    });
  const { reference } = name;
  const { registry, repository } = reference;
  const full = formatReference(reference);
  const published = { registry, repository };
  const pinned = (place: string, digest: OpenedImage['root']['digest']): string =>
    `${place}:${formatReference({ registry, repository, digest })}`;
  const hasHost = name.text.startsWith(`${registry}/`);
  if (name.place === 'registry' || (name.place === 'named' && hasHost)) {
    const { digest, problem } = await digestOf(open, `registry:${full}`);
    if (digest !== undefined) return { text: pinned('registry', digest), name: full, published };
    const stored =
      name.place === 'named' ? await digestOf(open, `store:${full}`) : { digest: undefined };
    if (stored.digest === undefined) throw problem;
    context.emit({ kind: 'notice', text: `${registry} was not used: ${problem.message}` });
    return { text: `store:${full}`, name: full, published: undefined };
  }
  const image = await open(name.text);
  try {
    if (image.place === 'registry')
      return { text: pinned('registry', image.root.digest), name: full, published };
    if (image.place === 'store') return { text: `store:${full}`, name: full, published: undefined };
  } finally {
    await image.close();
  }
  throw new UserError(`${name.text} is in Docker alone, where nothing can be kept beside it`, {
    nextStep: 'build it with scoville build, or push it and name it with its registry',
  });
}

type Looked =
  | { readonly digest: OpenedImage['root']['digest']; readonly problem?: undefined }
  | { readonly digest?: undefined; readonly problem: UserError };

async function digestOf(
  open: (text: string) => Promise<OpenedImage>,
  text: string,
): Promise<Looked> {
  try {
    const image = await open(text);
    await image.close();
    return { digest: image.root.digest };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { problem: error };
  }
}
