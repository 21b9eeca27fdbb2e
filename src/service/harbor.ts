import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VERSION } from '../cli/version.ts';
import { messageOf } from '../lib/errors.ts';
import { given, isObject, listField, textAt, textField } from '../lib/json.ts';
import { type Severity, severityRank, type Vulnerability } from '../model/facts.ts';
import { MEDIA_TYPE } from '../model/image.ts';
import { isDigest } from '../model/reference.ts';
import { Allowed, parseImage } from './allowed.ts';
import type { StoredDetail } from './answers.ts';
import { DatabaseAway } from './database.ts';
import { contentsOf, vulnerabilitiesOf } from './grader.ts';
import type { Credentials } from './hands.ts';
import { readJson } from './openapi.ts';
import type { AppDeps } from './parts.ts';
import { ApiProblem, statusOf } from './problems.ts';
import type { Ask, ImageName } from './shapes.ts';

// Harbor's pluggable scanner API 1.2. Its scans are asks that this process grades itself: they come
// with a password of the registry, which stays in its memory until the scan is done.

const PATH = '/harbor/api/v1';
const MAX_BODY = 64 * 1024;
/** Scans that wait for a grader, each with its password in memory. */
const MOST_SCANS = 1000;
/** Harbor reads it into eight bits. */
const REFRESH_SECONDS = 5;

const TYPES = {
  metadata: 'application/vnd.scanner.adapter.metadata+json; version=1.1',
  accepted: 'application/vnd.scanner.adapter.scan.response+json; version=1.0',
  error: 'application/vnd.scanner.adapter.error+json; version=1.0',
  vulnerabilities: 'application/vnd.security.vulnerability.report; version=1.1',
  sbom: 'application/vnd.security.sbom.report+json; version=1.0',
} as const;
const SBOM_TYPES: readonly string[] = ['application/spdx+json', 'application/vnd.cyclonedx+json'];
const CONSUMED: readonly string[] = [MEDIA_TYPE.manifest, MEDIA_TYPE.dockerManifest];

const SCANNER = { name: 'Scoville', vendor: 'Scoville', version: VERSION };

/** Grades an ask that was made `here`: `Workers.grade`. */
export type GradeHere = (askId: string, own: { credentials?: Credentials }) => Promise<void>;

/** An answer that is an error, in the words of the adapter's API. */
function refused(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode, isTold: true });
}

/** `app` is a context of its own, as are its parsers and errors. */
export function registerHarbor(app: FastifyInstance, deps: AppDeps, grade: GradeHere): void {
  const scans = new Set<string>();
  // Harbor's own document describes them. It asks for each of a thousand scans every few seconds.
  const config = { access: 'ask', rateLimit: false } as const;
  const route = { config };
  readJson(app, '*', 'the request', (why) => refused(400, why));
  app.setErrorHandler((error, { id, routeOptions: { url } }, reply) => {
    // A scan goes on while the database is away: Harbor asks for its report again.
    if (error instanceof DatabaseAway && url?.endsWith('/report') === true) notYet(reply);
    else sendError(deps, error, id, reply);
  });
  app.get(`${PATH}/metadata`, route, async (_request, reply) =>
    answer(reply, 200, TYPES.metadata, await metadata(deps)),
  );
  app.post(`${PATH}/scan`, { ...route, bodyLimit: MAX_BODY }, async (request, reply) => {
    const { image, credentials } = scanOf(deps, request.body);
    if (scans.size >= MOST_SCANS) throw refused(500, 'too many scans wait; try again later');
    const askedBy = request.token?.name ?? '';
    const { ask } = await deps.queue.ask({ image, reason: 'harbor', askedBy, here: true });
    scans.add(ask.id);
    void grade(ask.id, given({ credentials }))
      .catch((error: unknown) => {
        deps.log.warn('a scan was not done', { ask: ask.id, message: messageOf(error) });
      })
      .finally(() => scans.delete(ask.id));
    return answer(reply, 202, TYPES.accepted, { id: ask.id });
  });
  app.get<{ Params: { id: string } }>(`${PATH}/scan/:id/report`, route, async (request, reply) => {
    const ask = await deps.records.ask(request.params.id);
    if (ask?.reason !== 'harbor') throw refused(404, 'scan not found');
    const sbomType = wantedSbom(request);
    if (ask.state === 'queued' || ask.state === 'running') return notYet(reply);
    const { type, body } = await reportOf(deps, ask, sbomType);
    return answer(reply, 200, type, body);
  });
}

