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
  switch (`${id} ${outcome}`) {
    case 'annotations fail':
      return [
        ...(summary.includes(SOURCE_MISSING)
          ? [{ setting: 'image.source', text: 'the source is at that address' }]
          : []),
        ...(summary.includes(AUTHORS_MISSING)
          ? [{ setting: 'image.authors', text: 'you are the author' }]
          : []),
      ];
    case 'secrets-by-file unknown':
      return [
        {
          setting: 'secrets.use',
          value: 'none',
          text: 'the app needs no secrets (else secrets.use=by-file)',
        },
      ];
    case 'security-profile fail':
      return summary === 'no security profile'
        ? [{ setting: 'attest.seccomp', value: 'seccomp.json', text: 'seccomp.json fits the app' }]
        : [];
    case 'trusted-source fail': {
      const names = evidence.flatMap((one) => {
        if (one.kind !== 'image' || one.state !== 'loose') return [];
        const reference = parseReference(one.reference);
        if (!reference.ok) return [];
        const { registry, repository } = reference.value;
        return [familiarReference({ registry, repository })];
      });
      return [...new Set(names)].map((value) => ({
        setting: 'trust.images',
        value,
        text: `you trust who publishes ${value}`,
      }));
    }
    default:
      return [];
  }
}
