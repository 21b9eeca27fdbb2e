import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { judgeImage } from '../../src/criteria/catalogue.ts';
import { DatabaseAway } from '../../src/service/database.ts';
import type { Logger } from '../../src/service/log.ts';
import { attribute, type Element, elementsOf, textOf } from '../report/page-tree.ts';
import { sampleContents } from '../report/sample-contents.ts';
import { sampleFacts } from '../report/sample-scorecard.ts';
import { openStand, type Stand } from './pages-stand.ts';
import { addGrade, addOpenAsks, FAILED, NOW, RUNNING, scorecardAt, SHOWN } from './sample-fleet.ts';

const COUNT = 100;
const SHOWN_PATH = '/images/registry.example.com/shop/api:latest';

let stand: Stand;
beforeAll(async () => {
  stand = await openStand(COUNT);
});
afterAll(() => stand.close());

async function get(url: string, headers: Record<string, string> = {}, of = stand) {
  return of.app.inject({ url, headers: { accept: 'text/html', ...headers } });
}

/** A page as a browser reads it; every page is well-formed. */
async function pageAt(url: string): Promise<{ all: readonly Element[]; text: string }> {
  const { body, statusCode } = await get(url);
  expect(statusCode, url).toBe(200);
  const all = elementsOf(body);
  return { all, text: textOf(named(all, 'body')) };
}

function named(all: readonly Element[], tag: string): Element {
  const found = all.find(({ tagName }) => tagName === tag);
  if (found === undefined) throw new Error(`no ${tag}`);
  return found;
}

function classed(all: readonly Element[], name: string): readonly Element[] {
  return all.filter((one) => attribute(one, 'class')?.split(' ').includes(name) === true);
}

const namesIn = (all: readonly Element[]): readonly string[] =>
  classed(all, 'image').map((link) => textOf(link));
const rowsIn = (all: readonly Element[]): readonly string[] => {
  const [list] = classed(all, 'images');
  return list === undefined ? [] : namesIn(elementsIn(list));
};

function elementsIn(of: Element): readonly Element[] {
  return of.childNodes.flatMap((node) => ('tagName' in node ? [node, ...elementsIn(node)] : []));
}

describe('the fleet', () => {
  test('says how many images are at which level; the counts are all images', async () => {
    const { all, text } = await pageAt('/');
    expect(text).toContain(`${COUNT} images`);
    const legend = all
      .filter((one) => attribute(one, 'href')?.startsWith('/?level=') === true)
      .map((one) => textOf(one));
    const counts = legend.map((one) => Number(/^\d+/.exec(one)?.[0]));
    expect(counts.reduce((sum, one) => sum + one, 0)).toBe(COUNT);
    for (const [index, count] of counts.entries()) {
      const { all: found } = await pageAt(`/?level=${5 - index}`);
      expect(rowsIn(found)).toHaveLength(Math.min(count, 50));
    }
  });

  test('shows what got worse this week, and the oldest images', async () => {
    const { all } = await pageAt('/');
    const [worse = [], old = []] = classed(all, 'short').map((list) => namesIn(elementsIn(list)));
    expect(worse).toContain('registry.example.com/shop/api:latest');
    expect(worse).toHaveLength(5);
    expect(old).toHaveLength(5);
    const { records } = stand;
    const oldest = await records.search({ olderThanDays: 30 }, { limit: 1 });
    const image = oldest.rows[0]?.image;
    expect(old[0]).toBe(`${image?.registry}/${image?.repository}:${image?.tag}`);
  });

  test('pages lead through all images, each once', async () => {
    const seen: string[] = [];
    let next: string | undefined = '/';
    for (let pages = 0; next !== undefined && pages < 10; pages += 1) {
      const { all } = await pageAt(next);
      seen.push(...rowsIn(all));
      next =
        all
          .map((one) => attribute(one, 'rel') === 'next' && attribute(one, 'href'))
          .find(Boolean) || undefined;
    }
    expect(seen).toHaveLength(COUNT);
    expect(new Set(seen).size).toBe(COUNT);
  });

  test('a search keeps what was chosen, and finds that alone', async () => {
    const { all } = await pageAt('/?q=api&registry=ghcr.io&fails=no-shell');
    const rows = rowsIn(all);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter((one) => !/^ghcr\.io\/.*api/.test(one))).toEqual([]);
    const chosen = all
      .filter((one) => attribute(one, 'selected') !== undefined)
      .map((one) => attribute(one, 'value'));
    expect(chosen).toEqual(expect.arrayContaining(['ghcr.io', 'no-shell']));
  });
});