function notYet(reply: FastifyReply): FastifyReply {
  return reply.code(302).headers({ 'refresh-after': REFRESH_SECONDS }).send();
}

/** The type as it is: the framework would add a charset, and Harbor compares it. */
function answer(reply: FastifyReply, status: number, type: string, body: object): FastifyReply {
  return reply
    .code(status)
    .header('content-type', type)
    .send(Buffer.from(JSON.stringify(body)));
}

function sendError({ log }: AppDeps, error: unknown, id: string, reply: FastifyReply): void {
  const problem = error instanceof ApiProblem ? error : undefined;
  const known = error as { readonly statusCode?: number; readonly isTold?: boolean };
  const { statusCode: code = problem === undefined ? 500 : statusOf(problem.kind) } = known;
  const { isTold = code < 500 } = known;
  if (!isTold) log.error('request of Harbor failed', { id, error });
  reply.headers(problem?.headers ?? {});
  const message = isTold ? messageOf(error) : 'the service failed; its log says why';
  // It has no other words for a body that is too large or of another type.
  answer(reply, [413, 415].includes(code) ? 400 : code, TYPES.error, { error: { message } });
}

async function metadata({ database }: AppDeps): Promise<object> {
  const [newest] = await database.query<{ at: Date }>(
    `SELECT advisories_at AS at FROM (SELECT * FROM grade ORDER BY graded_at DESC LIMIT 100) g
     WHERE advisories_at IS NOT NULL LIMIT 1`,
  );
  const capability = (type: string, produced: string) => ({
    ...{ type, consumes_mime_types: CONSUMED, produces_mime_types: [produced] },
  });
  const about = 'harbor.scanner-adapter';
  return {
    scanner: SCANNER,
    capabilities: [
      capability('vulnerability', TYPES.vulnerabilities),
      {
        ...capability('sbom', TYPES.sbom),
        additional_attributes: { sbom_media_types: SBOM_TYPES },
      },
    ],
    properties: {
      [`${about}/scanner-type`]: 'os-package-vulnerability',
      [`${about}/registry-authorization-type`]: 'Basic',
      ...given({ [`${about}/vulnerability-database-updated-at`]: newest?.at.toISOString() }),
    },
  };
}

/** The image of a request, and how it is read. Throws Refusal for a field that is wrong. */
function scanOf(
  { settings }: AppDeps,
  body: unknown,
): { readonly image: ImageName; readonly credentials: Credentials | undefined } {
  const check = (isRight: boolean, why: string): void => {
    if (!isRight) throw refused(422, why);
  };
  if (!isObject(body)) throw refused(400, 'the request is not an object');
  const url = textAt(body, 'registry', 'url') ?? '';
  check(/^https?:/.test(url) && URL.canParse(url), 'registry.url is not an http or https address');
  const digest = textAt(body, 'artifact', 'digest');
  check(isDigest(digest), 'artifact.digest is not a sha256 digest');
  const asked = listField(body, 'enabled_capabilities').map((one) => textField(one, 'type'));
  const isKnown = asked.every((one) => one === 'vulnerability' || one === 'sbom');
  check(isKnown, 'enabled_capabilities has a type that is not known');
  const type = textAt(body, 'artifact', 'mime_type') ?? MEDIA_TYPE.manifest;
  check(CONSUMED.includes(type), 'artifact.mime_type is not that of an image');
  // Which protocol it is asked by, settings say.
  const repository = textAt(body, 'artifact', 'repository') ?? '';
  const image = parseImage(`${new URL(url).host}/${repository}@${digest}`);
  if (!image.ok) throw refused(422, image.error);
  const why = new Allowed(settings.registries).refusal(image.value);
  if (why !== undefined) throw refused(422, why);
  const authorization = textAt(body, 'registry', 'authorization') ?? '';
  if (authorization === '') return { image: image.value, credentials: undefined };
  const [, encoded = ''] = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  const [, username = '', password = ''] =
    /^([^:]+):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  check(username !== '', 'registry.authorization is not Basic');
  return { image: image.value, credentials: { username, password } };
}

