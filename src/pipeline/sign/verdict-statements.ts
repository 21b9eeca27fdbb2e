import { imagePurl } from '../../attestations/identity.ts';
import { PROFILE_ARTIFACT } from '../../attestations/security-profile.ts';
import { type JudgingSettings, verdictPolicy } from '../../attestations/verdict-policy.ts';
import {
  type InputAttestation,
  testResult,
  verificationSummary,
} from '../../attestations/verdict.ts';
import { gate } from '../../grading/gate.ts';
import type { Digest } from '../../model/digest.ts';
import { parseReference } from '../../model/reference.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { Graded } from '../assess/assess.ts';
import type { PipelineContext } from '../context.ts';
import type { StatementToSign } from './attestation-documents.ts';

/** An image by its index and platforms; `name` is where it is published, where it has a name. */
type NamedImage = Required<Pick<StatementToSign, 'subject' | 'also'>> & {
  readonly name: string | undefined;
};

/** The verdict in the two standard predicates, about the index and its platforms. */
export function verdictStatements(
  context: PipelineContext,
  { name, subject, also }: NamedImage,
  { scorecard, contents }: Graded,
  settings: JudgingSettings,
): readonly StatementToSign[] {
  const policy = verdictPolicy(settings);
  const summary = verificationSummary(scorecard, {
    toolVersion: context.version,
    gradedAt: scorecard.gradedAt,
    resourceUri: imagePurl({
      name: name ?? subject.digest,
      digest: subject.digest,
      withoutTag: true,
    }),
    gateMet: gate(scorecard, { ...settings.gate, now: context.now() }).ok,
    policy,
    inputAttestations: inputsOf(contents, name),
  });
  const { uri, digest } = policy;
  const tests = testResult(scorecard, [{ name: 'policy', uri, digest }]);
  return [
    { predicateType: PREDICATE_TYPE.slsaVsa, predicate: summary, subject, also },
    { predicateType: PREDICATE_TYPE.testResult, predicate: tests, subject, also },
  ];
}

const ARTIFACTS: readonly string[] = Object.values(PROFILE_ARTIFACT);

/** What verified, was signed and was read for the verdict. An older summary is read by nobody. */
function inputsOf(
  contents: Graded['contents'],
  name: string | undefined,
): readonly InputAttestation[] {
  const input = (digest: Digest, kind: 'blobs' | 'manifests'): InputAttestation => {
    const uri = name === undefined ? undefined : addressOf(name, kind, digest);
    return { digest, ...(uri === undefined ? {} : { uri }) };
  };
  return contents.flatMap(({ facts: { attestations: fact } }) => {
    if (!fact.known) return [];
    const { signatures, attestations } = fact.value;
    const statements = attestations.filter(
      ({ predicateType }) => predicateType !== PREDICATE_TYPE.slsaVsa,
    );
    return [...signatures, ...statements].flatMap((one) =>
      one.verification === 'verified' && one.digest !== undefined
        ? [
            input(
              one.digest,
              'predicateType' in one && ARTIFACTS.includes(one.predicateType)
                ? 'manifests'
                : 'blobs',
            ),
          ]
        : [],
    );
  });
}

/** Where a registry has it (OCI distribution-spec, "Pulling blobs"). */
function addressOf(name: string, kind: string, digest: Digest): string | undefined {
  const reference = parseReference(name);
  if (!reference.ok) return undefined;
  const { registry, repository } = reference.value;
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  const scheme = /^(?:localhost|127\.|\[::1\])/.test(host) ? 'http' : 'https';
  return `${scheme}://${host}/v2/${repository}/${kind}/${digest}`;
}
