import { afterAll, expect, test } from 'vitest';
import { formatReference } from '../../src/model/reference.ts';
import { packageOf, sampleContents } from '../report/sample-contents.ts';
import { sampleScorecard } from '../report/sample-scorecard.ts';
import { DAY_MS, tagged } from './made.ts';
import { bearer, closeDatabase, HOST, newService, type Service } from './service.ts';

afterAll(closeDatabase);

/** Asks for a grade, and is the worker that makes it. */
async function graded(
  service: Service,
  tag: string,
  versions: Readonly<Record<string, string>> = { hono: '4.0.0', pino: '9' },
): Promise<{ askId: string; gradeId: string }> {
  const image = tagged(tag);
  const { ask } = await service.queue.ask({ image, reason: 'api' });
  await service.records.start(ask.id);
  const gradedAt = new Date(service.now()).toISOString();
  const scorecard = { ...sampleScorecard(undefined, formatReference(image)), gradedAt };
  const counts = { critical: 0, high: 1, medium: 2, low: 3, unknown: 0 };
  const packages = Object.entries(versions).map(([name, version]) => packageOf(name, version));
  const report = { contents: [sampleContents({ packages })] };
  const made = { digest: scorecard.digest, scorecard, counts, report };
  const { grade } = await service.records.finish(ask.id, made);
  return { askId: ask.id, gradeId: grade.id };
}

test('a grade is asked for, looked at while it waits and when it is done', async () => {
  const service = await newService();
  const headers = bearer(await service.secret('ask'));
  const ask = () =>
    service.inject({
      method: 'POST',
      url: '/api/v1/grades',
      headers,
      payload: { image: `${HOST}/team/app:1` },
    });
  const first = await ask();
  expect(first.statusCode).toBe(202);
  const { id, status } = first.json<{ id: string; status: string }>();
  expect(status).toBe('queued');
  expect(first.headers['location']).toBe(`/api/v1/grades/${id}`);
  expect(first.headers['retry-after']).toBe('2');
  expect((await ask()).json()).toEqual({ id, status: 'queued' });

  const url = `/api/v1/grades/${id}`;
  const waiting = await service.inject({ url });
  expect(waiting.json()).toMatchObject({ id, status: 'queued', image: `${HOST}/team/app:1` });
  expect(waiting.headers['cache-control']).toBe('public, no-cache');
  expect((await service.inject({ url: `${url}/report` })).statusCode).toBe(409);

  await service.records.start(id);
  await service.records.progress(id, 'inspect');
  expect((await service.inject({ url })).json()).toMatchObject({
    ...{ status: 'running', progress: 'inspect', attempts: 1 },
  });
  const scorecard = sampleScorecard(undefined, `${HOST}/team/app:1`);
  const { grade } = await service.records.finish(id, { scorecard });
  const done = await service.inject({ url });
  expect(done.json()).toMatchObject({
    ...{ id, status: 'done' },
    grade: { id: grade.id, level: scorecard.level, scorecard: { digest: scorecard.digest } },
  });
  expect(done.headers['cache-control']).toBe('public, max-age=3600');
  const etag = String(done.headers['etag']);
  const again = await service.inject({ url, headers: { 'if-none-match': `W/"x", ${etag}` } });
  expect([again.statusCode, again.body]).toEqual([304, '']);
  const byGrade = await service.inject({ url: `/api/v1/grades/${grade.id}` });
  expect(byGrade.json()).toMatchObject({ status: 'done', grade: { id: grade.id } });
});

test('a grade that failed says why, and what to do', async () => {
  const service = await newService();
  const { ask } = await service.queue.ask({ image: tagged('1'), reason: 'api' });
  await service.records.start(ask.id);
  await service.records.fail(ask.id, { message: 'too \u001b[31mlarge', nextStep: 'make it small' });
  const answer = await service.inject({ url: `/api/v1/grades/${ask.id}` });
  expect(answer.json()).toMatchObject({
    ...{ status: 'failed', error: { message: 'too \u001b[31mlarge', nextStep: 'make it small' } },
  });
  // Whoever prints it to a terminal is safe.
  expect(answer.body).toContain(String.raw`too \u001b[31mlarge`);
});

test('a report is a page of its own, or the scorecard', async () => {
  const service = await newService();
  const { askId } = await graded(service, '1');
  const page = await service.inject({ url: `/api/v1/grades/${askId}/report` });
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['content-security-policy']).toContain('sandbox');
  expect(page.body).toContain(`<h1>${HOST}/team/app:1</h1>`);
  // What the grader found besides the scorecard.
  expect(page.body).toContain('CVE-2026-1001');
  const json = await service.inject({ url: `/api/v1/grades/${askId}/report?form=json` });
  expect(json.json()).toMatchObject({ schemaVersion: '1', image: `${HOST}/team/app:1` });
});

