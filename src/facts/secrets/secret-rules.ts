import { ADDRESS_RULES } from './secret-rules/addresses.ts';
import { ASSIGNED_RULES } from './secret-rules/assigned.ts';
import { KEY_RULES } from './secret-rules/keys.ts';
import type { SecretRule } from './secret-rules/rule.ts';
import {
  AI_SERVICE_RULES,
  CLOUD_RULES,
  FORGE_RULES,
  SERVICE_RULES,
} from './secret-rules/services.ts';

export type { SecretRule };

/** Every shape, by kind. `credential-files.ts` finds secrets without a marker in their files. */
export const SECRET_RULE_GROUPS: readonly {
  readonly kind: string;
  readonly rules: readonly SecretRule[];
}[] = [
  { kind: 'private keys', rules: KEY_RULES },
  { kind: 'forges, package registries, CI', rules: FORGE_RULES },
  { kind: 'clouds and what keeps secrets', rules: CLOUD_RULES },
  { kind: 'services', rules: [...SERVICE_RULES, ...AI_SERVICE_RULES] },
  { kind: 'passwords and tokens in text', rules: [...ADDRESS_RULES, ...ASSIGNED_RULES] },
];

export const SECRET_RULES: readonly SecretRule[] = SECRET_RULE_GROUPS.flatMap(({ rules }) => rules);

const TOKENS = new Set(SECRET_RULES.filter(({ loose }) => loose !== undefined).map(({ id }) => id));

/**
 * True for a rule that finds tokens by their issuer's own prefix. No package has a live one by
 * mistake that is nobody's secret.
 */
export function isToken(rule: string): boolean {
  return TOKENS.has(rule);
}
