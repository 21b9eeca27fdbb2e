import {
  PROFILE_ARTIFACT,
  PROFILE_PREDICATE,
  type SecurityProfile,
} from '../../attestations/security-profile.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { StatementToSign } from '../sign/attestation-documents.ts';

/** A profile as a signed statement, and as the artifact that runtimes pull, if it has that form. */
export function profileStatements(
  { kind, predicate, layer }: SecurityProfile,
  subject: Descriptor,
): readonly StatementToSign[] {
  const statement = { predicateType: PROFILE_PREDICATE[kind], predicate, subject };
  return layer === undefined
    ? [statement]
    : [
        statement,
        {
          predicateType: PROFILE_ARTIFACT[kind],
          predicate,
          subject,
          artifact: {
            artifactType: PROFILE_ARTIFACT[kind],
            mediaType: 'application/json',
            title: 'profile.json',
            bytes: layer,
          },
        },
      ];
}
