import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf, parseReference } from '../../src/model/reference.ts';
import { POLICY_FORMATS } from '../../src/trust/policies.ts';
import type {
  AdmittedImage,
  PolicyFile,
  PolicyFormatName,
  PolicySigner,
  StatementRule,
} from '../../src/trust/policy.ts';
import {
  buildkitUses,
  type DeployedImage,
  documentsOf,
  kyvernoAdmits,
  policyControllerAdmits,
} from './engines.ts';

/* eslint-disable @typescript-eslint/no-unsafe-member-access -- documents under test: a wrong place fails the test */

const pem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString();
const mine = pem();
const other = pem();
const VSA = 'https://slsa.dev/verification_summary/v1';
const PROVENANCE = 'https://slsa.dev/provenance/v1';
const digest = digestOf('image');
const repository = 'registry.example.com:5000/team/app';
const level = (n: number): StatementRule => ({
  name: 'level0',
  predicateType: VSA,
  checks: [
    { path: ['verifier', 'id'], is: 'equal', text: 'pkg:npm/scoville' },
    { path: ['verificationResult'], is: 'equal', text: 'PASSED' },
    { path: ['verifiedLevels'], is: 'containing', text: `CHPS_LEVEL_${n}` },
  ],
});
const provenance = (builder: string): StatementRule => ({
  name: 'provenance1',
  predicateType: PROVENANCE,
  checks: [{ path: ['runDetails', 'builder', 'id'], is: 'equal', text: builder }],
});
const image = (more: Partial<AdmittedImage> = {}): AdmittedImage => ({
  repository,
  tag: '1',
  digest,
  isPinned: false,
  signers: [{ kind: 'key', pem: mine }],
  rules: [],
  forms: {
    signatureTag: true,
    signatureTagOfPlatforms: true,
    signatureBundle: true,
    statementTag: true,
    statementBundles: true,
  },
  mirrors: [],
  ...more,
});
const written = (name: PolicyFormatName, one: AdmittedImage): readonly PolicyFile[] => {
  const result = POLICY_FORMATS[name](one);
  if (!result.ok) throw new Error(result.error);
  return result.value;
};
const BOTH = ['tag', 'bundle'] as const;
const vsa = (n: number) => ({
  verifier: { id: 'pkg:npm/scoville' },
  verificationResult: 'PASSED',
  verifiedLevels: Array.from({ length: n }, (_, at) => `CHPS_LEVEL_${at + 1}`),
});
const deployed = (
  more: Partial<DeployedImage> & { by?: string; level?: number } = {},
): DeployedImage => {
  const by = more.by ?? mine;
  return {
    repository,
    digest,
    signatures: BOTH.map((form) => ({ by, form })),
    statements: BOTH.flatMap((form) => [
      { by, form, predicateType: VSA, predicate: vsa(more.level ?? 3) },
      { by, form, predicateType: PROVENANCE, predicate: { runDetails: { builder: { id: 'b' } } } },
    ]),
    ...more,
  };
};

const ENGINES = {
  'policy-controller': policyControllerAdmits,
  kyverno: kyvernoAdmits,
} as const;
type Engine = keyof typeof ENGINES;
const admits = (engine: Engine, policy: AdmittedImage, one: DeployedImage): boolean =>
  ENGINES[engine](documentsOf(written(engine, policy)), one);

describe.each(Object.keys(ENGINES) as Engine[])('%s', (engine) => {
  test.each<[string, DeployedImage, boolean]>([
    ['the signed image', deployed(), true],
    ['an unsigned one', deployed({ signatures: [], statements: [] }), false],
    ['one of another key', deployed({ by: other }), false],
    ['a repository that begins alike', deployed({ repository: `${repository}x` }), false],
    ['a repository below it', deployed({ repository: `${repository}/evil` }), false],
    ['the same path elsewhere', deployed({ repository: 'evil.example.com/team/app' }), false],
    [
      'a host whose dot is another letter',
      deployed({ repository: 'registryXexample.com:5000/team/app' }),
      false,
    ],
  ])('%s', (_, one, expected) => {
    expect(admits(engine, image(), one)).toBe(expected);
  });

  test('a name by digest admits that digest alone', () => {
    const pinned = image({ isPinned: true });
    const at = { ...deployed(), digest: digestOf('other') };
    expect([admits(engine, pinned, deployed()), admits(engine, pinned, at)]).toEqual([true, false]);
  });

  test('any of several signers, and a keyless one by its whole name', () => {
    const identity: PolicySigner = {
      kind: 'identity',
      identity: { exact: 'https://ci/a.b@refs/heads/*' },
      issuer: { exact: 'https://issuer?x' },
    };
    const policy = image({ signers: [identity] });
    const by = (text: string) => admits(engine, policy, deployed({ by: text }));
    expect(by('https://ci/a.b@refs/heads/* https://issuer?x')).toBe(true);
    expect(by('https://ci/aXb@refs/heads/* https://issuer?x')).toBe(false);
    expect(by('https://ci/a.b@refs/heads/main https://issuer?x')).toBe(false);
    expect(by('evil-https://ci/a.b@refs/heads/* https://issuer?x')).toBe(false);
    expect(by('https://ci/a.b@refs/heads/* https://issuer/x')).toBe(false);
  });
});