/** Type of the SBOM that is wanted; undefined for vulnerabilities. Throws Refusal. */
function wantedSbom({ headers, query }: FastifyRequest): string | undefined {
  const bare = (type: string): string => type.toLowerCase().replaceAll(' ', '');
  const accepted = bare(headers.accept ?? '*/*').split(',');
  if (['*/*', bare(TYPES.vulnerabilities)].some((one) => accepted.includes(one))) return undefined;
  if (!accepted.includes(bare(TYPES.sbom)))
    throw refused(501, 'reports of this type are not supported');
  const type = textField(query, 'sbom_media_type');
  if (type !== undefined && SBOM_TYPES.includes(type)) return type;
  throw refused(400, `sbom_media_type has to be one of ${SBOM_TYPES.join(', ')}`);
}

async function reportOf(
  { records }: AppDeps,
  { error, gradeId, image }: Ask,
  sbomType: string | undefined,
): Promise<{ readonly type: string; readonly body: object }> {
  const grade = gradeId === undefined ? undefined : await records.detail(gradeId);
  if (grade === undefined) {
    const { message = 'the grade is gone', nextStep } = error ?? {};
    throw refused(500, [message, ...(nextStep === undefined ? [] : [nextStep])].join('; '));
  }
  const about = {
    generated_at: grade.gradedAt.toISOString(),
    artifact: { repository: image.repository, digest: grade.digest },
    scanner: SCANNER,
  };
  if (sbomType !== undefined) {
    const sbom = await sbomOf(grade, sbomType);
    return { type: TYPES.sbom, body: { ...about, media_type: sbomType, sbom } };
  }
  const found = vulnerabilitiesOf(grade.report);
  if (!found.known) throw refused(500, `vulnerabilities are not known: ${found.reason}`);
  const list = found.value.toSorted((a, b) => severityRank(a.severity) - severityRank(b.severity));
  // An unknown severity counts only where no other is found, as in Harbor.
  const worst = list.find(({ severity }) => severity !== 'unknown') ?? list[0];
  const severity = nameOf(worst?.severity ?? 'negligible');
  const vulnerabilities = list.map(itemOf);
  return { type: TYPES.vulnerabilities, body: { ...about, severity, vulnerabilities } };
}

/** As ours, with a capital. */
function nameOf(severity: Severity): string {
  return severity.replace(/^./, (first) => first.toUpperCase());
}

function itemOf({ id, package: name, version, fixedIn, severity, url, aliases }: Vulnerability) {
  return {
    ...{ id, package: name, version, fix_version: fixedIn ?? '', severity: nameOf(severity) },
    ...{ description: '', links: url === undefined ? [] : [url] },
    ...given({ vendor_attributes: aliases && { aliases } }),
  };
}

async function sbomOf({ digest, gradedAt, image, report }: StoredDetail, type: string) {
  const [first] = contentsOf(report);
  if (first === undefined) throw refused(500, 'the grade came without its contents');
  const { packages, image: about } = first.facts;
  if (!packages.known) throw refused(500, `packages are not known: ${packages.reason}`);
  const { cyclonedxDocument, spdxDocument } = await import('../trust/sbom.ts');
  const platform = about.known ? about.value.platform : { os: 'linux', architecture: 'unknown' };
  const name = `${image.registry}/${image.repository}`;
  const input = {
    ...{ packages: packages.value, osRelease: undefined, toolVersion: VERSION },
    ...{ image: { name, digest, platform }, created: gradedAt.toISOString() },
  };
  return type === 'application/spdx+json' ? spdxDocument(input) : cyclonedxDocument(input);
}