describe('an image', () => {
  test('has its report, history, badges and packages', async () => {
    const report = { contents: [sampleContents()] };
    const image = { ...SHOWN, repository: 'shop/whole' };
    const at = { level: 2, gradedAt: NOW - 60_000, builtAt: NOW };
    await addGrade(stand, image, { ...at, gradedAt: NOW - 86_400_000 });
    await addGrade(stand, image, { ...at, report });
    const { all, text } = await pageAt('/images/registry.example.com/shop/whole:latest');
    expect(text).toContain('Level 2 of 5');
    expect(text).toContain('2 grades in words');
    expect(text).toContain('database of 2026-11-30');
    expect(text).toContain('app/node_modules/hono/package.json');
    expect(text).toContain(
      '[![CHPs Score](https://grades.example.com/badge/registry.example.com/shop/whole:latest/overall.svg)](https://grades.example.com/images/registry.example.com/shop/whole:latest)',
    );
    const badges = all.filter(({ tagName }) => tagName === 'img');
    for (const badge of badges) {
      const { statusCode, headers } = await get(attribute(badge, 'src') ?? '');
      expect([statusCode, headers['content-type']]).toEqual([200, 'image/svg+xml; charset=utf-8']);
    }
    expect(badges).toHaveLength(6);
  });

  test('the chart has a gap where nobody looked for vulnerabilities', async () => {
    const image = { ...SHOWN, repository: 'shop/gap' };
    const counts = { critical: 1, high: 1, medium: 0, low: 0, unknown: 0 };
    for (const [days, found] of [
      [4, { counts }],
      [3, {}],
      [2, { counts }],
    ] as const)
      await addGrade(stand, image, {
        ...{ level: 2, gradedAt: NOW - days * 86_400_000, builtAt: NOW, ...found },
      });
    const { all } = await pageAt('/images/registry.example.com/shop/gap:latest');
    const paths = all.filter(({ tagName }) => tagName === 'path');
    const drawn = (name: string): string | undefined =>
      attribute(classed(paths, name)[0] as Element, 'd');
    // The days between 250 and 500 have none; the level is a line through all.
    expect(drawn('critical')).toBe('M0 188V156H250V188ZM500 188V156H1000V188Z');
    expect(drawn('high')).toBe('M0 188V124H250V188ZM500 188V124H1000V188Z');
    expect(drawn('line')).toBe('M0 62H250V62H500V62H1000');
  });

  test('each link of its page leads somewhere', async () => {
    const { all } = await pageAt(SHOWN_PATH);
    const ids = new Set(all.flatMap((one) => attribute(one, 'id') ?? []));
    const links = new Set(all.flatMap((one) => attribute(one, 'href') ?? []));
    for (const href of links) {
      if (href.startsWith('#')) expect(ids).toContain(href.slice(1));
      else if (href.startsWith('/'))
        expect([href, (await get(href)).statusCode]).toEqual([href, 200]);
      else expect(href).toMatch(/^(?:data:,$|https:\/\/(?:github\.com|www\.cve\.org)\/)/);
    }
    expect(links.size).toBeGreaterThan(40);
  });

  test('a verdict is marked, with who signed it', async () => {
    const image = { ...SHOWN, repository: 'shop/verdict' };
    const scorecard = scorecardAt('shop/verdict', 3, NOW - 5000);
    const { grade } = await stand.records.addVerdict({
      ...{ image, signer: 'release@example.com', scorecard },
    });
    for (const name of ['verdict:latest', `verdict@${grade.digest}`]) {
      const { text } = await pageAt(`/images/registry.example.com/shop/${name}`);
      expect(text).toContain('verdict of a build, signed by release@example.com');
      expect(text).toContain('Level 3 of 5');
    }
  });

  test('a grade stays as it was, whatever comes after', async () => {
    const image = { ...SHOWN, repository: 'shop/kept' };
    const made = { gradedAt: NOW - 90_000, builtAt: NOW - 86_400_000 };
    const id = await addGrade(stand, image, { level: 4, ...made });
    const { all } = await pageAt('/images/registry.example.com/shop/kept:latest');
    const report = all
      .flatMap((one) => attribute(one, 'href') ?? [])
      .find((href) => href.includes(`/${id}/`));
    const before = (await get(report ?? '')).body;
    expect(before).toContain('Level 4 of 5');
    await addGrade(stand, image, { level: 1, ...made, gradedAt: NOW - 1000 });
    expect((await get(report ?? '')).body).toBe(before);
    expect((await pageAt('/images/registry.example.com/shop/kept:latest')).text).toContain(
      'Level 1 of 5',
    );
  });

  test('one that is graded now, and one that failed, say so', async () => {
    await addOpenAsks(stand, 'layer 2 unpacks to more than 10 GB');
    const running = (await pageAt(`/images/ghcr.io/${RUNNING.repository}:1`)).text;
    expect(running).toContain('A grade is made now');
    const failed = (await pageAt(`/images/ghcr.io/${FAILED.repository}:1`)).text;
    expect(failed).toMatch(/The grade failed.*layer 2 unpacks to more than 10 GB/);
  });
});

