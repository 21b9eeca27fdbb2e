import type { CriterionResult } from '../model/criterion.ts';
import type { SecretRead } from '../model/fix.ts';
import { familiarReference, parseReference } from '../model/reference.ts';
import { AUTHORS_MISSING, SOURCE_MISSING } from './annotations.ts';

/** A setting by which the owner of a project meets a criterion. */
export interface DeclaredSetting {
  readonly setting: string;
  /** Undefined where only a person knows it. */
  readonly value?: string;
  /** What is then true: `you are the author`. */
  readonly text: string;
  /** What has to be changed by hand before it is true. */
  readonly change?: string;
}

/**
 * The settings that would meet a criterion as it is judged here. `reads` is called only where what
 * the app's code reads decides.
 */
export function declaredSettings(
  result: CriterionResult,
  reads: () => readonly SecretRead[] = () => [],
): readonly DeclaredSetting[] {
  const { id, outcome, summary, evidence } = result;
  const lacks = (what: string): boolean => id === 'annotations' && summary.includes(what);
  const names = evidence.flatMap((one) => {
    const isLoose = id === 'trusted-source' && one.kind === 'image' && one.state === 'loose';
    const reference = isLoose ? parseReference(one.reference) : undefined;
    if (reference?.ok !== true) return [];
    const { registry, repository } = reference.value;
    return [familiarReference({ registry, repository })];
  });
  const settings: readonly (DeclaredSetting | false)[] = [
    lacks(SOURCE_MISSING) && { setting: 'image.source', text: 'the source is at that address' },
    lacks(AUTHORS_MISSING) && { setting: 'image.authors', text: 'you are the author' },
    id === 'secrets-by-file' && outcome === 'unknown' && secretsSetting(reads()),
    summary === 'no security profile' && {
      setting: 'attest.seccomp',
      value: 'seccomp.json',
      text: 'seccomp.json fits the app',
    },
    ...[...new Set(names)].map((value) => ({
      setting: 'trust.images',
      value,
      text: `you trust who publishes ${value}`,
    })),
  ];
  return settings.filter((one) => one !== false);
}

/** How the app gets its secrets, by what its code names. */
function secretsSetting(reads: readonly SecretRead[]): DeclaredSetting {
  const setting = 'secrets.use';
  const file = reads.find(({ isFile }) => isFile);
  const [first] = reads;
  if (first === undefined)
    return { setting, value: 'none', text: 'the app needs no secrets (else secrets.use=by-file)' };
  const { name, place } = file ?? first;
  const text = `secrets come as files: ${place} names ${name}`;
  if (file !== undefined) return { setting, value: 'by-file', text };
  const others = reads.length === 1 ? '' : ` and ${reads.length - 1} more`;
  const change = `${place} names ${name}${others}, which comes by environment; let the app read the file that ${name}_FILE names, then run this`;
  return { setting, value: 'by-file', text, change };
}
