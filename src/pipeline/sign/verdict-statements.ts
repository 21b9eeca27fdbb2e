import { imagePurl } from '../../attestations/identity.ts';
import { testResult, verificationSummary } from '../../attestations/verdict.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { PipelineContext } from '../context.ts';
import type { StatementToSign } from './attestation-documents.ts';
import type { SignedStatement } from './sign-statements.ts';

/** The verdict in the two standard predicates, about the index and its platforms; `name` is the image's, where it has one. */
export function verdictStatements(
  context: PipelineContext,
  name: string | undefined,
  { subject, also }: Required<Pick<StatementToSign, 'subject' | 'also'>>,
  scorecard: Scorecard,
  inputs: readonly SignedStatement[],
): readonly StatementToSign[] {
  const summary = verificationSummary(scorecard, {
    toolVersion: context.version,
    gradedAt: scorecard.gradedAt,
    resourceUri: imagePurl({
      name: name ?? subject.digest,
      digest: subject.digest,
      withoutTag: true,
    }),
    gateMet: true,
    ...(name === undefined
      ? {}
      : { attestationUri: (digest) => imagePurl({ name, digest, withoutTag: true }) }),
    inputAttestations: inputs.map((input) => input.referrers[0].digest),
  });
  return [
    { predicateType: PREDICATE_TYPE.slsaVsa, predicate: summary, subject, also },
    { predicateType: PREDICATE_TYPE.testResult, predicate: testResult(scorecard), subject, also },
  ];
}
