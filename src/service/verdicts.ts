import { basename, isAbsolute } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { CATALOGUE } from '../criteria/catalogue.ts';
import { assembleScorecard, levelOf } from '../criteria/score.ts';
import { openRegistryImage } from '../image/registry/open-registry.ts';
import { UserError } from '../lib/errors.ts';
import { given, objectOf } from '../lib/json.ts';
import type { CriterionResult } from '../model/criterion.ts';
import { MEDIA_TYPE, type OpenedImage, platformName } from '../model/image.ts';
import { type Digest, digestOf } from '../model/reference.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { attachStatements, wholeOf, withImage } from '../trust/attach.ts';
import { readAttachedBlob } from '../trust/attached.ts';
import { listOf } from '../trust/bundle.ts';
import { imagePurl } from '../trust/identity.ts';
import { madeKind } from '../trust/statement-kinds.ts';
import type { TrustedSigners } from '../trust/trusted-signers.ts';
import { readVerdict, verdictStatements } from '../trust/verdict.ts';
import {
  type AttachedEvidence,
  type CheckedAttachment,
  verifyAttachments,
} from '../trust/verify-attached.ts';
import { imageText } from './allowed.ts';
import { allowedImage, API, type ApiDeps, gradeJson, notFound } from './api.ts';
import type { Hands } from './hands.ts';
import { ApiProblem, operation, readJson, unavailable } from './http.ts';
import type { AppDeps } from './parts.ts';
import type { MadeVerdict } from './records.ts';
import type { ImageName } from './shapes.ts';

const MAX_VERDICT = 1024 * 1024;

/** Verdicts that builds signed come in; the service's own are signed and attached to images. */
export function registerVerdicts(app: FastifyInstance, deps: ApiDeps): void {
  const { records, queue, settings } = deps;
  readJson(app, 'application/json', 'the body');

  type Sent = { Body: { image: string; bundles: object[] } };
  operation<Sent>(app, 'sendVerdict', { bodyLimit: MAX_VERDICT }, async (request, reply) => {
    const image = allowedImage(deps, request.body.image);
    if (image.tag === undefined)
      throw new ApiProblem('malformed', 'name the image with its tag: HOST/REPOSITORY:TAG');
    if (deps.hands === undefined) throw unavailable('this process does not take verdicts');
    const verdict = await checkedVerdict(await deps.hands(), image, request.body.bundles);
    const { grade, isNew } = await records.addVerdict(verdict);
    void reply.code(isNew ? 201 : 200).header('location', `${API}/grades/${grade.id}`);
    return gradeJson(grade);
  });

  operation<{ Params: { id: string } }>(app, 'attach', {}, async (request, reply) => {
    if (settings.key === undefined)
      throw new ApiProblem('no-key', 'the service has no key to sign with', {
        nextStep: 'name one in its settings: key: cosign.key',
      });
    const { id } = request.params;
    const ask = await records.ask(id);
    const grade = await records.grade(ask?.gradeId ?? id);
    if (grade === undefined && ask === undefined) throw notFound();
    if (grade?.origin !== 'service')
      throw new ApiProblem('not-graded', 'this is not a grade that the service made');
    await queue.send('attach', { gradeId: grade.id }, { key: `attach ${grade.id}` });
    return reply.code(202).send({ id: grade.id, status: 'queued' });
  });
}

/** Attaches what is asked for; to be called once in each process that has workers. */
export function workAttach({ queue, records, log }: AppDeps, hands: () => Promise<Hands>): void {
  queue.work('attach', async ({ data: { gradeId }, signal }) => {
    const grade = await records.detail(gradeId);
    if (grade === undefined) return;
    const { context, settings, registries } = await hands();
    const { registry, repository } = grade.image;
    const { digest, scorecard } = grade;
    const reference = { registry, repository, digest };
    const name = imageText(reference);
    const client = registries.client(registry);
    const open = (): Promise<OpenedImage> => openRegistryImage({ name, reference, client });
    const target = {
      open,
      openWhole: open,
      name,
      published: { registry, repository },
      settings,
      registries,
      inherits: false,
      regrade: true,
      grading: () => Promise.resolve(undefined),
    };
    const { referrers } = await attachStatements(
      { ...context, signal },
      target,
      (image) => {
        const about = { name: imageText(grade.image), ...wholeOf(image) };
        return verdictStatements(context, about, { scorecard, contents: [] }, settings);
      },
      'verdict',
    );
    log.info('verdict attached', { image: name, referrers: referrers.length });
  });
}

const refused = (why: string): ApiProblem => new ApiProblem('not-a-verdict', why);

/** How far the clock of a build may be ahead. */
const AHEAD_MS = 300_000;

/**
 * The grade that signed bundles state, when a trusted signer signed both statements and they are
 * about what the tag is in its registry now. Throws ApiProblem.
 */
