import { field, given, isObject, listField } from '../lib/json.ts';
import { byCodeUnit } from '../lib/text.ts';
import { lastDayNote } from '../lib/time.ts';
import { purlText, readPurl } from '../model/packages.ts';
import {
  type Digest,
  digestHex,
  digestOf,
  familiarReference,
  type ImageReference,
  referencesOf,
} from '../model/reference.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { componentNames, isOpenVex, partsOf, type VexDocument } from '../scan/vex-documents.ts';
import { meansImage, meansRepository, type VexImage } from '../scan/vex.ts';
import type { StatementToSign } from './sign.ts';

interface VexProductId {
  readonly '@id': string;
  readonly hashes?: { readonly 'sha-256': string };
  readonly subcomponents?: readonly { readonly '@id': string }[];
}

export interface NamedImage {
  readonly reference: ImageReference;
  /** Of its index and each platform; how a scanner got the image decides which of them it knows. */
  readonly digests: readonly Digest[];
}

/**
 * An image's names, by each of which one of trivy, grype, Docker Scout and this tool knows it.
 * Trivy and grype ask with `pkg:oci/NAME@DIGEST` and put different things into `repository_url`, so
 * that it stays out: a statement without it is about all. The hash is grype's, too. Docker Scout
 * asks with `pkg:docker/IMAGE@TAG`. `packages` restrict them to those package URLs in the image.
 */
export function vexProducts(
  { reference, digests }: NamedImage,
  packages: readonly string[],
): readonly VexProductId[] {
  const parts =
    packages.length === 0 ? {} : { subcomponents: packages.map((purl) => ({ '@id': purl })) };
  const name = reference.repository.split('/').at(-1) ?? reference.repository;
  const byDigest = [...new Set(digests)].map((digest) => ({
    '@id': purlText({ type: 'oci', path: [name], version: digest }),
    hashes: { 'sha-256': digestHex(digest) },
    ...parts,
  }));
  const { registry, repository, tag } = reference;
  if (tag === undefined) return byDigest;
  const path = familiarReference({ registry, repository }).split('/');
  return [...byDigest, { '@id': purlText({ type: 'docker', path, version: tag }), ...parts }];
}

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
  const isNote = status === 'fixed' || status === 'under_investigation';
  const notes = [isNote ? reason : undefined, until && lastDayNote(until)].filter(
    (note) => note !== undefined,
  );
  return {
    vulnerability: aliases.length === 0 ? { name } : { name, aliases },
    products,
    status,
    ...given({
      justification,
      impact_statement: status === 'not_affected' ? reason : undefined,
      action_statement: status === 'affected' ? reason : undefined,
      status_notes: notes.length === 0 ? undefined : notes.join(' '),
    }),
  };
}

/**
 * An OpenVEX document as a build attaches it: the statements that mean the image, each also by its
 * digests, which is how scanners ask. `means` says whether a product's name is the image's; its
 * argument says whether the product's parts are versions of packages. Undefined where it is not
 * OpenVEX, or no statement means the image.
 */
export function builtVex(
  document: unknown,
  { reference: { registry, repository }, digests }: NamedImage,
  means: (name: string, isByVersion: boolean) => boolean,
): Readonly<Record<string, unknown>> | undefined {
  if (!isObject(document) || !isOpenVex(document)) return undefined;
  const statements = listField(document, 'statements').flatMap((statement) => {
    const own = listField(statement, 'products').filter((product) => {
      const parts = partsOf(product);
      const isByVersion = parts.length > 0 && parts.every(areVersions);
      return componentNames(product).some((name) => means(name, isByVersion));
    });
    if (own.length === 0 || !isObject(statement)) return [];
    const products = own.flatMap((product) => {
      const parts = given({ subcomponents: field(product, 'subcomponents') });
      const named = vexProducts({ reference: { registry, repository }, digests }, []);
      return [product, ...named.map((one) => ({ ...one, ...parts }))];
    });
    return [{ ...statement, products }];
  });
  if (statements.length === 0) return undefined;
  const id = field(document, '@id');
  const marked = `${typeof id === 'string' ? id : 'urn:openvex'}${mark(digests[0])}`;
  return { ...document, '@id': marked, statements };
}

function areVersions(names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => readPurl(name)?.version !== undefined);
}

/** True for a document that a build made of one of the settings, for the image of that digest. */
export function isBuiltVex(predicate: unknown, digest: Digest): boolean {
  const id = field(predicate, '@id');
  return typeof id === 'string' && id.endsWith(mark(digest));
}

function mark(digest: Digest | undefined): string {
  return `#${digest ?? ''}`;
}

/**
 * The OpenVEX documents of the settings that say something of a built image. They are signed with
 * it, so that others apply them without the files; a new digest starts with them again. CycloneDX
 * documents stay with the settings.
 */
export function vexStatements(
  documents: readonly VexDocument[],
  { names, digests }: { names: readonly string[]; digests: VexImage['digests'] },
  subject: Pick<StatementToSign, 'subject' | 'also'>,
): readonly StatementToSign[] {
  const references = referencesOf(names);
  const [reference] = references;
  if (reference === undefined) return [];
  const image = { digests, references };
  return documents.flatMap(({ value, ofRepository = false }) => {
    const predicate = builtVex(
      value,
      { reference, digests },
      (name, isByVersion) =>
        meansImage(name, image) || (ofRepository && isByVersion && meansRepository(name, image)),
    );
    return predicate === undefined
      ? []
      : [{ predicateType: PREDICATE_TYPE.openvex, predicate, ...subject }];
  });
}
