import type { CriterionResult } from '../model/criterion.ts';
import { familiarReference, parseReference } from '../model/reference.ts';
import { AUTHORS_MISSING, SOURCE_MISSING } from './annotations.ts';

/** A setting by which the owner of a project meets a criterion. */
export interface DeclaredSetting {
  readonly setting: string;
  /** Undefined where only a person knows it. */
  readonly value?: string;
  /** What is then true: `you are the author`. */
  readonly text: string;
}

/** The settings that would meet a criterion as it is judged here. */
export function declaredSettings(result: CriterionResult): readonly DeclaredSetting[] {
  const { id, outcome, summary, evidence } = result;
  const lacks = (what: string): boolean => id === 'annotations' && summary.includes(what);
  const names = evidence.flatMap((one) => {
    const isLoose = id === 'trusted-source' && one.kind === 'image' && one.state === 'loose';
    const reference = isLoose ? parseReference(one.reference) : undefined;
    if (reference?.ok !== true) return [];
    const { registry, repository } = reference.value;
    return [familiarReference({ registry, repository })];
  });
  const NO_SECRETS = 'the app needs no secrets (else secrets.use=by-file)';
  const settings: readonly (DeclaredSetting | false)[] = [
    lacks(SOURCE_MISSING) && { setting: 'image.source', text: 'the source is at that address' },
    lacks(AUTHORS_MISSING) && { setting: 'image.authors', text: 'you are the author' },
    id === 'secrets-by-file' &&
      outcome === 'unknown' && { setting: 'secrets.use', value: 'none', text: NO_SECRETS },
    summary === 'no security profile' && {
      ...{ setting: 'attest.seccomp', value: 'seccomp.json' },
      text: 'seccomp.json fits the app',
    },
    ...[...new Set(names)].map((value) => ({
      ...{ setting: 'trust.images', value },
      text: `you trust who publishes ${value}`,
    })),
  ];
  return settings.filter((one) => one !== false);
}
