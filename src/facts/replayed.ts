import type { DockerfileModel } from '../model/dockerfile.ts';
import type { EvidenceSource } from '../model/facts.ts';
import type { Material } from './used-images.ts';

/** By which a command can get past the proxy of a replay, to a server that it names in numbers. */
const PAST_THE_PROXY =
  /no_?proxy|--resolve|--connect-to|\/etc\/(?:hosts|resolv)|nsswitch|:\/\/(?:[^/@\s]*@)?(?:\d+\.|\d+[:/]|0x|\[)/i;

/**
 * The addresses that a replay answered by digest, with it; undefined where nothing of the kind is known.
 * That it was a replay is this build's own word, or a verified statement's; a lock alone proves
 * nothing. A Dockerfile that goes past the proxy anywhere leaves it undefined.
 */
export function replayedAddresses(
  model: DockerfileModel,
  source: EvidenceSource,
  materials: readonly Material[] | undefined,
): ReadonlyMap<string, string> | undefined {
  if (materials === undefined || (source !== 'build' && source !== 'verified-attestation'))
    return undefined;
  const shown = model.reached.flatMap((index) =>
    (model.stages[index]?.instructions ?? []).flatMap(({ rawArguments, heredocs }) => [
      rawArguments,
      ...heredocs.map(({ content }) => content),
    ]),
  );
  if (shown.some((text) => PAST_THE_PROXY.test(text))) return undefined;
  return new Map(
    materials.flatMap(({ uri, digest }) => {
      const { sha256 } = digest;
      return /^https?:/.test(uri) && sha256 !== undefined ? [[uri, `sha256:${sha256}`]] : [];
    }),
  );
}
