import { parseReference } from '../model/reference.ts';
import type { ReportInput } from '../model/report.ts';
import { shellWord } from '../model/shell-word.ts';

/** How a profile that the image carries is applied at one place. */
interface ProfileLine {
  readonly where: string;
  readonly text: string;
}

const SECCOMP = /seccomp/i;
/** The artifact that runtimes pull (KEP-6061). */
const ARTIFACT = /^application\/vnd\.cncf\.seccomp-profile\.config/;

/** Where the image was looked for; `registry:5000/app` is a host with its port. */
const PLACE = /^(?:registry|store|docker|docker-daemon):(?!\d+\/)(?:\/\/)?(?=[^/]+\/)/;

export const PROFILE_HEADING = 'Run it with its profile';

/**
 * The lines that run an image with the seccomp profile that is attached to it, since no runtime
 * applies one by itself; empty where none is attached, or none that somebody whom the user trusts
 * has signed.
 */
export function profileLines({
  scorecard: { image },
  contents = [],
}: Pick<ReportInput, 'scorecard' | 'contents'>): readonly ProfileLine[] {
  const found = contents.flatMap(({ facts: { attestations } }) =>
    attestations.known
      ? attestations.value.attestations.filter(
          ({ predicateType, verification }) =>
            verification === 'verified' && SECCOMP.test(predicateType),
        )
      : [],
  );
  if (found.length === 0) return [];
  const name = image.replace(PLACE, '');
  const lines = [
    { where: 'Docker', text: `docker run --security-opt seccomp=seccomp.json ${shellWord(name)}` },
    { where: 'Compose', text: 'security_opt: [seccomp=seccomp.json]' },
  ];
  const artifact = found.find(({ predicateType }) => ARTIFACT.test(predicateType))?.digest;
  const reference = parseReference(name);
  if (artifact === undefined || !reference.ok) return lines;
  const { registry, repository } = reference.value;
  // A name without a registry is for this machine: nobody can pull its artifact.
  if (!name.startsWith(`${registry}/`)) return lines;
  const at = `${registry}/${repository}@${artifact}`;
  return [
    ...lines,
    { where: 'Kubernetes 1.38', text: `seccompProfile: {type: OCI, oci: {reference: "${at}"}}` },
    { where: 'CRI-O', text: `seccomp-profile.crio.io/POD: ${at}` },
  ];
}