test('a repository shows its tags side by side, latest, slim and debug first', async () => {
  const { all } = await pageAt('/repositories/registry.example.com/shop/api');
  const heads = classed(all, 'name').map((one) => textOf(one));
  expect(heads.slice(0, 3)).toEqual(['latest', 'slim', 'debug']);
  expect(rowsIn(all)).toHaveLength(8);
  const against = all
    .flatMap((one) => attribute(one, 'href') ?? [])
    .find((one) => one.startsWith('/compare?'));
  const { text } = await pageAt(against ?? '');
  expect(text).toContain('Changed criteria');
});

describe('whatever an image or a reason is called', () => {
  const HOSTILE = `</script><script>alert(1)</script><img src=//evil.example/x>"'\u001b[31m\u202e\u2066\u0000x`;

  test('it is text, cut, and turns nothing', async () => {
    const image = { ...SHOWN, repository: 'shop/hostile' };
    const long = `${HOSTILE}${'y'.repeat(10_000)}`;
    const criteria = judgeImage(sampleFacts(long));
    const made = { level: 0, criteria, gradedAt: NOW - 1000, builtAt: NOW };
    await addGrade(stand, image, made);
    const plain = HOSTILE.replace('\u0000', '');
    await addOpenAsks(stand, plain, NOW - 40_000);
    const paths = [
      '/images/registry.example.com/shop/hostile:latest',
      ...[`/images/ghcr.io/${RUNNING.repository}:1`, `/images/ghcr.io/${FAILED.repository}:1`],
      `/?q=${encodeURIComponent(plain)}`,
      `/compare?a=${encodeURIComponent(plain)}`,
      `/?registry=${encodeURIComponent(plain)}`,
    ];
    for (const path of paths) {
      const { body } = await get(path);
      expect(body).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
      );
      const all = elementsOf(body);
      const scripts = all.filter(({ tagName }) => tagName === 'script');
      expect(scripts.map((one) => attribute(one, 'src'))).toEqual([
        expect.stringMatching(/^\/assets\/[0-9a-f]{16}\.js$/),
      ]);
      expect(all.filter((one) => attribute(one, 'src')?.includes('evil') === true)).toEqual([]);
      expect(textOf(named(all, 'html'))).not.toContain('y'.repeat(2001));
      expect(body, path).toContain('&lt;script&gt;');
    }
  });

  test.each([
    '/?q=%00',
    '/?level=9',
    '/?level=x',
    '/?olderThan=1e9',
    '/?cursor=zzz',
    '/?fails=%00',
    '/?registry=a%00b',
    '/images/registry.example.com/..%2f..%2fetc',
    '/images/registry.example.com/a%00b:1',
    '/images/nothing',
    '/repositories/registry.example.com/a:1',
    '/repositories/%00',
  ])('%s is refused with a page', async (path) => {
    const { statusCode, headers, body } = await get(path);
    expect([statusCode, headers['content-type']]).toEqual([400, 'text/html; charset=utf-8']);
    expect(textOf(named(elementsOf(body), 'h1'))).toBe('The request is malformed');
  });
});

