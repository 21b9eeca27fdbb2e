import {
  isProvenanceType,
  parseProvenance,
  type ReadProvenance,
} from '../../attestations/provenance-read.ts';
import { historyMisfit } from '../../facts/history-fit.ts';
import { usedImages } from '../../facts/used-images.ts';
import type { DockerfileModel } from '../../model/dockerfile.ts';
import type { AttestationsFact, Fact } from '../../model/facts.ts';
import type { ImageConfig } from '../../model/oci.ts';
import { parseReference } from '../../model/reference.ts';
import { stageChain } from '../../model/stage-chain.ts';
import type { FoundAttestation } from '../../model/statement.ts';
import { type BaseLayers, beginsWith } from './base-layers.ts';
import { analyseRecorded } from './recorded-dockerfile.ts';

const DAY = 86_400_000;

type Mark = Pick<FoundAttestation, 'contradicts' | 'unchecked'>;

/**
 * Marks the statements that nobody is known to have signed and that do not fit the image:
 * provenance whose Dockerfile does not fit the history, whose base is not what the layers begin
 * with, or whose build ended on another day than the image was created. Anyone may attach such a
 * statement; the image's bytes have the last word. Where its base could not be compared, that is
 * marked as well.
 */
export async function withContradictions(
  fact: Fact<AttestationsFact>,
  config: ImageConfig,
  baseLayers: BaseLayers,
): Promise<Fact<AttestationsFact>> {
  if (!fact.known) return fact;
  const attestations: FoundAttestation[] = [];
  // One after the other: a statement that is the same as the one before asks nobody twice.
  for (const found of fact.value.attestations)
    attestations.push({ ...found, ...(await markOf(found, config, baseLayers)) });
  return { ...fact, value: { ...fact.value, attestations } };
}

async function markOf(
  { predicateType, predicate, verification }: FoundAttestation,
  config: ImageConfig,
  baseLayers: BaseLayers,
): Promise<Mark> {
  if (verification !== 'unverified' || !isProvenanceType(predicateType)) return {};
  const read = parseProvenance(predicate);
  if (!read.ok) return {};
  const { buildArgs, finishedOn } = read.value;
  const model = (await analyseRecorded(read.value))?.model;
  const misfit =
    (model === undefined ? undefined : historyMisfit(model, config)) ??
    timeMisfit(finishedOn, config.created, buildArgs['SOURCE_DATE_EPOCH']);
  if (misfit !== undefined) return { contradicts: misfit };
  return model === undefined ? {} : baseMark(model, read.value, config, baseLayers);
}

/** Checks that the image begins with the named base's layers and the Dockerfile made the rest. */
async function baseMark(
  model: DockerfileModel,
  { materials }: ReadProvenance,
  config: ImageConfig,
  baseLayers: BaseLayers,
): Promise<Mark> {
  if (stageChain(model)[0]?.base.kind === 'scratch') return {};
  const base = usedImages(model, [], materials).find(({ role }) => role === 'base');
  const reference = base === undefined ? undefined : parseReference(base.text);
  if (base === undefined || reference?.ok !== true)
    return { unchecked: 'it does not name an image as the base' };
  const { digest } = base;
  if (digest === undefined) return { unchecked: `it does not give a digest of ${base.text}` };
  const layers = config.rootfs.diff_ids;
  const found = await baseLayers({ ...reference.value, digest }, { platform: config, layers });
  if (!found.ok) return { unchecked: found.error };
  if (!beginsWith(layers, found.value))
    return { contradicts: `it names ${base.text} as the base, and the image has other layers` };
  const misfit = historyMisfit(model, config, found.value.length);
  return misfit === undefined ? {} : { contradicts: misfit };
}

/** The end of a build is when its image was created, unless that was set by SOURCE_DATE_EPOCH. */
function timeMisfit(
  finishedOn: string | undefined,
  created: string | undefined,
  epoch: string | undefined,
): string | undefined {
  const [end, time] = [Date.parse(finishedOn ?? ''), Date.parse(created ?? '')];
  if (Number.isNaN(end) || Number.isNaN(time)) return undefined;
  const isEpoch =
    epoch !== undefined && Math.abs(time - Number(epoch) * 1000) < 1000 && time <= end;
  if (isEpoch || Math.abs(end - time) <= DAY) return undefined;
  return `its build ended on ${finishedOn ?? ''}, the image was created on ${created ?? ''}`;
}
