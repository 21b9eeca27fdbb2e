import { basename, isAbsolute } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { CATALOGUE } from '../criteria/catalogue.ts';
import { assembleScorecard, levelOf } from '../criteria/score.ts';
import { openRegistryImage } from '../image/registry/open-registry.ts';
import { UserError } from '../lib/errors.ts';
import { given, objectOf } from '../lib/json.ts';
import type { CriterionResult } from '../model/criterion.ts';
import { type Descriptor, MEDIA_TYPE, type OpenedImage, platformName } from '../model/image.ts';
import { digestOf } from '../model/reference.ts';
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
import { allowedImage, API, type ApiDeps, gradeJson, notFound } from './answers.ts';
import type { AppDeps, MadeVerdict } from './deps.ts';
import type { Hands } from './hands.ts';
import { ApiProblem, unavailable } from './problems.ts';
import { INPUTS, json, route } from './schemas.ts';
import type { ImageName } from './shapes.ts';

const MAX_VERDICT = 1024 * 1024;

/** Verdicts that builds signed come in; the service's own are signed and attached to images. */
export function registerVerdicts(app: FastifyInstance, deps: ApiDeps): void {
  const { records, queue, settings } = deps;

  app.post<{ Body: { image: string; bundles: object[] } }>(
    `${API}/verdicts`,
    route({
      about: ['verdicts', 'sendVerdict', 'Send a verdict that a build signed'],
      description:
        'The bundles of `scoville build`: the verification summary of the image and the test result of its criteria. Both have to be signed by one key or identity that the settings of the service trust, and to be about what the tag is now.',
      scope: 'verdict',
      body: INPUTS.verdict,
      bodyLimit: MAX_VERDICT,
      own: {
        200: json('Grade', 'It is known already.'),
        201: json('Grade', 'It is the newest grade of the image now.'),
      },
      problems: ['registry-not-allowed', 'unknown-signer', 'not-a-verdict', 'registry'],
    }),
    async (request, reply) => {
      await deps.limits.costly(request);
      const image = allowedImage(deps, request.body.image);
      if (image.tag === undefined)
        throw new ApiProblem('malformed', 'name the image with its tag: HOST/REPOSITORY:TAG');
      if (deps.hands === undefined) throw unavailable('this process does not take verdicts');
      const verdict = await checkedVerdict(
        await deps.hands(),
        image,
        request.body.bundles,
        deps.now(),
      );
      const { grade, isNew } = await records.addVerdict(verdict);
      return reply
        .code(isNew ? 201 : 200)
        .header('location', `${API}/grades/${grade.id}`)
        .send(gradeJson(grade));
    },
  );

  app.post<{ Params: { id: string } }>(
    `${API}/grades/:id/attach`,
    route({
      about: ['verdicts', 'attach', 'Sign a grade and attach it to its image'],
      description:
        'The service signs its verdict with its key, and a worker pushes it beside the image.',
      scope: 'attach',
      params: INPUTS.byId,
      own: { 202: json('Asked', 'A worker will do it.') },
      problems: ['not-found', 'not-graded', 'no-key'],
    }),
    async (request, reply) => {
      await deps.limits.costly(request);
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
    },
  );
}

/** Attaches what is asked for; to be called once in each process that has workers. */
export function workAttach(
  { queue, records, log }: Pick<AppDeps, 'queue' | 'records' | 'log'>,
  hands: () => Promise<Hands>,
): void {
  queue.work('attach', async ({ data: { gradeId }, signal }) => {
    const grade = await records.detail(gradeId);
    if (grade === undefined) return;
    const { context, settings, client: clientOf } = await hands();
    const { registry, repository } = grade.image;
    const { digest, scorecard } = grade;
    const name = imageText({ registry, repository, digest });
    const client = clientOf(registry);
    const open = (): Promise<OpenedImage> =>
      openRegistryImage({ name, reference: { registry, repository, digest }, client });
    const target = {
      ...{ open, openWhole: open, name, published: { registry, repository }, settings },
      registries: { client: () => client },
      ...{ inherits: false, regrade: true, grading: () => Promise.resolve(undefined) },
    };
    const make = (image: OpenedImage) => {
      const about = { name: imageText(grade.image), ...wholeOf(image) };
      return verdictStatements(context, about, { scorecard, contents: [] }, settings);
    };
    const own = { ...context, signal };
    const { referrers } = await attachStatements(own, target, make, 'verdict');
    log.info('verdict attached', { image: name, referrers: referrers.length });
  });
}

