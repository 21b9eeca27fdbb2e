import { messageOf } from '../../model/errors.ts';
import { type BaseImage, baseKey } from '../../model/fix-rule.ts';
import { quantity } from '../../model/quantity.ts';
import { formatReference, withDefaultTag } from '../../model/reference.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { baseOf } from '../../plans/external-images.ts';
import { slimImages } from '../../rules/minimal-base/edit.ts';
import { phase, type PipelineContext } from '../context.ts';
import { noStdin } from '../contexts/context-source.ts';
import type { FactsRequest } from '../grade/facts-request.ts';
import { openNamedImage } from '../grade/open-named-image.ts';
import { inspectPlatform } from '../layers/inspect-image.ts';
import type { Registries } from '../registries.ts';

/** Files of a base that its slim variant has too. */
const SLIM = new Set(['bin/sh', 'bin/find', 'usr/bin/find']);

/**
 * What the image stands on: its base's configuration, users and packages, from Docker's store or
 * its registry; by full reference. Of several platforms, linux/amd64 or the first stands for all.
 */
export async function fixBases(
  context: PipelineContext,
  registries: Registries,
  { read }: FactsRequest,
): Promise<ReadonlyMap<string, Result<BaseImage>>> {
  const { model } = read;
  const base = baseOf(model, model.target);
  if (base?.reference === undefined) return new Map();
  const name = formatReference(withDefaultTag(base.reference));
  const key = baseKey(base.reference);
  context.emit({ kind: 'notice', text: `reading ${name}` });
  const found = await phase(
    context,
    'inspect',
    () => baseImage(context, registries, name).then(ok, (error: unknown) => failed(context, error)),
    (base) => ({ detail: base.ok ? `${name}: ${contentsOf(base.value)}` : base.error }),
  );
  if (!found.ok) return new Map([[key, found]]);
  // The slim variant has the same users and configuration; of its files nothing is said but what
  // every Debian has.
  const { has } = found.value;
  const slim: BaseImage = {
    ...found.value,
    ...(has === undefined ? {} : { has: (path: string) => SLIM.has(path) && has(path) }),
  };
  return new Map([
    [key, found],
    ...slimImages(read).map((one): [string, Result<BaseImage>] => [baseKey(one), ok(slim)]),
  ]);
}

/** What cannot be checked is reported by what needs it; an abort ends all. */
function failed({ signal }: PipelineContext, error: unknown): Result<never> {
  signal.throwIfAborted();
  return err(messageOf(error));
}

function contentsOf({ packages, elevated }: BaseImage): string {
  return `${quantity(packages?.length ?? 0, 'package')}, ${quantity(elevated?.length ?? 0, 'setuid or setgid file')}`;
}

async function baseImage(
  context: PipelineContext,
  registries: Registries,
  name: string,
): Promise<BaseImage> {
  const image = await openNamedImage(context, registries, { text: name, stdin: noStdin() });
  try {
    const platform =
      image.platforms.find(
        ({ config }) => config.os === 'linux' && config.architecture === 'amd64',
      ) ?? image.platforms[0];
    const { content } = await inspectPlatform(context, image, platform, {}, { secrets: false });
    const { passwd, has, elevated } = content.filesystem;
    return {
      config: platform.config,
      packages: content.packages,
      has,
      elevated: elevated.filter(({ mode }) => (mode & 0o6000) !== 0).map(({ path }) => path),
      ...(passwd === undefined ? {} : { passwd }),
    };
  } finally {
    await image.close();
  }
}