async function checkedVerdict(
  { context, registries, trusted }: Hands,
  image: ImageName,
  bundles: readonly object[],
): Promise<MadeVerdict> {
  const { registry, repository, tag = 'latest' } = image;
  const name = imageText(image);
  const open = async (): Promise<OpenedImage> => {
    try {
      const client = registries.client(registry);
      const root = await client.findManifest(repository, tag);
      const reference = { registry, repository, tag };
      if (root !== undefined) return await openRegistryImage({ name, reference, client, root });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new ApiProblem('registry', error.message, given({ nextStep: error.nextStep }));
    }
    throw refused(`${registry} does not have ${name}`);
  };
  return withImage(open, async (opened) => {
    const { digest } = opened.root;
    const found = bundles.map((one) => attached(one, digest));
    const read = { found, unreadable: [], incomplete: undefined };
    const checked = await verifyAttachments(context, opened, read, trusted);
    /** The one statement of that kind, and who signed it. */
    const stated = (kind: string) => {
      const [one, second] = checked.filter(({ evidence }) => madeKind(evidence.says) === kind);
      if (one?.evidence.says.kind !== 'statement') throw refused('a statement is missing');
      if (second !== undefined) throw refused(`it has two statements of the kind “${kind}”`);
      if (!one.evidence.subjects.includes(digest))
        throw refused(`it is about another image; the tag is ${digest} now`);
      return { predicate: one.evidence.says.predicate, signer: signerOf(one, trusted) };
    };
    const [{ predicate: summary, signer }, tests] = [stated('verdict'), stated('tests')];
    if (signer !== tests.signer) throw refused('two signers signed its statements');
    const about = { name, digest, signer, latest: context.now() + AHEAD_MS };
    const platform = opened.platforms.map(({ config }) => platformName(config)).join(', ');
    const scorecard = scorecardOf({ ...about, platform }, summary, tests.predicate);
    return { image, scorecard, signer };
  });
}

/** A bundle, or an envelope alone, as if it hung on the image. Throws ApiProblem. */
function attached(document: object, subject: Digest): AttachedEvidence {
  const bytes = Buffer.from(JSON.stringify(document));
  const mediaType = 'payloadType' in document ? MEDIA_TYPE.dsse : MEDIA_TYPE.sigstoreBundle;
  const blob = { mediaType, digest: digestOf(bytes), size: bytes.length };
  const place = { artifactType: mediaType, place: 'bundle-referrer', hangsOn: subject } as const;
  const read = readAttachedBlob({ blob, ...place }, bytes);
  if (!read.ok) throw refused(read.error);
  const manifest = { schemaVersion: 2, config: blob, layers: [blob] } as const;
  const attachment = { kind: 'referrer', subject, descriptor: blob, manifest } as const;
  return { ...read.value, digest: blob.digest, attachment, blob };
}

/** Without what `trustedSigners` adds, and without folders of the service. */
function shownSigner(by: string): string {
  const name = by.replace(/ \(trust\.\w+ of the settings\)$/, '');
  return isAbsolute(name) ? basename(name) : name;
}

/** Who signed it. Throws ApiProblem where nobody did, or nobody whom settings trust. */
function signerOf(
  { evidence, verification, verifiedBy, isUnchecked, reason = '' }: CheckedAttachment,
  { signers }: TrustedSigners,
): string {
  if (verification === 'verified' && verifiedBy !== undefined) return shownSigner(verifiedBy);
  if (evidence.proof.kind === 'none') throw refused(`it is not signed: ${evidence.proof.reason}`);
  if (isUnchecked === true) throw unavailable(`the signature cannot be checked now: ${reason}`);
  const names = signers.map(({ name }) => shownSigner(name)).join(', ') || 'nobody';
  throw new ApiProblem('unknown-signer', `the signer is not trusted: ${reason}`, {
    nextStep: `the settings of the service trust ${names}: trust.keys and trust.identities`,
  });
}

/** Throws ApiProblem where the statements do not agree, with the image or each other. */
function scorecardOf(
  about: { name: string; digest: Digest; platform: string; signer: string; latest: number },
  summary: unknown,
  tests: unknown,
): Scorecard {
  const { name, digest, platform, signer, latest } = about;
  const stated = readVerdict(summary, [tests]);
  const { resourceUri } = objectOf(summary);
  if (resourceUri !== imagePurl({ name, digest, withoutTag: true }))
    throw refused(`it is about ${String(resourceUri).slice(0, 300)}, not ${name}`);
  const gradedAt = new Date(stated.timeVerified);
  if (!(gradedAt.getTime() <= latest)) throw refused('it does not say when it was made');
  if (stated.criteria.size === 0) throw refused('its test result is not that of its summary');
  const failed = new Set(listOf(objectOf(tests)['failedTests'], 1000));
  const evidence = [{ kind: 'note', text: `stated in a verdict that ${signer} signed` }] as const;
  const criteria = CATALOGUE.map((one): CriterionResult => {
    const { id, title, vector, level, spec, remedies } = one;
    const outcome = stated.met.has(id) ? 'pass' : failed.has(id) ? 'fail' : 'unknown';
    const more = { summary: 'as the verdict states', source: 'verified-attestation' } as const;
    return { id, title, vector, level, spec, outcome, ...more, evidence, remedies };
  });
  // Where its gate was missed, it states none.
  if (stated.level !== undefined && stated.level !== levelOf(criteria))
    throw refused(`it states level ${stated.level}, and its criteria give ${levelOf(criteria)}`);
  return assembleScorecard({
    toolVersion: stated.toolVersion,
    image: name,
    digest,
    gradedAt: gradedAt.toISOString(),
    platforms: [{ platform, digest, criteria }],
    notices: [`A verdict that ${signer} signed: its evidence stayed where it was made.`],
  });
}
