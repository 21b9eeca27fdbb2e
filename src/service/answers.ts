import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { given } from '../lib/json.ts';
import type { ReportInput } from '../model/report.ts';
import { jsonLine } from '../report/text.ts';
import { type Allowed, imageText, parseImage } from './allowed.ts';
import type { AppDeps } from './deps.ts';
import type { GradeReport } from './grader.ts';
import type { Hands } from './hands.ts';
import { ApiProblem } from './problems.ts';
import type { Ask, GradeDetail, GradeRow, ImageName, ImageRow } from './shapes.ts';

export const API = '/api/v1';

export interface ApiDeps extends AppDeps {
  readonly allowed: Allowed;
  /** Checks verdicts that are sent; without it none are taken. */
  readonly hands: (() => Promise<Hands>) | undefined;
  /** Throw ApiProblem where a client did it too often: what makes work, and looks for badges. */
  readonly limits: Readonly<
    Record<'costly' | 'badges', (request: FastifyRequest) => Promise<void>>
  >;
}

/** Answers may be kept by caches that many share. */
export function isShared({ settings }: Pick<AppDeps, 'settings'>): boolean {
  return settings.reading === 'open';
}

/** The image of a name from outside. Throws ApiProblem. */
export function imageNameOf(text: string): ImageName {
  const read = parseImage(text);
  if (read.ok) return read.value;
  const nextStep = 'write HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:DIGEST';
  throw new ApiProblem('malformed', read.error, { nextStep });
}

/** The image of a name, of a registry that may be asked. Throws ApiProblem. */
export function allowedImage({ allowed }: Pick<ApiDeps, 'allowed'>, name: string): ImageName {
  const image = imageNameOf(name);
  const refusal = allowed.refusal(image);
  if (refusal === undefined) return image;
  throw new ApiProblem('registry-not-allowed', refusal, {
    nextStep: `name it in the settings of the service: registries: [{ host: ${image.registry} }], or --registry ${image.registry}`,
  });
}

export function notFound(what = 'no grade has this id'): ApiProblem {
  return new ApiProblem('not-found', what);
}

export function gradeJson(row: GradeRow): object {
  const { id, image, digest, gradedAt, origin, signer, level, overall, vectors } = row;
  const { counts, failing, advisoriesAt, builtAt, scoville } = row;
  return {
    ...{ id, image: imageText(image), digest, gradedAt, origin },
    ...{ signer, level, overall, vectors, counts, failing, advisoriesAt, builtAt, scoville },
  };
}

export function detailJson(detail: GradeDetail): object {
  return { ...gradeJson(detail), scorecard: detail.scorecard };
}

/** As the database has it: `report` is what the grader found besides. */
export type StoredDetail = NonNullable<Awaited<ReturnType<AppDeps['records']['detail']>>>;

/** All that a report shows; only the scorecard of a verdict. */
export function reportOf({ scorecard, report }: StoredDetail): ReportInput {
  const { contents } = (report ?? {}) as Partial<GradeReport>;
  return { scorecard, ...given({ contents }) };
}

/** Who asked is left out: it may be the name of a token. */
export function askJson(ask: Ask): { readonly id: string; readonly status: Ask['state'] } {
  const { id, image, state, reason, attempts, askedAt, startedAt, finishedAt } = ask;
  const { progress, error } = ask;
  return {
    ...{ id, image: imageText(image), status: state, reason, attempts, askedAt },
    ...{ startedAt, finishedAt, progress, error },
  };
}

export function imageJson(row: ImageRow): object {
  const { image, digest, isFollowed, checkedAt, goneAt, latest, before } = row;
  return {
    ...{ image: imageText(image), digest, followed: isFollowed, checkedAt, goneAt },
    latest: latest && gradeJson(latest),
    before: before && {
      ...{ id: before.id, gradedAt: before.gradedAt, level: before.level },
      overall: before.overall,
    },
  };
}

/** What the answer's ETag is: same bytes, same tag. */
export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}

/** Whether the client has this already (RFC 9110, 13.1.2: weak comparison). */
export function isKnown(request: FastifyRequest, etag: string): boolean {
  const sent = request.headers['if-none-match'];
  if (sent === undefined) return false;
  const names = sent.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return names.includes('*') || names.includes(etag);
}

/** How long answers may be kept, in seconds: for ever, or not without asking. */
type Keep = 'asking' | number;

/** Sends JSON with an ETag, or 304 where the client has it. */
export function sendTagged(
  request: FastifyRequest,
  reply: FastifyReply,
  body: object,
  { keep, shared }: { readonly keep: Keep; readonly shared: boolean },
): FastifyReply {
  const text = jsonLine(body);
  const etag = etagOf(text);
  const who = shared ? 'public' : 'private';
  void reply.headers({
    etag,
    'cache-control': keep === 'asking' ? `${who}, no-cache` : `${who}, max-age=${keep}`,
    ...(shared ? {} : { vary: 'authorization' }),
  });
  if (isKnown(request, etag)) return reply.code(304).send();
  return reply.type('application/json').serializer(String).send(text);
}
