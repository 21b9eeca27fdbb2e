import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { ApiProblem } from '../../src/service/http.ts';
import { nameOf, recordOf } from '../../src/service/record-rows.ts';
import type { ImageFilter } from '../../src/service/records-images.ts';
import {
  type Asked,
  createAsks,
  type Finished,
  makeRecords,
  type NewAsk,
} from '../../src/service/records.ts';
import type { ImageName } from '../../src/service/shapes.ts';
import { cleanDatabase, KINDS, removeDatabases } from './databases.ts';
import { DAY_MS, madeGrade, SETTINGS, tagged } from './made.ts';

afterAll(removeDatabases);

const START = Date.parse('2026-03-01T12:00:00Z');

async function open(kind: (typeof KINDS)[number], settings = SETTINGS) {
  const database = await cleanDatabase(kind);
  const clock = { at: START };
  const records = makeRecords(database, { now: () => clock.at, settings });
  const ask = (image: ImageName, more: Partial<NewAsk> = {}) =>
    database.transaction(async (query) => {
      const [asked] = await createAsks(query, [{ image, reason: 'api', ...more }], clock.at);
      return asked as Asked;
    });
  const grade = async (
    image: ImageName,
    made: Omit<Parameters<typeof madeGrade>[0], 'at'> = {},
  ): Promise<Finished> => {
    const { ask: asked } = await ask(image);
    await records.start(asked.id);
    return records.finish(asked.id, madeGrade({ ...made, at: clock.at }));
  };
  return { database, records, clock, ask, grade };
}

