import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VERSION } from '../cli/version.ts';
import { messageOf } from '../lib/errors.ts';
import { given, isObject, listField, textAt, textField } from '../lib/json.ts';
import { type Severity, severityRank, type Vulnerability } from '../model/facts.ts';
import { MEDIA_TYPE } from '../model/image.ts';
import { loginOf } from './access.ts';
import { parseImage } from './allowed.ts';
import type { ApiDeps, StoredDetail } from './api.ts';
import { DatabaseAway } from './database.ts';
import { contentsOf, vulnerabilitiesOf } from './grader.ts';
import type { Credentials } from './hands.ts';
import { ApiProblem, problemFor, readJson } from './http.ts';
import type { AppDeps } from './parts.ts';
import type { Ask } from './shapes.ts';

// Harbor's pluggable scanner API 1.2. Its scans are asks that this process grades itself: they come
// with a password of the registry, which stays in its memory until the scan is done.

const PATH = '/harbor/api/v1';
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

/** `app` is a context of its own, as are its parsers and errors. */
export function registerHarbor(app: FastifyInstance, deps: ApiDeps, grade: GradeHere): void {
  const { queue, records, log } = deps;
  const scans = new Set<string>();
  // Harbor's own document describes them. It asks for each of a thousand scans every few seconds.
  const route = { config: { access: 'ask', rateLimit: false } } as const;
  readJson(app, '*', 'the request');
  app.setErrorHandler((error, request, reply) => {
    // A scan goes on while the database is away: Harbor asks for its report again.
    if (error instanceof DatabaseAway && request.routeOptions.url?.endsWith('/report') === true)
      return notYet(reply);
    const { status, message, headers } = problemFor(error, request, log);
    // It has no other words for a body that is too large or of another type.
    const code = [413, 415].includes(status) ? 400 : status;
    return answer(reply.headers(headers), code, TYPES.error, { error: { message } });
  });
  app.get(`${PATH}/metadata`, route, async (_request, reply) =>
    answer(reply, 200, TYPES.metadata, await metadata(deps)),
  );
  app.post(`${PATH}/scan`, route, async ({ body, token }, reply) => {
    const { image, credentials } = scanOf(deps, body);
    if (scans.size >= MOST_SCANS)
      throw new ApiProblem('not-scanned', 'too many scans wait; try again later');
    const askedBy = token?.name ?? '';
    const { ask } = await queue.ask({ image, reason: 'harbor', askedBy, here: true });
    scans.add(ask.id);
    void grade(ask.id, given({ credentials }))
      .catch((error: unknown) => {
        log.warn('a scan was not done', { ask: ask.id, message: messageOf(error) });
      })
      .finally(() => scans.delete(ask.id));
    return answer(reply, 202, TYPES.accepted, { id: ask.id });
  });
  app.get<{ Params: { id: string } }>(`${PATH}/scan/:id/report`, route, async (request, reply) => {
    const ask = await records.ask(request.params.id);
    if (ask?.reason !== 'harbor') throw new ApiProblem('not-found', 'scan not found');
    const sbomType = wantedSbom(request);
    if (ask.state === 'queued' || ask.state === 'running') return notYet(reply);
    const type = sbomType === undefined ? TYPES.vulnerabilities : TYPES.sbom;
    return answer(reply, 200, type, await reportOf(deps, ask, sbomType));
  });
}

function notYet(reply: FastifyReply): FastifyReply {
  return reply.code(302).headers({ 'refresh-after': REFRESH_SECONDS }).send();
}

/** The type as it is: the framework would add a charset, and Harbor compares it. */
function answer(reply: FastifyReply, status: number, type: string, body: object): FastifyReply {
  const bytes = Buffer.from(JSON.stringify(body));
  return reply.code(status).header('content-type', type).send(bytes);
}

async function metadata({ database }: AppDeps) {
  const [newest] = await database.query<{ at: Date }>(
    `SELECT advisories_at AS at FROM (SELECT * FROM grade ORDER BY graded_at DESC LIMIT 100) g
     WHERE advisories_at IS NOT NULL LIMIT 1`,
  );
  const of = { consumes_mime_types: CONSUMED };
  const sbom = { type: 'sbom', additional_attributes: { sbom_media_types: SBOM_TYPES } };
  const about = 'harbor.scanner-adapter';
  return {
    scanner: SCANNER,
    capabilities: [
      { ...of, type: 'vulnerability', produces_mime_types: [TYPES.vulnerabilities] },
      { ...of, ...sbom, produces_mime_types: [TYPES.sbom] },
    ],
    properties: {
      [`${about}/scanner-type`]: 'os-package-vulnerability',
      [`${about}/registry-authorization-type`]: 'Basic',
      ...given({ [`${about}/vulnerability-database-updated-at`]: newest?.at.toISOString() }),
    },
  };
}

