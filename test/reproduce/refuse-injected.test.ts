import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hermeticFiles } from '../../src/build/sent-dockerfile.ts';
import { BlobStore } from '../../src/image/blob-store.ts';
import { TAR_END, tarHeader, tarPadding } from '../../src/image/tar/tar-writer.ts';
import { MEDIA_TYPE, plainEntry } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { BuildAuthority, pkcs12 } from '../../src/reproduce/build-authority.ts';
import { refuseInjected, tracesOf } from '../../src/reproduce/refuse-injected.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

const PASSWORD = 'pR0xy-pass_word-of-this-build-12';
const PROXY = `http://run3:${PASSWORD}@172.17.0.1:4000`;
const { pem } = new BuildAuthority();
const MARK = '1f0c9a7e5b3d2468';
const traces = tracesOf(PROXY, pem, MARK);
const files = hermeticFiles({
  pem,
  trustStore: pkcs12(pem),
  proxyUrl: PROXY,
  mark: MARK,
  mode: 'record',
});
const der = new X509Certificate(pem).raw;
const oneLine = der.toString('base64');
const wrapped = (width: number): string =>
  oneLine.replaceAll(new RegExp(`.{${width}}`, 'g'), '$&\n');

let folder = '';
let blobs: BlobStore;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-injected-'));
  blobs = new BlobStore(join(folder, 'blobs'));
  await blobs.prepare();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

type Content = string | Uint8Array;

function tar(entries: Readonly<Record<string, Content>>): Buffer {
  const parts = Object.entries(entries).flatMap(([path, content]) => [
    tarHeader(plainEntry(path, 'file', content.length, 0o644)),
    Buffer.from(content),
    tarPadding(content.length),
  ]);
  return Buffer.concat([...parts, TAR_END]);
}

const DOCKERFILE = [
  'FROM a AS made',
  'ARG https_proxy',
  'RUN cp',
  'FROM b',
  'COPY --from=made /x /x',
  '',
].join('\n');

/** What is refused of an image with one own layer. */
async function refused(layer: Uint8Array, config: object = {}, isBase = false): Promise<string> {
  const read = parseDockerfile(DOCKERFILE);
  if (!read.ok) throw new Error(read.error.message);
  await blobs.write(layer);
  const digest = digestOf(layer);
  const mediaType = isBase ? MEDIA_TYPE.layerGzip : MEDIA_TYPE.layer;
  const built = {
    manifest: { layers: [{ mediaType, digest, size: layer.length }] },
    config: {
      rootfs: { type: 'layers', diff_ids: [digest] },
      history: [{ created_by: 'COPY /x /x # buildkit' }],
      ...config,
    },
    provenance: undefined,
  };
  const at = { blobs, dockerfile: read.value, file: 'Dockerfile' };
  try {
    await refuseInjected(traces, at, [built as never]);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const basic = Buffer.from(`run3:${PASSWORD}`).toString('base64');
const PASS = 'has the password of its proxy';
const CERTIFICATE = 'has its certificate';
const NAMES = 'has names of its files';
const CONTENT = 'has its resolv.conf or apt.conf';

test.each<[string, Content, string]>([
  ['env', `PATH=/bin\nhttp_proxy=${PROXY}\n`, PASS],
  ['declare -p', `declare -x HTTPS_PROXY="${PROXY}"\n`, PASS],
  ['a header that a program keeps', `Proxy-Authorization: Basic ${basic}\n`, PASS],
  ['base64 of env, behind one letter', Buffer.from(`x${PROXY}`).toString('base64'), PASS],
  ['base64 of env, behind two letters', Buffer.from(`xy${PROXY}`).toString('base64'), PASS],
  ['UTF-16', Buffer.from(PROXY, 'utf16le'), PASS],
  ['in a file of more than one chunk', `${'\n'.repeat(300_000)}${PROXY}`, PASS],
  ['an archive of /etc', gzipSync(tar({ 'etc/environment': PROXY })), PASS],
  ['an archive in an archive', gzipSync(tar({ 'a.tar.gz': gzipSync(tar({ a: PROXY })) })), PASS],
  ['compressed env', gzipSync(`a\n${PROXY}\n`), PASS],
  ['a bundle', `# others\n${pem}`, CERTIFICATE],
  ['the certificate in one line', oneLine, CERTIFICATE],
  ['the certificate in lines of 48', wrapped(48), CERTIFICATE],
  ['the certificate in lines of 76', wrapped(76), CERTIFICATE],
  ['the certificate in lines of 72', wrapped(72), CERTIFICATE],
  ['a store in bytes', Buffer.concat([Buffer.from('store'), der]), CERTIFICATE],
  ...Object.entries(files)
    .filter(([name]) => name !== 'seen')
    .map(([name, content]): [string, Content, string] => [name, content, 'has ']),
  ['printenv SSL_CERT_FILE', '/.scoville-hermetic/ca.pem\n', NAMES],
  ['ls /etc/apt/apt.conf.d', `70debconf\n99scoville-${MARK}\n`, CONTENT],
  [
    'the resolver’s file in base64',
    Buffer.from(files['resolv.conf'] ?? '').toString('base64'),
    CONTENT,
  ],
  ['apt-config dump of a copy', gzipSync(tar({ 'apt.conf': files['apt.conf'] ?? '' })), CONTENT],
])('%s: refused, with its line and the RUN behind it', async (_, content, what) => {
  const message = await refused(tar({ 'x/clean': 'a', 'x/copied': content }));
  expect(message).toContain('Dockerfile:5 (from a RUN of line 3): /x/copied has ');
  expect(message).toContain(what);
  expect(message).not.toContain('/x/clean');
  expect(message).not.toContain(PASSWORD);
});

test('names of entries, and the configuration', async () => {
  expect(await refused(tar({ 'x/.scoville-hermetic/ca.pem': 'a' }))).toContain(NAMES);
  expect(await refused(tar({ [`etc/apt/apt.conf.d/99scoville-${MARK}`]: 'a' }))).toContain(CONTENT);
  const config = { config: { Env: [`https_proxy=${PROXY}`] } };
  expect(await refused(tar({ a: 'a' }), config)).toMatch(
    /\n {2}Dockerfile:2: the image's configuration has the password of its proxy$/,
  );
});

test.each<[string, Buffer, boolean?]>([
  ['another build’s certificate', tar({ a: new BuildAuthority().pem })],
  ['a password of somebody else', tar({ env: PROXY.replace('pR0', 'pr0') })],
  ['what a program says of the folder', tar({ 'a.js': 'const folder = "/.scoville-hermetic";' })],
  [
    'a resolv.conf of the same words',
    tar({ 'etc/resolv.conf': 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' }),
  ],
  ['a name of the same letters', tar({ 'etc/apt/apt.conf.d/99scoville-hermetic': 'a' })],
  ['nothing', tar({})],
  ['a layer of the base', gzipSync(tar({ env: PROXY })), true],
  ['a damaged archive', tar({ 'a.gz': gzipSync('a'.repeat(1000)).subarray(0, 30) })],
])('%s: not refused', async (_, layer, isBase = false) => {
  expect(await refused(layer, {}, isBase)).toBe('');
});
