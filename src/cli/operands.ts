import { relative, resolve } from 'node:path';
import { settingsOf } from '../config/find-settings.ts';
import type { LayoutStore } from '../image/layout/store.ts';
import { parsePlatform } from '../image/platforms.ts';
import { readTaggedEntries, type TaggedManifest } from '../image/referrers.ts';
import { UserError } from '../lib/errors.ts';
import { type Descriptor, type OpenedImage, type Platform, platformName } from '../model/image.ts';
import { printedCommand } from '../model/printed-command.ts';
import {
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import type { CopyTarget } from '../trust/copy-image.ts';
import { cleanForTerminal } from '../ui/text.ts';
import type { CommandIo } from './io.ts';
import { pathsOf } from './paths.ts';

/** Settings of a command that edits or checks the current project. `named`: the `--config` file. */
export function projectSettings(named: string | undefined, io: CommandIo): Promise<Settings> {
  return loaded(named, io, 'project');
}

/** Settings of a command on images: the project's word on trust is ignored, which a line says. */
export async function imageSettings(named: string | undefined, io: CommandIo): Promise<Settings> {
  const settings = await loaded(named, io, 'image');
  for (const line of ignoredLines(settings, io))
    io.writeErr(`scoville: ${cleanForTerminal(line)}\n`);
  return settings;
}

export function withKey(settings: Settings, key: string | undefined): Settings {
  return key === undefined ? settings : { ...settings, sign: { ...settings.sign, key } };
}

function loaded(
  named: string | undefined,
  io: CommandIo,
  task: 'project' | 'image',
): Promise<Settings> {
  return settingsOf({
    named: named === undefined ? undefined : resolve(io.cwd, named),
    startDir: io.cwd,
    userDir: pathsOf(io).config,
    task,
    env: io.env,
    now: io.now(),
  });
}

const OF_ITS_BUILDS =
  /^(?:image|attest|reproducible|fix|ui)\.|^sign\.(?:enabled|format|keyless)$|^lock$/;

function ignoredLines({ ignored }: Settings, { cwd }: CommandIo): readonly string[] {
  return ignored.flatMap(({ file, settings }) => {
    const name = relative(cwd, file);
    const declared = settings.filter((setting) => setting.startsWith('secrets.'));
    const trusted = settings.filter(
      (setting) => !declared.includes(setting) && !OF_ITS_BUILDS.test(setting),
    );
    return [
      ...(trusted.length === 0
        ? []
        : [
            `${name} is not trusted for images: ignored ${trusted.join(', ')}; ` +
              `--policy ${name} applies them`,
          ]),
      ...(declared.length === 0
        ? []
        : [`${name}: ${declared.join(', ')} counts only for images built from that project`]),
    ];
  });
}

export function wantedPlatform(text: string | undefined): { readonly platform?: Platform } {
  if (text === undefined) return {};
  const platform = parsePlatform(text);
  if (platform === undefined)
    throw new UserError(`--platform takes OS/ARCH or OS/ARCH/VARIANT, not ${JSON.stringify(text)}`);
  return { platform };
}

/** Platforms of a `--platform` that may repeat or have commas; one given twice counts once. */
export function wantedPlatforms(texts: readonly string[]): readonly Platform[] {
  const words = texts.flatMap((text) => text.split(',')).map((text) => text.trim());
  const platforms = words.flatMap((text) => wantedPlatform(text).platform ?? []);
  return [...new Map(platforms.map((one) => [platformName(one), one])).values()];
}

interface StoredImage {
  readonly name: string;
  readonly index: Descriptor;
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
}

/** Finds the newest build of a name, with signatures and attestations. Throws UserError if none. */
export async function storedImage(store: LayoutStore, text: string): Promise<StoredImage> {
  const reference = parseReference(text);
  if (!reference.ok) throw new UserError(reference.error);
  const name = formatReference(withDefaultTag(reference.value));
  const found = await store.findByName(name);
  if (found === undefined)
    throw new UserError(`no build of ${name}`, {
      nextStep: printedCommand('build', ['-t', text, '.']),
    });
  // Without its annotations: they are its names in this layout, and no part of the image.
  const { mediaType, digest, size, platform } = found.descriptor;
  const index = { mediaType, digest, size, ...(platform === undefined ? {} : { platform }) };
  const referrers = found.build.manifests.filter(
    (descriptor) => descriptor.artifactType !== undefined,
  );
  const tagged = readTaggedEntries(found.build.manifests);
  return { name, index, referrers, tagged };
}

/** `oci-archive:FILE`, `oci:DIR`, else a registry's name, by default with the image's own tag. */
export function copyTarget(
  text: string,
  image: Pick<OpenedImage, 'root' | 'whole'>,
  source?: ImageReference,
): CopyTarget {
  const [, prefix, path = ''] = /^(oci-archive|oci-dir|oci):(.+)$/s.exec(text) ?? [];
  if (prefix !== undefined) {
    // skopeo would take what follows for a name in the archive.
    if (path.includes(':'))
      throw new UserError(`${text}: the path of a target cannot contain a colon`, {
        nextStep: 'The image keeps its own name there; another one is given when it is pushed.',
      });
    return { kind: 'file', path, directory: prefix !== 'oci-archive' };
  }
  if (/^(?:\.{0,2}\/|~\/)/.test(text))
    throw new UserError(`${text} is a path, and does not say what is written there`, {
      nextStep: `Say oci-archive:${text} for one file, or oci:${text} for a folder.`,
    });
  const { reference, tags } = registryTarget(text, image.root.digest);
  const own = (image.whole?.names ?? []).flatMap((name) => {
    const parsed = parseReference(name);
    return parsed.ok ? (parsed.value.tag ?? []) : [];
  });
  const mountFrom = source?.registry === reference.registry ? source.repository : undefined;
  return {
    kind: 'registry',
    reference,
    tags: tags.length > 0 || reference.digest !== undefined ? tags : own.slice(0, 1),
    ...(mountFrom === undefined ? {} : { mountFrom }),
  };
}

/** A registry name and any tag. Throws UserError if unreadable or its digest is not `digest`. */
export function registryTarget(
  text: string,
  digest: string,
): { readonly reference: ImageReference; readonly tags: readonly string[] } {
  const parsed = parseReference(text.replace(/^(?:registry:|docker:\/\/)/, ''));
  if (!parsed.ok) throw new UserError(parsed.error);
  const reference = parsed.value;
  if (reference.digest !== undefined && reference.digest !== digest)
    throw new UserError(`${text} names another digest than the image has: ${digest}`, {
      nextStep: 'A copy keeps its digest; leave it out, or name the image that has it.',
    });
  return { reference, tags: reference.tag === undefined ? [] : [reference.tag] };
}
