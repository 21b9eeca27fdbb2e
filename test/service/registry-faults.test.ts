import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { layerTar } from '../fakes/tar-bytes.ts';
import { GraderStand, imageOf } from './grader-stand.ts';
import { rule } from './whole.ts';

const stand = new GraderStand();

let made = 0;
/** Of a layer that no other test has: its facts are known to nobody. */
function newImage() {
  made += 1;
  const image = imageOf([layerTar({ 'etc/motd': `number ${made}` })]);
  const manifest = JSON.parse(image.bytes.blobs.get(image.root.digest)?.toString() ?? '') as {
    readonly config: { readonly digest: string };
  };
  return { ...image, layer: image.layers[0]?.digest, config: manifest.config.digest };
}

/** As much as lies in buffers of the connection and of the reader, beside what is read. */
const MOST_FLOODED = 64 << 20;

test.each([
  ['the manifest of a tag', 'manifests/1', {}],
  ['the manifest of a tag, and says so', 'manifests/1', { states: 10e9 }],
  ['the manifest of an index', 'manifests/sha256:', {}],
  ['a configuration', 'blobs/CONFIG', {}],
  ['a layer', 'blobs/LAYER', {}],
  ['a layer, and says so', 'blobs/LAYER', { states: 10e9 }],
  ['the reason of a refusal', 'blobs/LAYER', { status: 401 }],
] as const)('a registry that sends 10 GB as %s is cut off', async (what, match, more) => {
  const { bytes, root, layer, config } = newImage();
  stand.push('team/app', bytes, what.includes('index') ? bytes.index([root]) : root);
  const place = match.replace('CONFIG', config).replace('LAYER', layer ?? '');
  stand.registry.fail(new RegExp(`GET .*/${place}`), { do: 'flood', ...more }, 99);
  const grader = stand.grader({ seconds: 30 });
  const answer = await stand.ask(grader, 'team/app');
  expect(answer).toMatchObject({ ok: false, kind: 'image' });
  expect(answer.ok || answer.message).toMatch(
    /sent more than 4194304 bytes|sends more than sha256:|answered 401/,
  );
  expect(stand.registry.flooded).toBeGreaterThan(0);
  expect(stand.registry.flooded).toBeLessThan(MOST_FLOODED);
  stand.registry.faults.length = 0;
  expect(await stand.ask(grader, 'team/app')).toMatchObject({ ok: true });
});

test('a list of what refers to an image that does not end is cut off, and the card says so', async () => {
  const { bytes, root } = newImage();
  stand.push('team/app', bytes, root);
  stand.registry.fail(/referrers/, { do: 'flood' }, 99);
  const answer = await stand.ask(stand.grader({ seconds: 30 }), 'team/app');
  expect(answer).toMatchObject({ ok: true });
  expect(stand.registry.flooded).toBeLessThan(MOST_FLOODED);
  const criteria = answer.ok ? answer.made.scorecard.criteria : [];
  expect(criteria.find(({ id }) => id === 'signed')?.outcome).not.toBe('pass');
});

test.each([
  ['hangs', { do: 'hang' }, 'bounds', /^it took more than 2 seconds$/],
  ['stalls', { do: 'stall-download', after: 10 }, 'bounds', /^it took more than 2 seconds$/],
  ['is cut off', { do: 'cut-download', after: 10 }, 'registry', /was cut off$/],
  ['answers 500', { do: 'status', status: 500 }, 'registry', /answered 500$/],
  ['answers 500 with 10 GB', { do: 'flood', status: 500 }, 'registry', /answered 500$/],
  ['asks for patience', { do: 'status', status: 429 }, 'registry', /answered 429$/],
  ['sends something else', { do: 'corrupt' }, 'image', /has other content/],
] as const)('a registry that %s in the middle of an image', async (_, fault, kind, message) => {
  const { bytes, root, layer } = newImage();
  stand.push('team/app', bytes, root);
  stand.registry.fail(new RegExp(`blobs/${layer}`), fault, 99);
  const grader = stand.grader({ seconds: kind === 'bounds' ? 2 : 30 });
  expect(await stand.ask(grader, 'team/app')).toMatchObject({
    ...{ ok: false, kind, message: expect.stringMatching(message) as string },
  });
  expect(stand.registry.flooded).toBeLessThan(MOST_FLOODED);
  stand.registry.faults.length = 0;
  expect(await stand.ask(grader, 'team/app')).toMatchObject({ ok: true });
});

test('a registry that drips takes no longer than a grade may', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    const drip = setInterval(() => socket.write('H'), 100);
    socket.on('close', () => {
      clearInterval(drip);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  try {
    const settings = stand.settings({ seconds: 3 });
    const registries = [rule(host, { plainHttp: true })];
    const grader = stand.grader({}, { settings: { ...settings, registries } });
    const image = { registry: host, repository: 'team/app', tag: '1' };
    const began = performance.now();
    expect(await grader.grade({ image, now: 0 })).toMatchObject({ ok: false });
    expect(performance.now() - began).toBeLessThan(10_000);
  } finally {
    server.close();
  }
});

test('where nobody listens, another try may go well', async () => {
  const settings = stand.settings();
  const registries = [rule('127.0.0.1:9', { plainHttp: true })];
  const grader = stand.grader({}, { settings: { ...settings, registries } });
  const image = { registry: '127.0.0.1:9', repository: 'team/app', tag: '1' };
  expect(await grader.grade({ image, now: 0 })).toMatchObject({ ok: false, kind: 'registry' });
});

test('a tag that moves while its image is read is graded as it was, then as it is', async () => {
  const before = newImage();
  const after = newImage();
  stand.push('team/moves', before.bytes, before.root);
  stand.registry.fail(new RegExp(`blobs/${before.layer}`), { do: 'delay', ms: 1000 });
  const grader = stand.grader();
  const answer = stand.ask(grader, 'team/moves');
  const isRead = () => stand.registry.calls.some((call) => call.includes('/blobs/'));
  await expect.poll(isRead).toBe(true);
  stand.push('team/moves', after.bytes, after.root);
  expect(await answer).toMatchObject({
    made: { scorecard: { digest: before.root.digest } },
  });
  expect(stand.registry.calls.filter((call) => call.endsWith('manifests/1'))).toHaveLength(1);
  expect(stand.registry.calls.filter((call) => call.includes(String(after.layer)))).toEqual([]);
  expect(await stand.ask(grader, 'team/moves')).toMatchObject({
    made: { scorecard: { digest: after.root.digest } },
  });
});

test('a registry that gives a tag another manifest each time never mixes two of them', async () => {
  const images = [newImage(), newImage()] as const;
  for (const { bytes, root } of images) stand.push('team/flips', bytes, root);
  let flips = 0;
  const flipping = setInterval(() => {
    flips += 1;
    const { bytes, root } = images[flips % 2 === 0 ? 0 : 1];
    stand.push('team/flips', bytes, root);
  }, 1);
  const grader = stand.grader();
  for (let i = 0; i < 20; i += 1) {
    const answer = await stand.ask(grader, 'team/flips');
    expect(answer).toMatchObject({ ok: true });
    const made = answer.ok ? answer.made : undefined;
    const image = images.find(({ root }) => root.digest === made?.scorecard.digest);
    expect(JSON.stringify(made?.report)).toContain(String(image?.layer));
  }
  clearInterval(flipping);
  expect(flips).toBeGreaterThan(20);
});
