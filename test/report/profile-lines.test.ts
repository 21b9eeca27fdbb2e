import { expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import type { ReportInput } from '../../src/model/report.ts';
import type { FoundAttestation } from '../../src/model/statement.ts';
import { profileLines } from '../../src/report/card.ts';

const ARTIFACT = 'application/vnd.cncf.seccomp-profile.config.v1+json';
const digest = digestOf(Buffer.from('artifact'));

function input(
  image: string,
  ...attached: readonly (Pick<FoundAttestation, 'predicateType'> & Partial<FoundAttestation>)[]
): Parameters<typeof profileLines>[0] {
  const attestations = attached.map((one) => ({ verification: 'verified', digest, ...one }));
  const facts = { attestations: { known: true, value: { signatures: [], attestations } } };
  return {
    scorecard: { image } as ReportInput['scorecard'],
    contents: [{ platform: 'linux/amd64', facts }] as unknown as NonNullable<
      ReportInput['contents']
    >,
  };
}

const statement = { predicateType: 'pkg:npm/scoville#seccomp-profile/v1' };

test('each place has its line', () => {
  const lines = profileLines(input('localhost:5000/app:1', statement, { predicateType: ARTIFACT }));
  expect(lines.map(({ where, text }) => `${where}: ${text}`)).toEqual([
    'Docker: docker run --security-opt seccomp=seccomp.json localhost:5000/app:1',
    'Compose: security_opt: [seccomp=seccomp.json]',
    `Kubernetes 1.38: seccompProfile: {type: OCI, oci: {reference: "localhost:5000/app@${digest}"}}`,
    `CRI-O: seccomp-profile.crio.io/POD: localhost:5000/app@${digest}`,
  ]);
});

test('an artifact that no registry is named for is not to be pulled', () => {
  const lines = profileLines(input('app:1', statement, { predicateType: ARTIFACT }));
  expect(lines.map(({ where }) => where)).toEqual(['Docker', 'Compose']);
});

test.each([
  ['registry:localhost:5000/app:1', 'localhost:5000/app:1'],
  ['registry:5000/app:1', 'registry:5000/app:1'],
  ['store:shop/app:1', 'shop/app:1'],
  ['app:1', 'app:1'],
])('%s is run as %s', (image, name) => {
  expect(profileLines(input(image, statement))[0]?.text).toBe(
    `docker run --security-opt seccomp=seccomp.json ${name}`,
  );
});

test('nothing is said of a profile that nobody is known to have signed, nor where there is none', () => {
  expect(profileLines(input('app', { ...statement, verification: 'unverified' }))).toEqual([]);
  expect(profileLines(input('app', { predicateType: 'https://openvex.dev/ns' }))).toEqual([]);
  expect(profileLines({ scorecard: input('app').scorecard })).toEqual([]);
});
