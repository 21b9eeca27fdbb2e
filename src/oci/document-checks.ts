import { UserError } from '../model/errors.ts';
import { type Descriptor, type Index, type Manifest, MEDIA_TYPE } from '../model/oci.ts';
import type { OpenedPlatform } from '../model/opened-image.ts';
import { parseIndex, parseManifest, parseObject } from './documents.ts';
import { readImageConfig } from './image-config.ts';
import { quoted } from './quoted-text.ts';

/** One platform, its manifest and config checked against each other. */
export function platformOf(
  descriptor: Descriptor,
  manifest: Manifest,
  configBytes: Uint8Array,
  name: string,
): OpenedPlatform {
  const { digest } = manifest.config;
  const config = readImageConfig(configBytes, `the config ${digest} of ${name}`);
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

/** The index in verified bytes. Throws UserError where it is none, or another document too. */
export function readIndex(bytes: Uint8Array, descriptor: Descriptor): Index {
  checkType(bytes, descriptor);
  return parseIndex(bytes, descriptor.digest);
}

/** The manifest in verified bytes. Throws UserError where it is none, or another document too. */
export function readManifest(bytes: Uint8Array, descriptor: Descriptor, name: string): Manifest {
  if (!isManifestType(descriptor.mediaType))
    throw notAnImage(name, `something of type ${quoted(descriptor.mediaType)}`);
  checkType(bytes, descriptor);
  return parseManifest(bytes, descriptor.digest);
}

/** A document that is manifest and index at once means another image to each reader (CVE-2021-41190). */
function checkType(bytes: Uint8Array, { mediaType, digest }: Descriptor): void {
  const value = parseObject(bytes, digest);
  if (value['schemaVersion'] === 1)
    throw new UserError(`${digest} is a manifest of schema 1, which Docker gave up in 2020`, {
      nextStep: 'Pull the image with an engine that still can, push it again and grade that.',
    });
  const own = value['mediaType'];
  if (own !== undefined && own !== mediaType)
    throw new UserError(`${digest} says of itself another type than was stated of it`);
  if ('manifests' in value && ('layers' in value || 'config' in value))
    throw new UserError(`${digest} is an index and a manifest at once, so it is refused`);
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPE.manifest || mediaType === MEDIA_TYPE.dockerManifest;
}

export function notAnImage(name: string, kind: string): UserError {
  return new UserError(`${name} is no container image but ${kind}`, {
    nextStep: 'Name a container image.',
  });
}
