import { UserError } from '../model/errors.ts';
import {
  type Descriptor,
  type ImageConfig,
  type Index,
  type Manifest,
  MEDIA_TYPE,
} from '../model/oci.ts';
import type { OpenedPlatform } from '../model/opened-image.ts';
import { CONFIG } from './document-shapes.ts';
import { parseImageConfig, parseIndex, parseManifest, readShaped } from './documents.ts';
import { quoted } from './quoted-text.ts';

/** One platform, its manifest and config checked against each other. */
export function checkedPlatform(
  descriptor: Descriptor,
  manifest: Manifest,
  configBytes: Uint8Array,
  name: string,
): OpenedPlatform {
  const { digest } = manifest.config;
  const config = parseImageConfig(configBytes, `the config ${digest} of ${name}`);
  if (config.os === 'unknown' || config.architecture === 'unknown')
    throw notAnImage(name, 'something whose platform is unknown');
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length)
    throw new UserError(
      `${name} lists ${manifest.layers.length} layers, and its config ${diffIds.length}: it is damaged or forged`,
    );
  const layers = manifest.layers.flatMap((blob, i) => {
    const diffId = diffIds[i];
    return diffId === undefined ? [] : [{ blob, diffId }];
  });
  return { descriptor, manifest, config, layers };
}

/**
 * True where an engine makes a filesystem of a manifest, whatever its config calls itself:
 * containerd asks for no type of config, and Docker's classic store for none of layers; both want a
 * diffID for each layer.
 */
export function isRunnable({ layers }: Manifest, configBytes: Uint8Array): boolean {
  if (layers.length === 0 || !/^\s*\{/.test(Buffer.from(configBytes).toString('latin1')))
    return false;
  try {
    const { rootfs } = readShaped(configBytes, CONFIG, 'the config') as Partial<ImageConfig>;
    return (rootfs?.diff_ids ?? []).length > 0;
  } catch {
    // What is refused here may be read by an engine.
    return true;
  }
}

/** The index in verified bytes. Throws UserError where it is not one, or another document too. */
export function readIndex(bytes: Uint8Array, descriptor: Descriptor): Index {
  return ofItsType(parseIndex(bytes, descriptor.digest), descriptor);
}

/** The manifest in verified bytes. Throws UserError if it is not one, or also another document. */
export function readManifest(bytes: Uint8Array, descriptor: Descriptor, name: string): Manifest {
  if (!isManifestType(descriptor.mediaType))
    throw notAnImage(name, `something of type ${quoted(descriptor.mediaType)}`);
  return ofItsType(parseManifest(bytes, descriptor.digest), descriptor);
}

function ofItsType<T extends Index | Manifest>(document: T, { mediaType, digest }: Descriptor): T {
  const own = document.mediaType;
  if (own !== undefined && own !== mediaType)
    throw new UserError(`${digest} has a mediaType that differs from its descriptor`);
  return document;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPE.manifest || mediaType === MEDIA_TYPE.dockerManifest;
}

export function notAnImage(name: string, kind: string): UserError {
  return new UserError(`${name} is not a container image but ${kind}`, {
    nextStep: 'Name a container image.',
  });
}