test('images are listed by page, filtered, and found by their names', async () => {
  const service = await newService();
  for (const tag of ['1', '2', '3']) await graded(service, tag);
  const first = await service.inject({ url: '/api/v1/images?limit=2' });
  const page = first.json<{ images: { image: string }[]; next: string }>();
  expect(page.images.map(({ image }) => image)).toEqual([
    `${HOST}/team/app:1`,
    `${HOST}/team/app:2`,
  ]);
  const rest = await service.inject({ url: `/api/v1/images?limit=2&cursor=${page.next}` });
  expect(rest.json()).toMatchObject({ images: [{ image: `${HOST}/team/app:3` }] });
  expect(rest.json()).not.toHaveProperty('next');
  const forged = await service.inject({ url: `/api/v1/images?cursor=${page.next}x` });
  expect(forged.json()).toMatchObject({ status: 400, type: '/problems/malformed' });

  const { level } = sampleScorecard();
  const count = async (query: string): Promise<number> =>
    (await service.inject({ url: `/api/v1/images?${query}` })).json<{ images: [] }>().images.length;
  expect(await count(`level=${level}`)).toBe(3);
  expect(await count(`level=${(level + 1) % 6}`)).toBe(0);
  expect(await count(`registry=${HOST}&q=app:2`)).toBe(1);
  expect(await count('registry=other.example.com')).toBe(0);

  const one = await service.inject({ url: `/api/v1/images/${HOST}/team/app:2` });
  const { digest } = sampleScorecard();
  expect(one.json()).toMatchObject({ image: `${HOST}/team/app:2`, digest, latest: { level } });
  const etag = String(one.headers['etag']);
  const same = { url: `/api/v1/images/${HOST}/team/app:2`, headers: { 'if-none-match': etag } };
  expect((await service.inject(same)).statusCode).toBe(304);
  const byDigest = await service.inject({ url: `/api/v1/images/${HOST}/team/app@${digest}` });
  expect(byDigest.json()).toMatchObject({ image: `${HOST}/team/app@${digest}`, followed: false });
  expect((await service.inject({ url: `/api/v1/images/${HOST}/team/app:9` })).statusCode).toBe(404);
  const known = await service.inject({ url: `/api/v1/digests/${digest}` });
  expect(known.json<{ images: []; grades: [] }>().images).toHaveLength(3);
  expect(known.json<{ images: []; grades: [] }>().grades).toHaveLength(3);
});

test('an image has its history, and is compared with another', async () => {
  const service = await newService();
  await graded(service, '1');
  service.pass(DAY_MS);
  await graded(service, '1');
  await graded(service, '2', { hono: '4.0.1', zod: '3' });
  const url = `/api/v1/history/${HOST}/team/app:1`;
  const first = await service.inject({ url: `${url}?limit=1` });
  expect(first.json()).toMatchObject({ grades: [{ gradedAt: '2026-06-02T12:00:00.000Z' }] });
  const { next } = first.json<{ next: string }>();
  expect((await service.inject({ url: `${url}?cursor=${next}` })).json()).toMatchObject({
    grades: [{ gradedAt: '2026-06-01T12:00:00.000Z', counts: { high: 1 } }],
  });
  const compared = await service.inject({
    url: `/api/v1/compare?a=${HOST}/team/app:1&b=${HOST}/team/app:2`,
  });
  expect(compared.json()).toMatchObject({
    ...{ before: { image: `${HOST}/team/app:1` }, after: { image: `${HOST}/team/app:2` } },
    criteria: [],
    packages: {
      added: [{ type: 'npm', name: 'zod', before: [], after: ['3'] }],
      removed: [{ type: 'npm', name: 'pino', before: ['9'], after: [] }],
      changed: [{ type: 'npm', name: 'hono', before: ['4.0.0'], after: ['4.0.1'] }],
    },
  });
  await service.queue.ask({ image: tagged('3'), reason: 'api' });
  const waiting = `/api/v1/compare?a=${HOST}/team/app:1&b=${HOST}/team/app:3`;
  expect((await service.inject({ url: waiting })).json()).toMatchObject({
    ...{ status: 409, detail: `${HOST}/team/app:3 has no grade yet` },
  });
});

test('badges say the grade, its age, and unknown', async () => {
  const service = await newService();
  await graded(service, '1');
  const { overall, level, levelName, vectors } = sampleScorecard();
  const message = async (label: string, tag = '1'): Promise<string> => {
    const url = `/badge/${HOST}/team/app:${tag}/${label}.json`;
    return (await service.inject({ url })).json<{ message: string }>().message;
  };
  expect(await message('overall')).toBe(overall.grade);
  expect(await message('minimalism')).toBe(vectors.minimalism.grade);
  expect(await message('provenance')).toBe(vectors.provenance.grade);
  expect(await message('config')).toBe(vectors.configuration.grade);
  expect(await message('CVEs')).toBe(vectors.vulnerabilities.grade);
  expect(await message('level')).toBe(level === 0 ? '0' : `${level} ${levelName}`);
  expect(await message('overall', '9')).toBe('unknown');
  const url = `/badge/${HOST}/team/app:1/overall.svg`;
  const svg = await service.inject({ url });
  expect(svg.headers['content-type']).toBe('image/svg+xml; charset=utf-8');
  expect(svg.headers['cross-origin-resource-policy']).toBe('cross-origin');
  expect(svg.body).toContain(`<title id="title">CHPs Score: ${overall.grade}</title>`);
  const etag = String(svg.headers['etag']);
  const same = await service.inject({ url, headers: { 'if-none-match': etag } });
  expect([same.statusCode, same.body]).toEqual([304, '']);
  // Kept for a minute, then made again.
  service.pass(45 * DAY_MS);
  expect(await message('overall')).toBe(`${overall.grade} · 45 d`);
  const other = await service.inject({ url: `/badge/${HOST}/team/app:1/nice.svg` });
  expect(other.statusCode).toBe(404);
});