/** The image of a request, and how it is read. Throws ApiProblem. */
function scanOf({ allowed }: ApiDeps, body: unknown) {
  if (!isObject(body)) throw new ApiProblem('malformed', 'the request is not an object');
  const check = (isRight: boolean, why: string): void => {
    if (!isRight) throw new ApiProblem('wrong-field', why);
  };
  const url = textAt(body, 'registry', 'url') ?? '';
  check(/^https?:/.test(url) && URL.canParse(url), 'registry.url is not an http or https address');
  const asked = listField(body, 'enabled_capabilities').map((one) => textField(one, 'type'));
  const isKnown = asked.every((one) => one === 'vulnerability' || one === 'sbom');
  check(isKnown, 'enabled_capabilities has a type that is not known');
  const { artifact } = body;
  const type = textField(artifact, 'mime_type') ?? MEDIA_TYPE.manifest;
  check(CONSUMED.includes(type), 'artifact.mime_type is not that of an image');
  // Which protocol it is asked by, settings say.
  const name = `${textField(artifact, 'repository') ?? ''}@${textField(artifact, 'digest') ?? ''}`;
  const image = parseImage(`${new URL(url).host}/${name}`);
  const why = image.ok ? allowed.refusal(image.value) : image.error;
  if (!image.ok || why !== undefined) throw new ApiProblem('wrong-field', why ?? '');
  const authorization = textAt(body, 'registry', 'authorization') ?? '';
  if (authorization === '') return { image: image.value, credentials: undefined };
  const credentials = loginOf(authorization);
  check(credentials.username !== '', 'registry.authorization is not Basic');
  return { image: image.value, credentials };
}

/** Type of the SBOM that is wanted; undefined for vulnerabilities. Throws ApiProblem. */
function wantedSbom({ headers, query }: FastifyRequest): string | undefined {
  const bare = (type: string): string => type.toLowerCase().replaceAll(' ', '');
  const accepted = bare(headers.accept ?? '*/*').split(',');
  if (['*/*', bare(TYPES.vulnerabilities)].some((one) => accepted.includes(one))) return undefined;
  if (!accepted.includes(bare(TYPES.sbom)))
    throw new ApiProblem('not-supported', 'reports of this type are not supported');
  const type = textField(query, 'sbom_media_type');
  if (type !== undefined && SBOM_TYPES.includes(type)) return type;
  throw new ApiProblem('malformed', `sbom_media_type has to be one of ${SBOM_TYPES.join(', ')}`);
}

const unscanned = (why: string): ApiProblem => new ApiProblem('not-scanned', why);

async function reportOf({ records }: AppDeps, { error, gradeId, image }: Ask, sbomType?: string) {
  const grade = gradeId === undefined ? undefined : await records.detail(gradeId);
  const { message = 'the grade is gone', nextStep } = error ?? {};
  if (grade === undefined) throw unscanned(nextStep ? `${message}; ${nextStep}` : message);
  const about = {
    generated_at: grade.gradedAt.toISOString(),
    artifact: { repository: image.repository, digest: grade.digest },
    scanner: SCANNER,
  };
  if (sbomType !== undefined)
    return { ...about, media_type: sbomType, sbom: await sbomOf(grade, sbomType) };
  const found = vulnerabilitiesOf(grade.report);
  if (!found.known) throw unscanned(`vulnerabilities are not known: ${found.reason}`);
  const list = found.value.toSorted((a, b) => severityRank(a.severity) - severityRank(b.severity));
  // An unknown severity counts only where no other is found, as in Harbor.
  const worst = list.find(({ severity }) => severity !== 'unknown') ?? list[0];
  const severity = nameOf(worst?.severity ?? 'negligible');
  return { ...about, severity, vulnerabilities: list.map(itemOf) };
}

function nameOf(severity: Severity): string {
  return severity.replace(/^./, (first) => first.toUpperCase());
}

function itemOf({ id, package: name, version, fixedIn, severity, url, aliases }: Vulnerability) {
  return {
    id,
    package: name,
    version,
    fix_version: fixedIn ?? '',
    severity: nameOf(severity),
    description: '',
    links: url === undefined ? [] : [url],
    ...given({ vendor_attributes: aliases && { aliases } }),
  };
}

async function sbomOf({ digest, gradedAt, image, report }: StoredDetail, type: string) {
  const [first] = contentsOf(report);
  if (first === undefined) throw unscanned('the grade came without its contents');
  const { packages, image: about } = first.facts;
  if (!packages.known) throw unscanned(`packages are not known: ${packages.reason}`);
  const { cyclonedxDocument, spdxDocument } = await import('../trust/sbom.ts');
  const platform = about.known ? about.value.platform : { os: 'linux', architecture: 'unknown' };
  const name = `${image.registry}/${image.repository}`;
  const input = {
    packages: packages.value,
    osRelease: undefined,
    toolVersion: VERSION,
    image: { name, digest, platform },
    created: gradedAt.toISOString(),
  };
  return type === 'application/spdx+json' ? spdxDocument(input) : cyclonedxDocument(input);
}
