import { objectOf } from '../model/json-value.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { BUILD_TYPE, VERIFIER_ID } from './identity.ts';
import { isProvenanceType } from './provenance-read.ts';
import { readReproduction } from './reproduction.ts';
import { listOf, textOf } from './untrusted-json.ts';

type Says =
  | { readonly kind: 'signature' }
  | { readonly kind: 'statement'; readonly predicateType: string; readonly predicate: unknown };

/**
 * What kind of the statements that a build makes this is: a newer one of the same kind and signer
 * says all that it says. Undefined for any other, also where another tool made a document of the
 * same type.
 */
export function madeKind(says: Says): string | undefined {
  if (says.kind === 'signature') return 'signature';
  const { predicateType, predicate } = says;
  const object = objectOf(predicate);
  if (isProvenanceType(predicateType))
    return textOf(objectOf(object['buildDefinition'])['buildType'])?.startsWith(OWN_BUILD) === true
      ? 'provenance'
      : undefined;
  switch (predicateType) {
    case PREDICATE_TYPE.slsaVsa:
      return textOf(objectOf(object['verifier'])['id']) === VERIFIER_ID ? 'verdict' : undefined;
    case PREDICATE_TYPE.testResult:
      return testKind(predicate);
    case PREDICATE_TYPE.cyclonedx:
      return isOfTool(objectOf(objectOf(object['metadata'])['tools'])) ? 'cyclonedx' : undefined;
    case PREDICATE_TYPE.spdx:
      return creators(object).some((one) => one.startsWith('Tool: scoville')) ? 'spdx' : undefined;
    default:
      return undefined;
  }
}

/** What a grade of ours attests; other test results and summaries are not replaced by it. */
export function isVerdict(says: Says): boolean {
  return ['verdict', 'tests'].includes(madeKind(says) ?? '');
}

/** Without the page's place in it, which moved once. */
const OWN_BUILD = BUILD_TYPE.slice(0, BUILD_TYPE.indexOf('#'));

function testKind(predicate: unknown): string | undefined {
  if (readReproduction(predicate) !== undefined) return 'second build';
  const names = listOf(objectOf(predicate)['configuration'], 100).map((one) =>
    textOf(objectOf(one)['name']),
  );
  return names.includes('CHPs') ? 'tests' : undefined;
}

function isOfTool({ components }: Readonly<Record<string, unknown>>): boolean {
  return listOf(components, 100).some((one) => textOf(objectOf(one)['name']) === 'scoville');
}

function creators(document: Readonly<Record<string, unknown>>): readonly string[] {
  return listOf(objectOf(document['creationInfo'])['creators'], 100).flatMap(
    (one) => textOf(one) ?? [],
  );
}
