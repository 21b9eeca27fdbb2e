import { field, isObject, listField, parseJson, textField } from '../../model/json-value.ts';
import { err, ok, type Result } from '../../model/result.ts';

/** The statement of a trust policy that speaks of an image, and whether it insists on a genuine signature. */
interface PolicyStatement {
  readonly name: string;
  readonly enforces: boolean;
}

/**
 * Finds the statement for `scope` (`registry/repository`) in notation's OCI trust policy (notaryproject/specifications,
 * trust-store-trust-policy.md): one that names the scope, else the one for `*`. `audit` and `skip` let notation end well whoever signed, and
 * so does an override that does not enforce authenticity.
 */
export function policyFor(document: string, scope: string): Result<PolicyStatement> {
  const policies = listField(parseJson(document), 'trustPolicies');
  const scopesOf = (policy: unknown): readonly unknown[] => listField(policy, 'registryScopes');
  const policy =
    policies.find((candidate) => scopesOf(candidate).includes(scope)) ??
    policies.find((candidate) => scopesOf(candidate).includes('*'));
  if (!isObject(policy)) return err(`the trust policy of notation has no statement for ${scope}`);
  const verification = field(policy, 'signatureVerification');
  const level = textField(verification, 'level');
  const override = field(field(verification, 'override'), 'authenticity');
  return ok({
    name: textField(policy, 'name') ?? 'unnamed',
    enforces:
      (level === 'strict' || level === 'permissive') &&
      (override === undefined || override === 'enforce'),
  });
}