describe('answers', () => {
  test('nothing else is loaded, and a page that is known is not sent again', async () => {
    const { headers, body } = await get('/');
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'self'; script-src 'self';/,
    );
    expect(body).not.toMatch(/ (?:style|on\w+)=/);
    const again = await get('/', { 'if-none-match': String(headers['etag']) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    // A browser takes the headers of a 304 over to the page that it kept.
    expect(again.headers['content-security-policy']).toBe(headers['content-security-policy']);
  });

  test('style and script are kept for ever, under names that change with them', async () => {
    const { body } = await get('/');
    const assets = [...body.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(assets).toHaveLength(2);
    for (const path of assets) {
      const { statusCode, headers } = await get(path);
      expect([statusCode, headers['cache-control']]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ]);
    }
    expect((await get('/assets/0000000000000000.css')).statusCode).toBe(404);
  });

  test('what is nowhere is a page for people, and a problem for programs', async () => {
    for (const path of [
      '/nowhere',
      '/images/ghcr.io/nobody/asked:1',
      '/repositories/ghcr.io/nobody',
      '/api/v1/nowhere',
    ]) {
      const { statusCode, headers } = await get(path);
      expect([path, statusCode, headers['content-type']]).toEqual([
        path,
        404,
        'text/html; charset=utf-8',
      ]);
    }
    const { statusCode, headers } = await get('/api/v1/nowhere', { accept: 'application/json' });
    expect([statusCode, headers['content-type']]).toEqual([404, 'application/problem+json']);
  });
});

describe('a service without images, whose readers need a token', () => {
  const logged: string[] = [];
  let empty: Stand;
  let known: Record<string, string>;
  beforeAll(async () => {
    const quiet = (): void => undefined;
    const error = (message: string): void => void logged.push(message);
    const log: Logger = { debug: quiet, info: quiet, warn: quiet, error };
    empty = await openStand(0, { reading: 'token' }, log);
    const { secret } = await empty.tokens.create({ name: 'reader', scopes: ['read'] });
    known = { authorization: `Bearer ${secret}` };
  });
  afterAll(() => empty.close());

  test('a browser is asked for it', async () => {
    const { statusCode, headers, body } = await get('/', {}, empty);
    expect([statusCode, headers['www-authenticate']]).toEqual([401, 'Basic realm="Scoville"']);
    expect(body).not.toContain('registry.example.com');
    const { headers: own } = await get('/', known, empty);
    expect(own['cache-control']).toBe('private, no-cache');
  });

  test('it says how to ask for the first grade', async () => {
    const { body } = await get('/', known, empty);
    const text = textOf(named(elementsOf(body), 'main'));
    expect(text).toContain('scoville serve ask registry.example.com/REPOSITORY:TAG');
    expect(text).toContain('https://grades.example.com/api/v1/grades');
    expect(text).toContain('ghcr.io');
  });

  test('a database that is away, and a fault of ours, are pages that tell nothing more', async () => {
    const summary = vi.spyOn(empty.records, 'summary');
    onTestFinished(() => {
      summary.mockRestore();
    });
    summary.mockRejectedValueOnce(new DatabaseAway('no route to 10.0.0.1'));
    const away = await get('/', known, empty);
    expect([away.statusCode, away.headers['retry-after']]).toEqual([503, '5']);
    summary.mockRejectedValueOnce(new Error('column secret'));
    const fault = await get('/', known, empty);
    expect(fault.statusCode).toBe(500);
    for (const { body } of [away, fault])
      expect(textOf(named(elementsOf(body), 'main'))).not.toMatch(/10\.0\.0\.1|secret/);
    expect(logged).toEqual(['request failed', 'request failed']);
  });
});