describe.each(['policy-controller', 'kyverno'] as const)('what %s asks of statements', (engine) => {
  const policy = image({ rules: [level(3), provenance('b')] });

  test.each<[string, DeployedImage, boolean]>([
    ['level and builder', deployed({ level: 4 }), true],
    ['below the level', deployed({ level: 2 }), false],
    [
      'statements of another key',
      { ...deployed(), statements: deployed({ by: other }).statements },
      false,
    ],
    ['no statement', { ...deployed(), statements: [] }, false],
    [
      'another builder',
      {
        ...deployed(),
        statements: deployed().statements.map((one) =>
          one.predicateType === PROVENANCE
            ? { ...one, predicate: { runDetails: { builder: { id: 'c' } } } }
            : one,
        ),
      },
      false,
    ],
    [
      'a verdict that failed',
      {
        ...deployed(),
        statements: deployed().statements.map((one) => ({
          ...one,
          predicate: { ...(one.predicate as object), verificationResult: 'FAILED' },
        })),
      },
      false,
    ],
    ['statements without the signature', { ...deployed(), signatures: [] }, false],
  ])('%s', (_, one, expected) => {
    expect(admits(engine, policy, one)).toBe(expected);
  });
});

describe('an engine that cannot ask for it gets no policy', () => {
  const without = (more: Partial<AdmittedImage['forms']>) =>
    image({ forms: { ...image().forms, ...more } });

  test.each<[PolicyFormatName, AdmittedImage, RegExp]>([
    ['containers-image', image({ rules: [level(1)] }), /signatures, not statements/],
    ['policy-controller', without({ signatureTag: false }), /sha256-HEX\.sig/],
    ['policy-controller', image({ repository: '[::1]:5000/app' }), /IPv6/],
    ['containers-image', without({ signatureTagOfPlatforms: false }), /each platform/],
    [
      'policy-controller',
      { ...without({ statementTag: false }), rules: [level(1)] },
      /sha256-HEX\.att/,
    ],
    [
      'kyverno',
      { ...without({ statementBundles: false }), rules: [level(1)] },
      /statements of this image in sigstore bundles alone/,
    ],
    [
      'containers-image',
      image({
        signers: [{ kind: 'identity', identity: { exact: 'a' }, issuer: { exact: 'b' } }],
      }),
      /key/,
    ],
  ])('%s', (name, one, reason) => {
    const result = POLICY_FORMATS[name](one);
    expect(result.ok ? 'written' : result.error).toMatch(reason);
  });
});

describe('BuildKit', () => {
  const [file = { name: '', text: '' }] = written('buildkit', image());
  const source = (text: string): string => `docker-image://${text}`;

  test('converts the tag to the digest, and denies other images', () => {
    const pinned = source(`${repository}:1@${digest}`);
    expect(buildkitUses(file, source(`${repository}:1`))).toBe(pinned);
    expect(buildkitUses(file, pinned)).toBe(pinned);
    expect(buildkitUses(file, source(`${repository}@${digest}`))).toBeDefined();
    for (const name of [
      `${repository}:2`,
      `${repository}x:1`,
      `${repository}/evil:1@${digest}`,
      `evil.io/${repository}:1@${digest}`,
      `${repository}:1@${digestOf('other')}`,
      'docker.io/library/alpine:3',
    ])
      expect(buildkitUses(file, source(name)), name).toBeUndefined();
    expect(buildkitUses(file, 'oci-layout://x@sha256:0')).toBeUndefined();
    expect(buildkitUses(file, 'local://context')).toBe('local://context');
  });
});

test('containers-image asks for the repository by both requirements, and rejects by default', () => {
  const files = written('containers-image', image({ mirrors: ['mirror.example.com/app'] }));
  const policy = JSON.parse(files[0]?.text ?? '') as Record<string, unknown>;
  const key = { type: 'sigstoreSigned', keyData: Buffer.from(mine).toString('base64') };
  expect(policy).toEqual({
    default: [{ type: 'reject' }],
    transports: {
      docker: {
        [repository]: [
          { ...key, signedIdentity: { type: 'matchRepository' } },
          { ...key, signedIdentity: { type: 'exactRepository', dockerRepository: repository } },
        ],
      },
    },
  });
  expect(documentsOf(files.slice(1))).toEqual([
    {
      docker: {
        [repository]: { 'use-sigstore-attachments': true },
        'mirror.example.com/app': { 'use-sigstore-attachments': true },
      },
    },
  ]);
});

