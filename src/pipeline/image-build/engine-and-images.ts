import type { DockerfileModel } from '../../model/dockerfile.ts';
import type { LockedImage } from '../../model/lock.ts';
import type { Platform } from '../../model/oci.ts';
import type { Settings } from '../../model/settings.ts';
import { applyOptions } from '../../plans/apply-options.ts';
import { neededImages } from '../../plans/external-images.ts';
import { boolOf, lastValueOf, valuesOf } from '../../plans/flags/flag-spec.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { hermeticMode } from '../../plans/hermetic/hermetic-mode.ts';
import type { LockRequest } from '../../plans/lock/plan-lock.ts';
import type { PipelineContext } from '../context.ts';
import type { LockMode } from '../lock/lock-file.ts';
import { resolveLocked } from '../lock/resolve-locked.ts';
import type { Registries } from '../registries.ts';
import { findLocalImages, type FoundImage, resolveImages } from '../resolve-images.ts';
import { type BuildEngine, engineOrBuilder } from './engine-or-builder.ts';
import { tellOfBuilder } from './tell-of-builder.ts';

/** The engine that builds, and the images that the build takes from outside. */
export async function engineAndImages(
  context: PipelineContext,
  parsed: ParsedBuild,
  settings: Settings,
  dockerfile: DockerfileModel | undefined,
  registries: Registries,
  lock: LockRequest | undefined,
  lockMode: LockMode,
): Promise<BuildEngine & { readonly images: readonly FoundImage[] }> {
  const named = lastValueOf(parsed, 'builder') ?? context.env['BUILDX_BUILDER'];
  const needed = neededImages(dockerfile, parsed);
  const mayUseLocal = boolOf(parsed, 'pull') !== true;
  // Asked together: each call of docker takes its time to start. What goes wrong with the engine,
  // dockerInfo says first.
  const local = mayUseLocal ? findLocalImages(context, needed) : Promise.resolve([]);
  local.catch(() => undefined);
  const engine = await engineOrBuilder(context, named === '' ? undefined : named);
  const platform = wantedPlatform(parsed, engine.platform);
  const own = engine.seesLocal ? await local : [];
  const hermetic = hermeticMode(parsed.own, applyOptions(settings, parsed.own), lock?.before);
  const images =
    lock === undefined
      ? await resolveImages(context, registries, needed, { local: own, platform })
      : await resolveLocked(
          {
            context,
            registries,
            platform,
            lockPath: lock.path,
            strict: lockMode === 'update',
            hermetic: hermetic.ok ? hermetic.value : undefined,
          },
          needed,
          lock.before?.images ?? new Map<string, LockedImage>(),
          own,
        );
  const { elsewhere } = engine;
  if (elsewhere !== undefined)
    tellOfBuilder(context, elsewhere, needed, images, await local.catch(() => []));
  return { ...engine, images };
}

function wantedPlatform(parsed: ParsedBuild, own: Platform): Platform {
  const [os, architecture, variant] =
    (valuesOf(parsed, 'platform')[0] ?? '').split(',')[0]?.split('/') ?? [];
  if (os === undefined || os === '' || architecture === undefined) return own;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
