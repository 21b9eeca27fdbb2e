import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { POLICY_FORMATS } from '../../src/trust/policies.ts';
import type { AdmittedImage, PolicyFormatName } from '../../src/trust/policy.ts';
import { yamlTable } from '../fakes/table.ts';
import { documentsOf } from './engines.ts';

/** The fields that a policy of ours may have. */
const SCHEMAS = yamlTable('test/trust/engine-policies.yaml') as Partial<
  Record<PolicyFormatName, object>
>;

const key: AdmittedImage['signers'] = [{ kind: 'key', pem: 'PEM\n' }];
const keyless: AdmittedImage['signers'] = [
  {
    kind: 'identity',
    identity: { pattern: '^a$' },
    issuer: { exact: 'b' },
    root: { json: '{}', variables: { SIGSTORE_ROOT_FILE: 'PEM\n' } },
  },
];
const rules: AdmittedImage['rules'] = [
  { name: 'level0', predicateType: 'https://x', checks: [{ path: ['a'], is: 'equal', text: 'b' }] },
];

describe.each(Object.keys(SCHEMAS) as PolicyFormatName[])('%s', (name) => {
  const validate = new Ajv({ strict: false, allErrors: true }).compile(SCHEMAS[name] ?? {});

  test.each([
    ['a key', key, false, []],
    ['a key and statements', key, false, rules],
    ['an identity, pinned', keyless, true, []],
    ['an identity and statements', keyless, false, rules],
    ['a KMS', [{ kind: 'kms', uri: 'awskms:///alias/x' }] as const, false, rules],
  ])('%s: only fields that the engine has', (_, signers, isPinned, asked) => {
    const result = POLICY_FORMATS[name]({
      repository: 'docker.io/library/app',
      digest: digestOf('x'),
      isPinned,
      signers: signers,
      rules: asked,
      forms: {
        signatureTag: true,
        signatureTagOfPlatforms: true,
        signatureBundle: true,
        statementTag: true,
        statementBundles: true,
      },
      mirrors: [],
    });
    if (!result.ok) throw new Error(result.error);
    for (const document of documentsOf(result.value)) {
      validate(document);
      expect(validate.errors).toBeNull();
    }
  });
});
