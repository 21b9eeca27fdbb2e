import { ADDRESS_RULES } from './secret-rules/addresses.ts';
import { CLOUD_RULES } from './secret-rules/clouds.ts';
import { FORGE_RULES } from './secret-rules/forges.ts';
import { KEY_RULES } from './secret-rules/keys.ts';
import type { SecretRule } from './secret-rules/rule.ts';
import { SERVICE_RULES } from './secret-rules/services.ts';

export type { SecretRule };

/** Every shape, by kind. What has no marker of its own is left to the files that are made to hold it (`credential-files.ts`). */
export const SECRET_RULE_GROUPS: readonly {
  readonly kind: string;
  readonly rules: readonly SecretRule[];
}[] = [
  { kind: 'private keys', rules: KEY_RULES },
  { kind: 'forges, package registries, CI', rules: FORGE_RULES },
  { kind: 'clouds and what keeps secrets', rules: CLOUD_RULES },
  { kind: 'services', rules: SERVICE_RULES },
  { kind: 'passwords and tokens in text', rules: ADDRESS_RULES },
];

export const SECRET_RULES: readonly SecretRule[] = SECRET_RULE_GROUPS.flatMap(({ rules }) => rules);