test('containers-image asks Fulcio for an e-mail address, whose keys are in the policy', () => {
  const variables = {
    SIGSTORE_ROOT_FILE: 'PEM of Fulcio',
    SIGSTORE_REKOR_PUBLIC_KEY: 'PEM of Rekor',
  };
  const root = { json: '{}', variables };
  const signer = {
    kind: 'identity',
    root,
    identity: { exact: 'dev@example.com' },
    issuer: { exact: 'https://id.example.com' },
  } as const;
  const [file] = written('containers-image', image({ signers: [signer] }));
  const requirement = {
    type: 'sigstoreSigned',
    fulcio: {
      caData: Buffer.from(variables.SIGSTORE_ROOT_FILE).toString('base64'),
      oidcIssuer: 'https://id.example.com',
      subjectEmail: 'dev@example.com',
    },
    rekorPublicKeyData: Buffer.from(variables.SIGSTORE_REKOR_PUBLIC_KEY).toString('base64'),
  };
  expect(JSON.parse(file?.text ?? '')).toMatchObject({
    transports: { docker: { [repository]: [requirement, requirement] } },
  });
  const workflow = { exact: 'https://github.com/o/r/.github/workflows/i.yml@refs/heads/main' };
  for (const other of [
    { ...signer, identity: workflow },
    { ...signer, identity: { pattern: '.*@example.com' } },
    { ...signer, issuer: { pattern: 'https://.*' } },
    { ...signer, root: { ...root, variables: { ...variables, SIGSTORE_REKOR_PUBLIC_KEY: '' } } },
  ])
    expect(POLICY_FORMATS['containers-image'](image({ signers: [other] })).ok).toBe(false);
});

describe('hostile texts', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.stringMatching(/^[\n\r"'\\{}$`#:&*!|>%@,[\]() \u0085\u2028a.]{1,40}$/),
  );

  test('an identity is one value in the file, whatever it holds', () => {
    fc.assert(
      fc.property(hostile, hostile, (who, issuer) => {
        const signer: PolicySigner = {
          kind: 'identity',
          identity: { exact: who },
          issuer: { exact: issuer },
        };
        const policy = image({ signers: [signer] });
        const [controller] = documentsOf(written('policy-controller', policy));
        const [ivp] = documentsOf(written('kyverno', policy));
        const identities = [{ issuer, subject: who }];
        expect(controller?.['spec'].authorities[0].keyless.identities).toEqual(identities);
        expect(ivp?.['spec'].attestors[0].cosign.keyless.identities).toEqual(identities);
      }),
      { numRuns: 60 },
    );
  });

  test('a builder’s name changes no rule: the files have as many documents', () => {
    fc.assert(
      fc.property(hostile, (builder) => {
        for (const name of ['policy-controller', 'kyverno'] as const) {
          const rules = (text: string) => written(name, image({ rules: [provenance(text)] }));
          const plain = documentsOf(rules('plain'));
          expect(documentsOf(rules(builder)).length).toBe(plain.length);
        }
        const one = (id: string): DeployedImage => ({
          ...deployed(),
          statements: BOTH.map((form) => ({
            by: mine,
            form,
            predicateType: PROVENANCE,
            predicate: { runDetails: { builder: { id } } },
          })),
        });
        const policy = image({ rules: [provenance(builder)] });
        expect(admits('policy-controller', policy, one(builder))).toBe(true);
        expect(admits('policy-controller', policy, one(`${builder}x`))).toBe(false);
        expect(admits('kyverno', policy, one(`${builder}x`))).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  test('no other repository is admitted under any name', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,4}(?:[._-][a-z0-9]{1,3})?$/);
    const name = fc
      .tuple(
        fc.constantFrom('r.example.com', 'localhost:5000'),
        fc.array(part, { minLength: 1, maxLength: 3 }),
      )
      .map(([host, parts]) => `${host}/${parts.join('/')}`)
      .filter((text) => parseReference(text).ok);
    const more = fc.constantFrom('', 'x', '/x', '-x', '.x', '_x');
    fc.assert(
      fc.property(name, name, more, (signed, unrelated, behind) => {
        const policy = image({ repository: signed });
        for (const asked of [unrelated, `${signed}${behind}`])
          for (const engine of Object.keys(ENGINES) as Engine[]) {
            if (!POLICY_FORMATS[engine](policy).ok) continue;
            expect(admits(engine, policy, deployed({ repository: asked })), engine).toBe(
              asked === signed,
            );
          }
      }),
      { numRuns: 40 },
    );
  });
});
