import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import {
  commitContainer,
  copyIntoContainer,
  createContainer,
  dropContainer,
  hasFile,
  type ImageService,
  removeLocalTag,
} from '../build/docker-containers.ts';
import { TAR_END, tarFile } from '../image/tar/tar-writer.ts';
import type { PipelineContext } from '../model/context.ts';
import { assignment } from '../model/dockerfile.ts';
import { secretFileName } from '../model/secret-names.ts';

interface SecretsRequest {
  readonly image: string;
  /** `NAME=VALUE` or `NAME`, for the container. */
  readonly env: readonly string[];
  /** `SOURCE:PATH` or `SOURCE:PATH:ro`, for the container. */
  readonly volumes: readonly string[];
  /** Files that the project's settings name. */
  readonly secretFiles: readonly string[];
}

/** Absolute paths from which the program reads its secrets, outside of any volume. */
export function secretPaths(
  { env, secretFiles, volumes }: Omit<SecretsRequest, 'image'>,
  service: Pick<ImageService, 'env' | 'volumes'>,
): readonly string[] {
  // A variable of the container replaces that of the image.
  const variables = new Map([...service.env, ...env].map(assignment));
  const named = [...variables].flatMap(([name, value = '']) =>
    secretFileName(name) ? [value] : [],
  );
  const paths = [...named, ...secretFiles]
    .filter((path) => posix.isAbsolute(path))
    .map((path) => posix.normalize(path));
  // What is copied to a volume of the image stays in that container.
  const mounted = [...service.volumes, ...volumes.map((one) => one.split(':')[1] ?? one)];
  const isInVolume = (path: string): boolean =>
    mounted.some((folder) => `${path}/`.startsWith(`${posix.join(folder, '.')}/`));
  return [...new Set(paths)].filter((path) => !path.endsWith('/') && !isInVolume(path));
}

/**
 * Gives `use` the name of the image, or of a copy that has a made-up value in each file of a secret
 * that the image lacks. An app that reads one at its start does not start without it. The copy is
 * always removed. A copy, since nothing can be copied into a read-only container, and an engine
 * elsewhere does not have this machine's files.
 */
export async function withSecretFiles<T>(
  context: PipelineContext,
  request: SecretsRequest,
  service: ImageService,
  use: (image: string) => Promise<T>,
): Promise<T> {
  const { run } = context;
  const { image } = request;
  const paths = secretPaths(request, service);
  const copy = `scoville-profile-${randomBytes(6).toString('hex')}`;
  const missing: string[] = [];
  if (paths.length === 0) return use(image);
  try {
    try {
      context.signal.throwIfAborted();
      const spec = { name: copy, image, ports: [], env: [], quickHealth: false } as const;
      await createContainer(run, { ...spec, rights: 'none' });
      for (const path of paths) if (!(await hasFile(run, copy, path))) missing.push(path);
      if (missing.length > 0) {
        await copyIntoContainer(run, filesOf(missing), `${copy}:/`);
        await commitContainer(run, copy, copy);
        context.emit({ kind: 'notice', text: `made-up secrets are in ${missing.join(', ')}` });
      }
    } finally {
      await dropContainer(context, copy);
    }
    return await use(missing.length > 0 ? copy : image);
  } finally {
    if (missing.length > 0) await removeLocalTag(run, copy);
  }
}

/** A tar archive with a value drawn at random in each file. */
function filesOf(paths: readonly string[]): Uint8Array {
  const value = (): Uint8Array => Buffer.from(randomBytes(24).toString('hex'));
  const parts = paths.map((path) => tarFile(path.slice(1), value(), 0o444));
  return Buffer.concat([...parts, TAR_END]);
}
