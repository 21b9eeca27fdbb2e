import { LATEST_EPOCH } from '../model/epoch.ts';
import { err, ok, type Result } from '../model/result.ts';

/** The earliest time of a layer, 1980-01-01T00:00:00Z, in seconds: zip files have none earlier. */
const EARLIEST_EPOCH = 315_532_800;

/** The time that layers are normalised to, seconds since 1970, and what decided it. */
export interface EpochDecision {
  readonly seconds: number;
  readonly source: 'build-arg' | 'environment' | 'dockerfile' | 'lock' | 'base-image' | 'fallback';
  /** One line for the plan. */
  readonly reason: string;
}

export interface EpochInputs {
  /** Value of `--build-arg SOURCE_DATE_EPOCH=...`. */
  readonly buildArgument: string | undefined;
  readonly environment: string | undefined;
  /** Default of a global `ARG SOURCE_DATE_EPOCH=...`. */
  readonly dockerfileDefault: string | undefined;
  /** Of the lock file that the build enforces. */
  readonly locked?: { readonly seconds: number; readonly reason: string } | undefined;
  readonly baseImages: readonly { readonly name: string; readonly created: string | undefined }[];
}

/**
 * The epoch of a build: what the user says, else what the lock file holds, else the creation time
 * of the oldest base image, so that a cached and a clean build agree and an unchanged layer keeps
 * its digest from commit to commit; never before 1980 by itself. `context`, which BuildKit ignores
 * for local contexts, leaves the choice to the base image.
 */
export function decideEpoch(inputs: EpochInputs): Result<EpochDecision> {
  const said = [
    { text: inputs.buildArgument, source: 'build-arg', from: '--build-arg' },
    { text: inputs.environment, source: 'environment', from: 'the environment' },
    { text: inputs.dockerfileDefault, source: 'dockerfile', from: 'the Dockerfile' },
  ] as const;
  for (const { text, source, from } of said) {
    if (text === undefined || text === '' || text === 'context') continue;
    if (!/^\d{1,12}$/.test(text) || Number(text) > LATEST_EPOCH)
      return err(
        `invalid SOURCE_DATE_EPOCH: ${JSON.stringify(text)} is not a number of seconds up to the year 9999`,
      );
    return ok({ seconds: Number(text), source, reason: `SOURCE_DATE_EPOCH of ${from}` });
  }
  const { locked } = inputs;
  if (locked !== undefined)
    return ok({
      seconds: locked.seconds,
      source: 'lock',
      reason: `lock file: ${locked.reason}`,
    });
  return ok(epochOfBases(inputs.baseImages));
}

function epochOfBases(bases: EpochInputs['baseImages']): EpochDecision {
  const dated = bases.flatMap(({ name, created }) => {
    const seconds = created === undefined ? Number.NaN : Math.floor(Date.parse(created) / 1000);
    return Number.isFinite(seconds) ? [{ name, seconds }] : [];
  });
  const oldest = dated.toSorted((a, b) => a.seconds - b.seconds)[0];
  if (oldest === undefined)
    return {
      seconds: EARLIEST_EPOCH,
      source: 'fallback',
      reason: 'no base image with a creation time: 1980-01-01',
    };
  if (oldest.seconds < EARLIEST_EPOCH)
    return {
      seconds: EARLIEST_EPOCH,
      source: 'base-image',
      reason: `creation time of ${oldest.name}, moved up to 1980-01-01`,
    };
  const which = dated.length > 1 ? ', the oldest base image' : '';
  return {
    seconds: oldest.seconds,
    source: 'base-image',
    reason: `creation time of ${oldest.name}${which}`,
  };
}

/** RFC 3339 in UTC, whole seconds. */
export function rfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