describe.each(KINDS)('records in %s', (kind) => {
  test('an ask goes from queued to done, and its grade is what was made', async () => {
    const { records, ask, clock } = await open(kind);
    const image = tagged('1.0');
    const { ask: asked, isNew } = await ask(image, { askedBy: 'ci' });
    expect(isNew).toBe(true);
    expect(asked).toEqual({
      ...{ id: asked.id, image, reason: 'api', askedBy: 'ci', state: 'queued' },
      ...{ attempts: 0, askedAt: new Date(START) },
    });
    clock.at += 1000;
    expect(await records.start(asked.id)).toMatchObject({
      ...{ state: 'running', attempts: 1, startedAt: new Date(START + 1000) },
    });
    await records.progress(asked.id, 'reading layer 2 of 3');
    expect((await records.ask(asked.id))?.progress).toBe('reading layer 2 of 3');
    const builtAt = new Date(START - DAY_MS);
    const made = madeGrade({ at: clock.at, builtAt, report: { packages: 12, names: ['a'] } });
    const done = await records.finish(asked.id, made);
    const expected = {
      id: done.grade.id,
      image,
      digest: digestOf('one'),
      gradedAt: new Date(clock.at),
      origin: 'service',
      level: 3,
      overall: { points: 15, total: 23, grade: 'B' },
      vectors: {
        ...{ minimalism: 'B', provenance: 'A+', configuration: 'B', vulnerabilities: 'D' },
      },
      counts: { critical: 1, high: 2, medium: 3, low: 4, unknown: 5 },
      failing: ['no-shell'],
      builtAt,
      scoville: '1.2.3',
    };
    expect(done).toEqual({ grade: expected, change: 'first', isNew: true });
    const after = await records.ask(asked.id);
    expect(after).toMatchObject({ state: 'done', gradeId: done.grade.id });
    expect(after).not.toHaveProperty('progress');
    expect(await records.lastAsk(image)).toEqual(after);
    expect(await records.grade(done.grade.id)).toEqual(expected);
    expect(await records.detail(done.grade.id)).toEqual({
      ...expected,
      scorecard: made.scorecard,
      report: { packages: 12, names: ['a'] },
    });
    expect(await records.image(image)).toEqual({
      ...{ image, digest: digestOf('one'), isFollowed: false, checkedAt: new Date(clock.at) },
      latest: expected,
    });
    expect(await records.start(asked.id)).toBeUndefined();
  });

  test('what is queued is asked once, unless it is fresh', async () => {
    const { records, ask } = await open(kind);
    const [first, second, fresh, other] = await Promise.all([
      ask(tagged('1')),
      ask(tagged('1'), { reason: 'daily' }),
      ask(tagged('1'), { fresh: true }),
      ask(tagged('2')),
    ]);
    expect(first.ask.id).toBe(second.ask.id);
    expect([first.isNew, second.isNew].sort()).toEqual([false, true]);
    expect(new Set([first.ask.id, fresh.ask.id, other.ask.id]).size).toBe(3);
    await records.start(first.ask.id);
    // The one that runs may have read the tag before a push.
    expect((await ask(tagged('1'))).isNew).toBe(true);
    expect((await ask({ ...tagged('1'), digest: digestOf('x') })).ask.image).toEqual({
      ...{ registry: 'registry.example.com', repository: 'team/app', digest: digestOf('x') },
    });
  });

  test('a second finish changes nothing', async () => {
    const { records, ask, clock, database } = await open(kind);
    const { ask: asked } = await ask(tagged('1'));
    await records.start(asked.id);
    const seen: string[] = [];
    const finish = (level: number) =>
      records.finish(asked.id, madeGrade({ at: clock.at, level }), ({ grade }) => {
        seen.push(grade.id);
        return Promise.resolve();
      });
    const results = await Promise.all([finish(1), finish(2), finish(3)]);
    const grades = results.map(({ grade }) => grade);
    expect(new Set(grades.map(({ id }) => id)).size).toBe(1);
    expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(seen).toEqual([grades[0]?.id]);
    expect(await database.query('SELECT count(*) AS rows FROM grade')).toEqual([{ rows: 1 }]);
    expect((await records.history(tagged('1'), { limit: 9 })).rows).toEqual([grades[0]]);
  });

  test('what throws within a finish undoes all of it', async () => {
    const { records, ask, clock, database } = await open(kind);
    const { ask: asked } = await ask(tagged('1'));
    await records.start(asked.id);
    const made = madeGrade({ at: clock.at });
    const killed = records.finish(asked.id, made, () => Promise.reject(new Error('killed')));
    await expect(killed).rejects.toThrow('killed');
    expect((await records.ask(asked.id))?.state).toBe('running');
    expect(await database.query('SELECT * FROM grade')).toEqual([]);
    expect((await records.finish(asked.id, made)).isNew).toBe(true);
  });

  test('an ask has five faults of its registry, then it fails', async () => {
    const { records, ask } = await open(kind);
    const { ask: asked } = await ask(tagged('1'));
    const states: string[] = [];
    for (let i = 1; i <= 6; i++) {
      await records.start(asked.id);
      states.push(await records.fail(asked.id, { message: `503, ${i}` }, { mayRetry: true }));
    }
    expect(states).toEqual(['queued', 'queued', 'queued', 'queued', 'queued', 'failed']);
    expect(await records.ask(asked.id)).toMatchObject({
      ...{ state: 'failed', attempts: 6, error: { message: '503, 6' } },
    });
    expect(await records.start(asked.id)).toBeUndefined();
  });

  test('an image that its registry does not have is gone, and comes back', async () => {
    const { records, ask, grade, clock } = await open(kind);
    await grade(tagged('1'));
    const { ask: asked } = await ask(tagged('1'));
    clock.at += DAY_MS;
    await records.fail(asked.id, { message: 'not found', nextStep: 'push it' }, { gone: true });
    expect((await records.image(tagged('1')))?.goneAt).toEqual(new Date(clock.at));
    expect((await records.ask(asked.id))?.error).toEqual({
      message: 'not found',
      nextStep: 'push it',
    });
    expect(await records.search({}, { limit: 5 })).toEqual({ rows: [] });
    expect(await records.takeDue(5)).toEqual([]);
    expect(await records.summary()).toMatchObject({ images: 0, levels: [0, 0, 0, 0, 0, 0] });
    await grade(tagged('1'));
    expect(await records.image(tagged('1'))).not.toHaveProperty('goneAt');
    expect(await records.summary()).toMatchObject({ images: 1, levels: [0, 0, 0, 1, 0, 0] });
  });

  test('the same scorecard is kept once', async () => {
    const { grade, clock, database, records } = await open(kind);
    const ids: string[] = [];
    for (let day = 0; day < 3; day++) {
      ids.push((await grade(tagged('1'))).grade.id);
      clock.at += DAY_MS;
    }
    await grade(tagged('1'), { failing: ['no-shell', 'signed'] });
    expect(await database.query('SELECT count(*) AS rows FROM document')).toEqual([{ rows: 2 }]);
    expect((await records.detail(ids[1] ?? ''))?.scorecard.gradedAt).toBe(
      new Date(START + DAY_MS).toISOString(),
    );
  });

  test('an image shows its newest grade and the last that differs', async () => {
    const { grade, records, clock } = await open(kind);
    const changes: string[] = [];
    const made = [
      { level: 3, grade: 'B' },
      { level: 3, grade: 'B' },
      { level: 3, grade: 'A' },
      { level: 2, grade: 'A' },
      { level: 2, grade: 'A' },
    ] as const;
    for (const one of made) {
      changes.push((await grade(tagged('1'), one)).change);
      clock.at += DAY_MS;
    }
    expect(changes).toEqual(['first', 'same', 'better', 'worse', 'same']);
    const { rows } = await records.history(tagged('1'), { limit: 9 });
    expect(rows.map(({ level }) => level)).toEqual([2, 2, 3, 3, 3]);
    const [newest, , before] = rows;
    const row = await records.image(tagged('1'));
    expect(row?.latest).toEqual(newest);
    expect(row?.before).toEqual({
      ...{ id: before?.id, gradedAt: new Date(START + 2 * DAY_MS), level: 3 },
      overall: { points: 15, total: 23, grade: 'A' },
    });
    expect((await records.summary()).worse).toEqual([row]);
    clock.at += 7 * DAY_MS;
    expect((await records.summary()).worse).toEqual([]);
    await grade(tagged('1'), { level: 1 });
    expect((await records.summary()).worse).toHaveLength(1);
    await grade(tagged('1'), { level: 4 });
    expect((await records.summary()).worse).toEqual([]);
  });

  test('history comes in pages, the newest first', async () => {
    const { grade, records, clock } = await open(kind);
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      // Two at the same time.
      clock.at += i === 3 ? 0 : 1000;
      ids.push((await grade(tagged('1'), { level: i })).grade.id);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const request = { limit: 2, ...(cursor === undefined ? {} : { cursor }) };
      const page = await records.history(tagged('1'), request);
      seen.push(...page.rows.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen[0]).toBe(ids[4]);
    expect(seen.toSorted()).toEqual(ids.toSorted());
    expect((await records.gradesOf(digestOf('one'), 2)).map(({ id }) => id)).toEqual(
      seen.slice(0, 2),
    );
    await expect(records.history(tagged('1'), { limit: 2, cursor: 'x' })).rejects.toThrow(
      ApiProblem,
    );
  });

  test('search filters, and pages do not overlap', async () => {
    const { grade, records, clock, ask } = await open(kind);
    const days = (count: number) => new Date(clock.at - count * DAY_MS);
    const other = { registry: 'other.example.com', repository: 'tools/curl', tag: '8' };
    await grade(tagged('1.0'), { level: 2, builtAt: days(40), failing: ['signed'] });
    await grade(tagged('1.1'), { level: 3, builtAt: days(10), failing: ['signed', 'no-shell'] });
    await grade(tagged('latest', 'team/web'), { level: 3, builtAt: days(60), failing: [] });
    await grade(other, { level: 3, failing: ['no-shell'] });
    await ask(tagged('new'));
    await grade({ registry: 'r.example.com', repository: 'by/digest', digest: digestOf('one') });
    const names = async (filter: ImageFilter, limit = 9): Promise<string[]> => {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const request = { limit, ...(cursor === undefined ? {} : { cursor }) };
        const page = await records.search(filter, request);
        expect(page.rows.length).toBeLessThanOrEqual(limit);
        found.push(...page.rows.map(({ image }) => `${image.repository}:${image.tag ?? ''}`));
        cursor = page.next;
      } while (cursor !== undefined);
      return found;
    };
    const all = ['tools/curl:8', 'team/app:1.0', 'team/app:1.1', 'team/app:new', 'team/web:latest'];
    expect(await names({})).toEqual(all);
    expect(await names({}, 1)).toEqual(all);
    expect(await names({}, 2)).toEqual(all);
    expect(await names({ level: 3 })).toEqual(['tools/curl:8', 'team/app:1.1', 'team/web:latest']);
    expect(await names({ registry: 'other.example.com' })).toEqual(['tools/curl:8']);
    expect(await names({ registry: 'other.example' })).toEqual([]);
    expect(await names({ olderThanDays: 30 })).toEqual(['team/web:latest', 'team/app:1.0']);
    expect(await names({ olderThanDays: 30 }, 1)).toEqual(['team/web:latest', 'team/app:1.0']);
    expect(await names({ fails: 'signed' })).toEqual(['team/app:1.0', 'team/app:1.1']);
    expect(await names({ fails: 'no-shell', level: 3 })).toEqual(['tools/curl:8', 'team/app:1.1']);
    expect(await names({ q: 'APP' })).toEqual(['team/app:1.0', 'team/app:1.1', 'team/app:new']);
    expect(await names({ q: 'cu' })).toEqual(['tools/curl:8']);
    expect(await names({ q: 'rl' })).toEqual([]);
    expect(await names({ q: '%' })).toEqual([]);
    expect(await names({ q: "o'_\\" })).toEqual([]);
    await expect(records.search({}, { limit: 2, cursor: 'W10' })).rejects.toThrow(ApiProblem);

    const exported: string[] = [];
    for await (const { image } of records.export()) exported.push(image.repository);
    expect(exported).toEqual(all.map((name) => name.split(':')[0]));
    const page = await records.tags('registry.example.com', 'team/app', { limit: 2 });
    expect(page.rows.map(({ image }) => image.tag)).toEqual(['1.0', '1.1']);
    const next = { limit: 2, cursor: page.next ?? '' };
    const rest = await records.tags('registry.example.com', 'team/app', next);
    expect(rest).toMatchObject({ rows: [{ image: { tag: 'new' } }] });
    expect(rest).not.toHaveProperty('next');
    expect(await records.imagesOf(digestOf('one'), 9)).toHaveLength(4);
    expect(await records.summary()).toMatchObject({
      ...{ images: 5, levels: [0, 0, 1, 3, 0, 0], ungraded: 1, old: 2 },
    });
  });

  test('followed tags come and go', async () => {
    const { records, grade, clock } = await open(kind);
    await grade(tagged('1'));
    const follow = async (...tags: string[]) =>
      (await records.followTags('registry.example.com', 'team/app', tags)).map(({ tag }) => tag);
    expect((await follow('1', '2', '3')).sort()).toEqual(['1', '2', '3']);
    expect(await follow('1', '2', '3')).toEqual([]);
    expect(await follow('1', '3', '4')).toEqual(['4']);
    expect((await records.image(tagged('2')))?.goneAt).toEqual(new Date(clock.at));
    expect((await records.image(tagged('1')))?.isFollowed).toBe(true);
    expect(await follow('1', '2')).toEqual(['2']);
    expect(await records.image(tagged('2'))).not.toHaveProperty('goneAt');

    expect(await records.checked(tagged('1'), digestOf('one'))).toBe(false);
    expect(await records.checked(tagged('1'), digestOf('two'))).toBe(true);
    expect(await records.checked(tagged('9'), digestOf('two'))).toBe(true);
    expect(await records.image(tagged('1'))).toMatchObject({
      ...{ digest: digestOf('two'), latest: { digest: digestOf('one') } },
    });
  });

  test('an image is due a day after its grade, and given once', async () => {
    const { records, grade, clock } = await open(kind);
    await grade(tagged('1'));
    await grade({ registry: 'r.example.com', repository: 'a', digest: digestOf('one') });
    clock.at += 1000;
    await grade(tagged('2'));
    expect(await records.takeDue(9)).toEqual([]);
    clock.at += DAY_MS - 1000;
    const taken = await Promise.all([records.takeDue(9), records.takeDue(9)]);
    expect(taken.flat()).toEqual([
      { name: nameOf(tagged('1')), grade_id: (await records.image(tagged('1')))?.latest?.id },
    ]);
    clock.at += 1000;
    expect((await records.takeDue(9)).map(({ name }) => name)).toEqual([nameOf(tagged('2'))]);
    clock.at += DAY_MS;
    expect(await records.takeDue(1)).toHaveLength(1);
    expect(await records.takeDue(9)).toHaveLength(1);
  });

  test('what is due is graded together and once; what has no grade, and nobody asked for, is given back', async () => {
    const { records, ask, grade, clock } = await open(kind);
    for (const tag of ['1', '2', '3', '4', '5']) await grade(tagged(tag), { level: 2 });
    clock.at += DAY_MS;
    const due = await records.takeDue(9);
    const later = clock.at + 1000;
    const made = new Map(
      due
        .filter(({ name }) => !name.endsWith(':2'))
        .map(({ name }) => [name, recordOf(madeGrade({ at: later, level: 1 }))]),
    );
    await grade(tagged('3'));
    await ask(tagged('4'));
    await records.gone(tagged('5'));
    const told: unknown[] = [];
    const finish = () =>
      records.finishDue(due, made, ({ grade: { image, level }, change, before, isNew }) =>
        Promise.resolve(void told.push([image.tag, level, change, before?.level, isNew])),
      );
    const left = await Promise.all([finish(), finish()]);
    expect(left.map((all) => all.map(({ name }) => name))).toEqual([
      [nameOf(tagged('2'))],
      [nameOf(tagged('2'))],
    ]);
    expect(told).toEqual([['1', 1, 'worse', 2, true]]);
    const counts = ['1', '2', '3', '4', '5'].map(
      async (tag) => (await records.history(tagged(tag), { limit: 9 })).rows.length,
    );
    expect(await Promise.all(counts)).toEqual([2, 1, 2, 1, 1]);
    expect((await records.image(tagged('1')))?.checkedAt).toEqual(new Date(later));
  });

  test('what throws within undoes all of what was due', async () => {
    const { records, grade, clock } = await open(kind);
    for (const tag of ['1', '2']) await grade(tagged(tag));
    clock.at += DAY_MS;
    const due = await records.takeDue(9);
    const made = new Map(due.map(({ name }) => [name, recordOf(madeGrade({ at: clock.at }))]));
    const killed = records.finishDue(due, made, () => Promise.reject(new Error('killed')));
    await expect(killed).rejects.toThrow('killed');
    expect((await records.history(tagged('1'), { limit: 9 })).rows).toHaveLength(1);
    expect(await records.finishDue(due, made)).toEqual([]);
    expect((await records.history(tagged('1'), { limit: 9 })).rows).toHaveLength(2);
  });

  test('a verdict is kept once, and counts while its tag has that build', async () => {
    const { records, grade, clock } = await open(kind);
    await grade(tagged('1'), { level: 2 });
    const verdict = (level: number, minutes: number, bytes = 'one') => {
      const at = clock.at + minutes * 60_000;
      const made = madeGrade({ at, level, bytes });
      return { ...made, image: tagged('1'), signer: 'key of ci' };
    };
    const first = await records.addVerdict(verdict(5, 1));
    expect(first).toMatchObject({ isNew: true, change: 'better' });
    expect(first.grade).toMatchObject({ origin: 'verdict', signer: 'key of ci', level: 5 });
    expect(await records.addVerdict(verdict(5, 1))).toMatchObject({
      ...{ isNew: false, grade: { id: first.grade.id } },
    });
    expect((await records.image(tagged('1')))?.latest).toEqual(first.grade);
    await records.addVerdict(verdict(4, -5));
    await records.addVerdict(verdict(1, 5, 'other build'));
    expect((await records.image(tagged('1')))?.latest).toEqual(first.grade);
    expect((await records.history(tagged('1'), { limit: 9 })).rows).toHaveLength(4);
  });

  test('upkeep removes what is old, but never the newest grade', async () => {
    const keepSeconds = 10 * 86_400;
    const { records, grade, clock, database } = await open(kind, { ...SETTINGS, keepSeconds });
    await grade(tagged('old'), { level: 1, failing: ['a'] });
    clock.at += 1000;
    await grade(tagged('old'), { level: 2, failing: ['b'] });
    await grade(tagged('old'), { level: 2, failing: ['c'] });
    await grade(tagged('1'), { failing: ['d'] });
    clock.at += 11 * DAY_MS;
    await grade(tagged('1'), { failing: ['e'] });
    await grade(tagged('1'), { failing: ['f'] });
    await records.upkeep();
    const left = await database.query<{ name: string; failing: string[] }>(
      'SELECT i.name, g.failing FROM grade g JOIN image i ON i.id = g.image_id ORDER BY g.graded_at, g.failing',
    );
    // Of `old`, its newest and the one that it is compared with.
    expect(left.map(({ failing }) => failing.join())).toEqual(['a', 'c', 'e', 'f']);
    expect(await database.query('SELECT count(*) AS rows FROM document')).toEqual([{ rows: 4 }]);
    expect(await database.query('SELECT count(*) AS rows FROM ask')).toEqual([{ rows: 2 }]);
  });

  test('facts of layers are bounded: those used longest ago go first', async () => {
    const bounds = { ...SETTINGS.bounds, factBytes: 10_000 };
    const { records, clock, database } = await open(kind, { ...SETTINGS, bounds });
    const facts = (): Uint8Array => randomBytes(1_900);
    const first = facts();
    await records.putLayerFacts('a', first);
    for (const key of ['b', 'c', 'd', 'e']) {
      clock.at += DAY_MS;
      await records.putLayerFacts(key, facts());
    }
    clock.at += DAY_MS;
    expect(Buffer.from((await records.layerFacts('a')) ?? []).equals(first)).toBe(true);
    expect(await records.layerFacts('x')).toBeUndefined();
    clock.at += DAY_MS;
    await records.putLayerFacts('f', facts());
    await records.putLayerFacts('large', randomBytes(20_000));
    const left = await database.query<{ key: string }>('SELECT key FROM layer_facts ORDER BY key');
    expect(left.map(({ key }) => key)).toEqual(['a', 'c', 'd', 'e', 'f']);
    const [kept] = await database.query<{ bytes: number }>(
      'SELECT sum(bytes) AS bytes FROM layer_facts',
    );
    expect(kept?.bytes).toBeGreaterThan(9_000);
    expect(kept?.bytes).toBeLessThanOrEqual(10_000);
  });

  test('counts asks and images', async () => {
    const { records, ask, clock } = await open(kind);
    const { factBytes } = await records.counts();
    expect(factBytes).toBeGreaterThan(0);
    expect(await records.counts()).toEqual({
      ...{ asks: { queued: 0, running: 0 }, images: 0, factBytes },
    });
    await ask(tagged('1'));
    clock.at += 1000;
    await ask(tagged('2'));
    await records.start((await ask(tagged('3'))).ask.id);
    expect(await records.counts()).toEqual({
      ...{ asks: { queued: 2, running: 1 }, oldestQueued: new Date(START), images: 3 },
      factBytes,
    });
  });

  test('an unknown id is nobody', async () => {
    const { records } = await open(kind);
    for (const id of ['x', '', "'; DROP TABLE ask", '00000000-0000-4000-8000-000000000000']) {
      expect(await records.ask(id)).toBeUndefined();
      expect(await records.grade(id)).toBeUndefined();
      expect(await records.detail(id)).toBeUndefined();
    }
    expect(await records.image(tagged('1'))).toBeUndefined();
    expect(await records.lastAsk(tagged('1'))).toBeUndefined();
    expect(await records.history(tagged('1'), { limit: 3 })).toEqual({ rows: [] });
  });
});
