import { createHash } from 'node:crypto';
import { nextSteps } from '../criteria/next-steps.ts';
import { given } from '../lib/json.ts';
import type { ReportInput } from '../model/report.ts';
import { type Allowed, imageText, parseImage } from './allowed.ts';
import type { GradeReport } from './grader.ts';
import type { Hands } from './hands.ts';
import type { AppDeps } from './parts.ts';
import { ApiProblem } from './problems.ts';
import type { Ask, GradeRow, ImageName, ImageRow } from './shapes.ts';

export const API = '/api/v1';

export interface ApiDeps extends AppDeps {
  readonly allowed: Allowed;
  /** Checks verdicts that are sent; without it none are taken. */
  readonly hands: (() => Promise<Hands>) | undefined;
  /** Badges that are made for one address in a minute. */
  readonly limits: { readonly badges: number };
}

/** How caches may keep an answer: those that many share, too, where anyone may read. */
export function caching({ settings }: AppDeps, how: string): string {
  return `${settings.reading === 'open' ? 'public' : 'private'}, ${how}`;
}

export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}

/** The image of a name from outside. Throws ApiProblem. */
export function imageNameOf(text: string): ImageName {
  const read = parseImage(text);
  if (read.ok) return read.value;
  const nextStep = 'write HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:DIGEST';
  throw new ApiProblem('malformed', read.error, { nextStep });
}

/** Of a registry that may be asked. Throws ApiProblem. */
export function allowedImage({ allowed }: ApiDeps, name: string): ImageName {
  const image = imageNameOf(name);
  const refusal = allowed.refusal(image);
  if (refusal === undefined) return image;
  throw new ApiProblem('registry-not-allowed', refusal, {
    nextStep: `start the service with --registry ${image.registry}`,
  });
}

export function notFound(what = 'no grade has this id'): ApiProblem {
  return new ApiProblem('not-found', what);
}

/** Most images and grades of a digest that are read. */
export const MOST_OF_DIGEST = 100;

/** Of a tag, or of a digest that was graded; undefined where nobody asked. */
export async function imageRow(
  { records }: AppDeps,
  image: ImageName,
): Promise<ImageRow | undefined> {
  const { registry, repository, digest } = image;
  const row = await records.image(image);
  if (row !== undefined || digest === undefined) return row;
  const latest = (await records.gradesOf(digest, MOST_OF_DIGEST)).find(
    ({ image: of }) => of.registry === registry && of.repository === repository,
  );
  return latest && { image, digest, isFollowed: false, latest };
}

/** As the database has it: `report` is what the grader found besides. */
export type StoredDetail = NonNullable<Awaited<ReturnType<AppDeps['records']['detail']>>>;

/** All that a report shows; of a verdict, what its scorecard has. */
export function reportOf({ scorecard, report, advisoriesAt }: StoredDetail): ReportInput {
  const { contents } = (report ?? {}) as Partial<GradeReport>;
  // The date is kept with the grade alone, so that equal reports are one.
  const databaseDate = advisoriesAt?.toISOString().slice(0, 10);
  const dated = contents?.map(({ facts, ...one }) => {
    const { vulnerabilities: fact } = facts;
    const value = fact.known && { ...fact.value, ...given({ databaseDate }) };
    return { ...one, facts: { ...facts, vulnerabilities: value ? { ...fact, value } : fact } };
  });
  return { scorecard, steps: nextSteps(scorecard), ...given({ contents: dated }) };
}

export function gradeJson({ image, ...row }: GradeRow): object {
  return { ...row, image: imageText(image), report: undefined };
}

/** Who asked is left out: it may be the name of a token. */
export function askJson({ image, state, ...ask }: Ask): object {
  const hidden = { askedBy: undefined, gradeId: undefined };
  return { ...ask, image: imageText(image), status: state, ...hidden };
}

export function imageJson({ image, isFollowed, latest, ...row }: ImageRow): object {
  return {
    ...{ ...row, image: imageText(image), followed: isFollowed },
    latest: latest && gradeJson(latest),
  };
}
