import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VERSION } from '../cli/version.ts';
import { messageOf } from '../lib/errors.ts';
import { field, given, isObject, listField, textField } from '../lib/json.ts';
import {
  known,
  type Severity,
  severityRank,
  unknownFact,
  type Fact,
  type VulnerabilitiesFact,
  type Vulnerability,
} from '../model/facts.ts';
import { MEDIA_TYPE } from '../model/image.ts';
import { isDigest } from '../model/reference.ts';
import { Allowed, parseImage } from './allowed.ts';
import { type AppDeps, DatabaseAway } from './deps.ts';
import type { Credentials, GradeReport } from './grader.ts';
import { ApiProblem, statusOf } from './problems.ts';
import { readJson } from './schemas.ts';
import type { Ask, GradeDetail, ImageName } from './shapes.ts';

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
const SBOM_TYPES = ['application/spdx+json', 'application/vnd.cyclonedx+json'] as const;
const CONSUMED = [MEDIA_TYPE.manifest, MEDIA_TYPE.dockerManifest];

const SCANNER = { name: 'Scoville', vendor: 'Scoville', version: VERSION };

/** Grades an ask that was made `here`: `Workers.grade`. */
export type GradeHere = (
  askId: string,
  options: { readonly credentials?: Credentials },
) => Promise<void>;

/** An answer that is an error, in the words of the adapter's API. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** `app` is a context of its own, as are its parsers and errors. */
export function registerHarbor(app: FastifyInstance, deps: AppDeps, grade: GradeHere): void {
  const scans = new Set<string>();
  // Harbor's own document describes them. It asks for each of a thousand scans every few seconds.
  const config = { access: 'ask', rateLimit: false } as const;
  const route = { config, schema: { hide: true } };
  readJson(app, '*', 'the request', (why) => new Refusal(400, why));
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
    if (scans.size >= MOST_SCANS) throw new Refusal(500, 'too many scans wait; try again later');
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
    if (ask?.reason !== 'harbor') throw new Refusal(404, 'scan not found');
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
  const problem = error instanceof ApiProblem ? statusOf(error.kind) : undefined;
  const { status = problem, statusCode = 500 } = error as { status?: number; statusCode?: number };
  const code = status ?? statusCode;
  const isTold = error instanceof Refusal || code < 500;
  if (!isTold) log.error('request of Harbor failed', { id, error });
  if (error instanceof ApiProblem) reply.headers(error.headers);
  const message = isTold ? messageOf(error) : 'the service failed; its log says why';
  // It has no other words for a body that is too large or of another type.
  answer(reply, [413, 415].includes(code) ? 400 : code, TYPES.error, { error: { message } });
}

async function metadata({ database }: AppDeps): Promise<object> {
  const [newest] = await database.query<{ at: Date }>(
    `SELECT advisories_at AS at FROM (SELECT * FROM grade ORDER BY graded_at DESC LIMIT 100) g
     WHERE advisories_at IS NOT NULL LIMIT 1`,
  );
  const ofType = (type: string, produced: string) => ({
    ...{ type, consumes_mime_types: CONSUMED, produces_mime_types: [produced] },
  });
  return {
    scanner: SCANNER,
    capabilities: [
      ofType('vulnerability', TYPES.vulnerabilities),
      { ...ofType('sbom', TYPES.sbom), additional_attributes: { sbom_media_types: SBOM_TYPES } },
    ],
    properties: {
      'harbor.scanner-adapter/scanner-type': 'os-package-vulnerability',
      'harbor.scanner-adapter/registry-authorization-type': 'Basic',
      ...given({
        'harbor.scanner-adapter/vulnerability-database-updated-at': newest?.at.toISOString(),
      }),
    },
  };
}

/** The image of a request, and how it is read. Throws Refusal for a field that is wrong. */
function scanOf(
  { settings }: AppDeps,
  body: unknown,
): { readonly image: ImageName; readonly credentials: Credentials | undefined } {
  if (!isObject(body)) throw new Refusal(400, 'the request is not an object');
  const [registry, artifact] = [field(body, 'registry'), field(body, 'artifact')];
  const url = textField(registry, 'url') ?? '';
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new Refusal(422, 'registry.url is not an http or https address');
  const digest = textField(artifact, 'digest');
  if (!isDigest(digest)) throw new Refusal(422, 'artifact.digest is not a sha256 digest');
  for (const one of listField(body, 'enabled_capabilities'))
    if (!['vulnerability', 'sbom'].includes(textField(one, 'type') ?? ''))
      throw new Refusal(422, 'enabled_capabilities has a type that is not known');
  const type = textField(artifact, 'mime_type');
  if (type !== undefined && !CONSUMED.some((one) => one === type))
    throw new Refusal(422, 'artifact.mime_type is not that of an image');
  // Which protocol it is asked by, settings say.
  const name = `${new URL(url).host}/${textField(artifact, 'repository') ?? ''}@${digest}`;
  const image = parseImage(name);
  if (!image.ok) throw new Refusal(422, image.error);
  const refusal = new Allowed(settings.registries).refusal(image.value);
  if (refusal !== undefined) throw new Refusal(422, refusal);
  return { image: image.value, credentials: credentialsOf(textField(registry, 'authorization')) };
}