function refused(why: string): ApiProblem {
  return new ApiProblem('not-a-verdict', why);
}

/** How far the clock of a build may be ahead. */
const AHEAD_MS = 300_000;

/**
 * The grade that signed bundles state, when a trusted signer signed both statements and they are
 * about what the tag is in its registry now. Throws ApiProblem.
 */
async function checkedVerdict(
  { context, client: clientOf, trusted }: Hands,
  image: ImageName,
  bundles: readonly object[],
  now: number,
): Promise<MadeVerdict> {
  const { registry, repository, tag } = image;
  const reference = { registry, repository, tag: tag ?? 'latest' };
  const client = clientOf(registry);
  const name = imageText(image);
  const open = async (): Promise<OpenedImage> => {
    try {
      const root = await client.findManifest(repository, reference.tag);
      if (root !== undefined) return await openRegistryImage({ name, reference, client, root });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new ApiProblem('registry', error.message, given({ nextStep: error.nextStep }));
    }
    throw refused(`${registry} does not have ${name}`);
  };
  return withImage(open, async (opened) => {
    const found = bundles.map((bundle) => evidenceOf(bundle, opened.root));
    const read = { found, unreadable: [], incomplete: undefined };
    const checked = await verifyAttachments(context, opened, read, trusted);
    const [summary, tests] = ['verdict', 'tests'].map((kind) => theOnly(checked, kind, opened));
    if (summary === undefined || tests === undefined) throw refused('a statement is missing');
    const signer = signerOf(summary, trusted);
    if (signerOf(tests, trusted) !== signer) throw refused('two signers signed its statements');
    return statedGrade({ image, opened, signer, now }, predicateOf(summary), predicateOf(tests));
  });
}

/** A bundle, or an envelope alone, as if it hung on the image. */
function evidenceOf(document: object, root: Descriptor): AttachedEvidence {
  const bytes = Buffer.from(JSON.stringify(document));
  const mediaType = 'payloadType' in document ? MEDIA_TYPE.dsse : MEDIA_TYPE.sigstoreBundle;
  const blob: Descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  const place = {
    place: 'bundle-referrer',
    hangsOn: root.digest,
    artifactType: undefined,
  } as const;
  const read = readAttachedBlob({ blob, ...place }, bytes);
  if (!read.ok) throw refused(read.error);
  const manifest = { schemaVersion: 2, config: blob, layers: [blob] } as const;
  const attachment = {
    kind: 'referrer',
    subject: root.digest,
    descriptor: blob,
    manifest,
  } as const;
  return { ...read.value, digest: blob.digest, blob, attachment };
}

function theOnly(
  checked: readonly CheckedAttachment[],
  kind: string,
  { root }: OpenedImage,
): CheckedAttachment | undefined {
  const [first, second] = checked.filter(({ evidence }) => madeKind(evidence.says) === kind);
  if (second !== undefined) throw refused(`it has two statements of the kind “${kind}”`);
  if (first !== undefined && !first.evidence.subjects.includes(root.digest))
    throw refused(`it is about another image; the tag is ${root.digest} now`);
  return first;
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

function predicateOf({ evidence: { says } }: CheckedAttachment): unknown {
  return says.kind === 'statement' ? says.predicate : undefined;
}

interface About {
  readonly image: ImageName;
  readonly opened: OpenedImage;
  readonly signer: string;
  readonly now: number;
}

function statedGrade(
  { image, opened, signer, now }: About,
  summary: unknown,
  tests: unknown,
): MadeVerdict {
  const { digest } = opened.root;
  const name = imageText(image);
  const stated = readVerdict(summary, [tests]);
  const { resourceUri } = objectOf(summary);
  if (resourceUri !== imagePurl({ name, digest, withoutTag: true }))
    throw refused(`it is about ${String(resourceUri).slice(0, 300)}, not ${name}`);
  const gradedAt = new Date(stated.timeVerified);
  if (!(gradedAt.getTime() <= now + AHEAD_MS)) throw refused('it does not say when it was made');
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
  const platforms = opened.platforms.map(({ config }) => platformName(config)).join(', ');
  const scorecard = assembleScorecard({
    ...{ toolVersion: stated.toolVersion, image: name, digest, gradedAt: gradedAt.toISOString() },
    platforms: [{ platform: platforms, digest, criteria }],
    notices: [`A verdict that ${signer} signed: its evidence stayed where it was made.`],
  });
  return { image, digest, scorecard, signer, gradedAt };
}
