import { isProvenanceType, parseProvenance } from '../../attestations/provenance-read.ts';
import { analyseDockerfile } from '../../dockerfile/parse-dockerfile.ts';
import { historyMisfit } from '../../facts/history-fit.ts';
import type { AttestationsFact, Fact } from '../../model/facts.ts';
import type { ImageConfig } from '../../model/oci.ts';
import type { FoundAttestation } from '../../model/statement.ts';

const DAY = 86_400_000;

/**
 * Marks the statements that nobody is known to have signed and that do not fit the image: provenance
 * whose Dockerfile is not what the history tells of, or whose build ended on another day than the image
 * was created. Anyone may attach such a statement; the image's bytes have the last word.
 */
export function withContradictions(
  fact: Fact<AttestationsFact>,
  config: ImageConfig,
): Fact<AttestationsFact> {
  if (!fact.known) return fact;
  const attestations = fact.value.attestations.map((found): FoundAttestation => {
    const contradicts = contradiction(found, config);
    return contradicts === undefined ? found : { ...found, contradicts };
  });
  return { ...fact, value: { ...fact.value, attestations } };
}

function contradiction(
  { predicateType, predicate, verification }: FoundAttestation,
  config: ImageConfig,
): string | undefined {
  if (verification !== 'unverified' || !isProvenanceType(predicateType)) return undefined;
  const read = parseProvenance(predicate);
  if (!read.ok) return undefined;
  const { dockerfile, buildArgs, buildContexts, target, finishedOn } = read.value;
  const parsed =
    dockerfile === undefined
      ? undefined
      : analyseDockerfile(dockerfile.text, {
          built: true,
          buildArgs,
          buildContexts,
          ...(target === undefined ? {} : { target }),
        });
  const misfit = parsed?.ok === true ? historyMisfit(parsed.value.model, config) : undefined;
  return misfit ?? timeMisfit(finishedOn, config.created, buildArgs['SOURCE_DATE_EPOCH']);
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