function credentialsOf(authorization = ''): Credentials | undefined {
  if (authorization === '') return undefined;
  const [, encoded = ''] = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  const pair = Buffer.from(encoded, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon < 1) throw new Refusal(422, 'registry.authorization is not Basic');
  return { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/** Type of the SBOM that is wanted; undefined for vulnerabilities. Throws Refusal. */
function wantedSbom({ headers, query }: FastifyRequest): string | undefined {
  const bare = (type: string): string => type.toLowerCase().replaceAll(' ', '');
  const accepted = bare(headers.accept ?? '*/*').split(',');
  if (accepted.some((one) => one === bare(TYPES.vulnerabilities) || one === '*/*'))
    return undefined;
  if (!accepted.includes(bare(TYPES.sbom)))
    throw new Refusal(501, 'reports of this type are not supported');
  const type = SBOM_TYPES.find((one) => one === textField(query, 'sbom_media_type'));
  if (type !== undefined) return type;
  throw new Refusal(400, `sbom_media_type has to be one of ${SBOM_TYPES.join(', ')}`);
}

async function reportOf(
  { records }: AppDeps,
  { error, gradeId, image }: Ask,
  sbomType: string | undefined,
): Promise<{ readonly type: string; readonly body: object }> {
  const grade = gradeId === undefined ? undefined : await records.detail(gradeId);
  if (grade === undefined) {
    const { message = 'the grade is gone', nextStep } = error ?? {};
    throw new Refusal(500, nextStep === undefined ? message : `${message}; ${nextStep}`);
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
  if (!found.known) throw new Refusal(500, `vulnerabilities are not known: ${found.reason}`);
  const list = found.value.toSorted((a, b) => severityRank(a.severity) - severityRank(b.severity));
  // An unknown severity counts only where no other is found, as in Harbor.
  const worst = list.find(({ severity }) => severity !== 'unknown') ?? list[0];
  const severity = worst === undefined ? 'Negligible' : NAMES[worst.severity];
  return {
    type: TYPES.vulnerabilities,
    body: { ...about, severity, vulnerabilities: list.map(itemOf) },
  };
}

const NAMES: Readonly<Record<Severity, string>> = {
  ...{ critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low' },
  ...{ negligible: 'Negligible', unknown: 'Unknown' },
};

function itemOf({ id, package: name, version, fixedIn, severity, url, aliases }: Vulnerability) {
  return {
    ...{ id, package: name, version, fix_version: fixedIn ?? '', severity: NAMES[severity] },
    ...{ description: '', links: url === undefined ? [] : [url] },
    ...(aliases === undefined ? {} : { vendor_attributes: { aliases } }),
  };
}

function contentsOf(report: unknown): GradeReport['contents'] {
  // As the grader wrote it; of a grade that came as a verdict there is none.
  return isObject(report) && Array.isArray(report['contents'])
    ? (report as unknown as GradeReport).contents
    : [];
}

/** Of all platforms, each once; unknown where one was not scanned. */
export function vulnerabilitiesOf(report: unknown): Fact<readonly Vulnerability[]> {
  const found = new Map<string, Vulnerability>();
  const contents = contentsOf(report);
  if (contents.length === 0) return unknownFact('the grade came without its contents');
  for (const { facts } of contents) {
    const fact: Fact<VulnerabilitiesFact> = facts.vulnerabilities;
    if (!fact.known) return fact;
    if (fact.value.notScanned !== undefined) return unknownFact(fact.value.notScanned);
    for (const one of fact.value.vulnerabilities)
      found.set(`${one.id} ${one.package} ${one.version}`, one);
  }
  return known([...found.values()], 'scanner');
}

async function sbomOf(
  { digest, gradedAt, image, report }: GradeDetail & { report?: unknown },
  type: string,
) {
  const [first] = contentsOf(report);
  if (first === undefined) throw new Refusal(500, 'the grade came without its contents');
  const { packages, image: about } = first.facts;
  if (!packages.known) throw new Refusal(500, `packages are not known: ${packages.reason}`);
  const { cyclonedxDocument, spdxDocument } = await import('../trust/sbom.ts');
  const platform = about.known ? about.value.platform : { os: 'linux', architecture: 'unknown' };
  const name = `${image.registry}/${image.repository}`;
  const input = {
    ...{ packages: packages.value, osRelease: undefined, toolVersion: VERSION },
    ...{ image: { name, digest, platform }, created: gradedAt.toISOString() },
  };
  return type === 'application/spdx+json' ? spdxDocument(input) : cyclonedxDocument(input);
}
