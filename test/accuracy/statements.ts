import type { VulnerabilitiesFact, Vulnerability } from '../../src/model/facts.ts';
import { digestOf } from '../../src/model/reference.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../src/model/statement.ts';
import type { Subjects } from './made-image.ts';

export const KEY = 'cosign.pub';

/** A statement about the image's manifest, verified where `given` does not say otherwise. */
export function attestation(
  predicateType: string,
  predicate: unknown,
  { manifest }: Pick<Subjects, 'manifest'>,
  given: Partial<FoundAttestation> = {},
): FoundAttestation {
  return {
    predicateType,
    predicate,
    subjects: [manifest],
    source: 'bundle-referrer',
    verification: 'verified',
    verifiedBy: KEY,
    digest: digestOf(predicateType),
    ...given,
  };
}

export function provenance(
  subjects: Pick<Subjects, 'manifest'>,
  given: { builder?: string; finishedOn?: string; dockerfile?: string; args?: object } = {},
  found: Partial<FoundAttestation> = {},
): FoundAttestation {
  const data = Buffer.from(given.dockerfile ?? '').toString('base64');
  const infos = [{ filename: 'Dockerfile', language: 'Dockerfile', data }];
  const predicate = {
    buildDefinition: {
      buildType:
        'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
      externalParameters: {
        configSource: { path: 'Dockerfile' },
        request: { frontend: 'dockerfile.v0', args: given.args ?? {} },
      },
      resolvedDependencies: [],
    },
    runDetails: {
      builder: { id: given.builder ?? 'https://ci.example.com/builder' },
      metadata: {
        finishedOn: given.finishedOn ?? '2026-02-27T10:00:00Z',
        ...(given.dockerfile === undefined ? {} : { buildkit_metadata: { source: { infos } } }),
      },
    },
  };
  return attestation(PREDICATE_TYPE.slsaProvenanceV1, predicate, subjects, found);
}

/** A CycloneDX SBOM of Debian packages, or of the components given. */
export function sbom(
  subjects: Pick<Subjects, 'manifest'>,
  components: readonly (string | object)[],
  found: Partial<FoundAttestation> = {},
): FoundAttestation {
  const listed = components.map((one) =>
    typeof one === 'string'
      ? { type: 'library', name: one, version: '1.0-1', purl: `pkg:deb/debian/${one}@1.0-1` }
      : one,
  );
  const document = { bomFormat: 'CycloneDX', specVersion: '1.6', components: listed };
  return attestation(PREDICATE_TYPE.cyclonedx, document, subjects, found);
}

export function seccomp(
  subjects: Pick<Subjects, 'manifest'>,
  profile: unknown = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      {
        names: 'read write exit_group futex execve openat close fstatfs getdents64'.split(' '),
        action: 'SCMP_ACT_ALLOW',
      },
    ],
  },
): FoundAttestation {
  return attestation('https://example.com/seccomp/v1', profile, subjects);
}

export function scanOf(...vulnerabilities: readonly Vulnerability[]): VulnerabilitiesFact {
  return {
    scanner: 'grype',
    scannerVersion: '0.100.0',
    databaseDate: '2026-02-28T00:00:00Z',
    vulnerabilities,
    suppressedByVex: 0,
  };
}
