import { digestHex, digestOf } from '../model/digest.ts';
import { lastDayNote } from '../model/last-day.ts';
import { byCodeUnit } from '../model/order.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { type NamedImage, type VexProductId, vexProducts } from './vex-products.ts';

/** Values of OpenVEX 0.2.0 (OPENVEX-SPEC, "Status Labels", "Status Justifications"). */
export const VEX_STATUSES = ['not_affected', 'fixed', 'under_investigation', 'affected'] as const;
export const VEX_JUSTIFICATIONS = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const;

export interface VexClaim {
  readonly vulnerability: readonly [name: string, ...aliases: string[]];
  /** Package URLs that it is restricted to; none: the whole image. */
  readonly packages: readonly string[];
  readonly status: (typeof VEX_STATUSES)[number];
  readonly justification?: (typeof VEX_JUSTIFICATIONS)[number] | undefined;
  readonly reason?: string | undefined;
  /** The last day, YYYY-MM-DD. */
  readonly until?: string | undefined;
}

/** Who says it, and when in seconds since 1970. */
export interface VexHead {
  readonly author: string;
  readonly at: number;
}

export type OpenVexDocument = ReturnType<typeof openVexDocument>;

/** Why a claim is not valid OpenVEX; undefined where it is (OPENVEX-SPEC, "Status Labels"). */
export function claimFlaw({ status, justification, reason, until }: VexClaim): string | undefined {
  if (status === 'not_affected')
    return justification === undefined && reason === undefined
      ? 'not_affected needs --justification or --reason'
      : undefined;
  if (justification !== undefined) return `--justification does not go with ${status}`;
  if (status === 'affected' && reason === undefined)
    return 'affected needs --reason: what users of the image are to do';
  return status !== 'fixed' && until !== undefined
    ? `--until does not go with ${status}, which sets nothing aside`
    : undefined;
}

/**
 * An OpenVEX 0.2.0 document of one statement for each vulnerability, sorted. The same statements by
 * the same author at the same time come to the same id.
 */
export function openVexDocument(
  { author, at }: VexHead,
  claims: readonly VexClaim[],
  image: NamedImage,
) {
  const statements = claims
    .map((claim) => statementOf(claim, vexProducts(image, claim.packages)))
    .sort((a, b) => byCodeUnit(a.vulnerability.name, b.vulnerability.name));
  const said = JSON.stringify([author, at, statements]);
  return {
    '@context': `${PREDICATE_TYPE.openvex}/v0.2.0`,
    '@id': `https://openvex.dev/docs/public/vex-${digestHex(digestOf(said))}`,
    author,
    timestamp: new Date(at * 1000).toISOString().replace('.000Z', 'Z'),
    version: 1,
    statements,
  };
}

function statementOf(
  { vulnerability: [name, ...aliases], status, justification, reason, until }: VexClaim,
  products: readonly VexProductId[],
) {
  const said = { not_affected: 'impact_statement', affected: 'action_statement' } as const;
  const place =
    status === 'not_affected' || status === 'affected' ? said[status] : ('status_notes' as const);
  const notes = [
    ...(place === 'status_notes' && reason !== undefined ? [reason] : []),
    ...(until === undefined ? [] : [lastDayNote(until)]),
  ];
  return {
    vulnerability: aliases.length === 0 ? { name } : { name, aliases },
    products,
    status,
    ...(justification === undefined ? {} : { justification }),
    ...(place === 'status_notes' || reason === undefined ? {} : { [place]: reason }),
    ...(notes.length === 0 ? {} : { status_notes: notes.join(' ') }),
  };
}
