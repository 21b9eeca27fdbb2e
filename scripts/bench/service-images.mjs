import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { makeFile, numbers, pools } from './content.mjs';
import { header } from './tar-writer.mjs';

const BLOCK = 512;
const TYPE = 'application/vnd.oci.image';

/** Images as a registry of a company has them: a few bases of some megabytes, and small layers of their own. Straight into the registry. */
export async function pushFleet(registry, prefix, { images, bases, baseBytes }) {
  const http = `http://${registry}/v2`;
  const material = pools();
  const made = [];
  for (let i = 0; i < bases; i += 1) made.push(baseLayer(material, i, baseBytes));
  const names = [];
  for (let i = 0; i < images; i += 1) {
    const base = made[i % bases];
    const repository = `${prefix}/app-${i}`;
    const own = layerOf([
      [`app/main-${i}.js`, 0o644, Buffer.from(`console.log(${i});\n`.repeat(400))],
      [
        'app/package.json',
        0o644,
        Buffer.from(JSON.stringify({ name: 'app', version: `1.${i}.0` })),
      ],
    ]);
    const config = Buffer.from(
      JSON.stringify({
        os: 'linux',
        architecture: 'amd64',
        created: '2026-11-20T08:00:00Z',
        config: { User: '1000', Entrypoint: ['/usr/bin/node', `/app/main-${i}.js`] },
        rootfs: { type: 'layers', diff_ids: [base.diffId, own.diffId] },
        history: [
          { created_by: 'COPY base / # buildkit' },
          { created_by: 'COPY app /app # buildkit' },
        ],
      }),
    );
    const configOf = {
      mediaType: `${TYPE}.config.v1+json`,
      digest: digest(config),
      size: config.length,
    };
    const layers = [base, own].map(({ blob, digest: name }) => ({
      mediaType: `${TYPE}.layer.v1.tar+gzip`,
      digest: name,
      size: blob.length,
    }));
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: `${TYPE}.manifest.v1+json`,
        config: configOf,
        layers,
      }),
    );
    const from = i < bases ? undefined : `${prefix}/app-${i % bases}`;
    await putBlob(http, repository, base.blob, base.digest, from);
    await putBlob(http, repository, own.blob, own.digest);
    await putBlob(http, repository, config, digest(config));
    const put = await fetch(`${http}/${repository}/manifests/1`, {
      method: 'PUT',
      headers: { 'content-type': `${TYPE}.manifest.v1+json` },
      body: manifest,
    });
    if (!put.ok) throw new Error(`${repository}: ${put.status} ${await put.text()}`);
    names.push({ repository, digest: digest(manifest) });
  }
  return names;
}

/** A registry that lets nothing be removed keeps it until it is made anew. */
export async function removeFleet(registry, images) {
  for (const { repository, digest: name } of images)
    await fetch(`http://${registry}/v2/${repository}/manifests/${name}`, { method: 'DELETE' });
}

async function putBlob(http, repository, bytes, name, from) {
  const query = from === undefined ? '' : `?mount=${name}&from=${from}`;
  const begun = await fetch(`${http}/${repository}/blobs/uploads/${query}`, { method: 'POST' });
  if (begun.status === 201) return;
  const at = new URL(begun.headers.get('location'), http);
  at.searchParams.set('digest', name);
  const put = await fetch(at, { method: 'PUT', body: bytes });
  if (!put.ok) throw new Error(`${repository}: ${put.status} ${await put.text()}`);
}

function baseLayer(material, number, bytes) {
  const next = numbers(1000 + number);
  const packages = Array.from(
    { length: 90 },
    (_, i) =>
      `Package: part-${number}-${i}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.${i}-1\nMaintainer: nobody <nobody@example.org>\nDescription: number ${i}\n`,
  );
  const files = [
    ['etc/os-release', 0o644, Buffer.from('ID=debian\nVERSION_ID="13"\nNAME="Debian"\n')],
    ['etc/passwd', 0o644, Buffer.from('root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:\n')],
    ['var/lib/dpkg/status', 0o644, Buffer.from(packages.join('\n'))],
  ];
  const mean = 8000;
  for (let at = 0, i = 0; at < bytes; i += 1) {
    const { content, mode, extension } = makeFile(material, next, mean);
    files.push([`usr/lib/base-${number}/d${i % 40}/f${i}.${extension}`, mode, content]);
    at += content.length;
  }
  return layerOf(files);
}

function layerOf(files) {
  const tar = Buffer.concat([
    ...files.flatMap(([name, mode, content]) => [
      header(name, mode, content.length),
      content,
      Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
    ]),
    Buffer.alloc(2 * BLOCK),
  ]);
  const blob = gzipSync(tar, { level: 1 });
  return { blob, digest: digest(blob), diffId: digest(tar) };
}

function digest(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
