import { builtVex } from '../../attestations/built-vex.ts';
import { meansImage, meansRepository } from '../../facts/vex/vex-match.ts';
import type { VexDocument } from '../../facts/vex/vex-statement.ts';
import type { Digest } from '../../model/digest.ts';
import { referencesOf } from '../../model/reference.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { StatementToSign } from '../sign/attestation-documents.ts';

/** A built image: its names, and the digests of its index and its platforms. */
interface BuiltImage {
  readonly names: readonly string[];
  readonly digests: readonly [Digest, ...Digest[]];
}

/**
 * The OpenVEX documents of the settings that say something of a built image, to be signed with it,
 * so that others apply them without the files: a new digest starts with them again. CycloneDX
 * documents stay with the settings.
 */
export function vexStatements(
  documents: readonly VexDocument[],
  { names, digests }: BuiltImage,
  subject: Pick<StatementToSign, 'subject' | 'also'>,
): readonly StatementToSign[] {
  const references = referencesOf(names);
  const [reference] = references;
  if (reference === undefined) return [];
  const image = { digests, references };
  return documents.flatMap(({ value, ofRepository = false }) => {
    const means = (name: string, isByVersion: boolean): boolean =>
      meansImage(name, image) || (ofRepository && isByVersion && meansRepository(name, image));
    const predicate = builtVex(value, { reference, digests }, means);
    return predicate === undefined
      ? []
      : [{ predicateType: PREDICATE_TYPE.openvex, predicate, ...subject }];
  });
}
