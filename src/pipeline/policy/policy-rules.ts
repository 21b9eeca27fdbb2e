import type { PredicateCheck, StatementRule } from '../../admission/admitted-image.ts';
import { isOfType } from '../../attestations/predicate-name.ts';
import { isObject } from '../../model/json-value.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { CheckedAttachment } from '../verify/checked-attachment.ts';
import type { VerifyDemands } from '../verify/verify-image.ts';

/** Where a provenance names its builder, by its type. */
const BUILDER: Readonly<Record<string, readonly string[]>> = {
  [PREDICATE_TYPE.slsaProvenanceV1]: ['runDetails', 'builder', 'id'],
  [PREDICATE_TYPE.slsaProvenanceV02]: ['builder', 'id'],
};

/**
 * The rules that what one signer stated of the image fulfils: of each type asked for the first, of
 * a provenance its builder, of a verdict the level and who judged. Undefined where something is
 * missing.
 */
export function rulesFor(
  own: readonly CheckedAttachment[],
  { types, minLevel }: VerifyDemands,
): readonly StatementRule[] | undefined {
  const rules = [
    ...types.map((asked) => typeRule(own, asked)),
    ...(minLevel === undefined ? [] : [levelRule(own, minLevel)]),
  ];
  const found = rules.filter((rule) => rule !== undefined);
  if (found.length < rules.length) return undefined;
  const distinct = new Map(
    found.map((rule) => [JSON.stringify([rule.predicateType, rule.checks]), rule]),
  );
  return [...distinct.values()].map((rule, at) => ({ ...rule, name: `${rule.name}${at}` }));
}

function typeRule(own: readonly CheckedAttachment[], asked: string): StatementRule | undefined {
  const [type] = own
    .map(signedType)
    .filter((found) => found !== undefined && isOfType(found, asked));
  if (type === undefined) return undefined;
  const path = BUILDER[type];
  if (path === undefined) return { name: nameOf(type), predicateType: type, checks: [] };
  const builder = own
    .filter((one) => signedType(one) === type)
    .map((one) => valueAt(predicateOf(one), path))
    .find((value) => typeof value === 'string');
  return typeof builder === 'string'
    ? { name: 'provenance', predicateType: type, checks: [{ path, is: 'equal', text: builder }] }
    : undefined;
}

function nameOf(type: string): string {
  return isOfType(type, 'sbom') ? 'sbom' : 'statement';
}

function levelRule(own: readonly CheckedAttachment[], minLevel: number): StatementRule | undefined {
  const candidates = own
    .filter((one) => signedType(one) === PREDICATE_TYPE.slsaVsa)
    .map((one) => valueAt(predicateOf(one), ['verifier', 'id']))
    .filter((verifier) => typeof verifier === 'string')
    .map((verifier): StatementRule => {
      const checks: readonly PredicateCheck[] = [
        { path: ['verifier', 'id'], is: 'equal', text: verifier },
        { path: ['verificationResult'], is: 'equal', text: 'PASSED' },
        ...(minLevel === 0
          ? []
          : [
              {
                path: ['verifiedLevels'],
                is: 'containing',
                text: `CHPS_LEVEL_${minLevel}`,
              } as const,
            ]),
      ];
      return { name: 'level', predicateType: PREDICATE_TYPE.slsaVsa, checks };
    });
  return candidates.find((rule) => own.some((one) => fits(one, rule)));
}

/** True if the statement has the rule's type and required content, read as the engines read it. */
export function fits(one: CheckedAttachment, { predicateType, checks }: StatementRule): boolean {
  return (
    signedType(one) === predicateType &&
    checks.every(({ path, is, text }) => {
      const value = valueAt(predicateOf(one), path);
      return is === 'equal' ? value === text : Array.isArray(value) && value.includes(text);
    })
  );
}

/** As signed: engines compare it letter by letter. */
function signedType({ evidence: { proof } }: CheckedAttachment): string | undefined {
  return proof.kind === 'statement' ? proof.predicateType : undefined;
}

function predicateOf({ evidence: { says } }: CheckedAttachment): unknown {
  return says.kind === 'statement' ? says.predicate : undefined;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, step) => (isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined),
    value,
  );
}
