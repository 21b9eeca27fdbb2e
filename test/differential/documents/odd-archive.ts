import { MEDIA_TYPE } from '../../../src/model/image.ts';
import { digestHex, digestOf } from '../../../src/model/reference.ts';
import { archiveOf } from '../../fakes/images.ts';
import { layerTar } from '../../fakes/tar-bytes.ts';
import type { Random } from '../random.ts';
import { type Members, odd, textOf } from './odd-json.ts';
import { archiveWithTrick, MEMBER_TRICKS } from './odd-members.ts';

/** Proper values of the fields of a config, two of each, the second what an attacker would hide. */
const RUN: Readonly<Record<string, readonly [string, string]>> = {
  User: ['"1000"', '"0"'],
  Env: ['["A=clean"]', '["A=hidden"]'],
  Entrypoint: ['["/clean"]', '["/hidden"]'],
  Cmd: ['["clean"]', '["hidden"]'],
  Labels: ['{"who":"clean","Who":"other"}', '{"who":"hidden"}'],
  WorkingDir: ['"/clean"', '"/hidden"'],
  ExposedPorts: ['{"80/tcp":{}}', '{"22/tcp":{}}'],
  Volumes: ['{"/clean":{}}', '{"/hidden":{}}'],
  StopSignal: ['"SIGTERM"', '"SIGKILL"'],
  Healthcheck: ['{"Test":["CMD","/clean"],"Interval":1000000000}', '{"Test":["NONE"]}'],
};

interface Made {
  readonly archive: Buffer;
  /** What was made, for a report. */
  readonly story: string;
}

/**
 * An archive in both forms, a layout and what `docker save` writes, with oddities in one or two of
 * its documents.
 */
export function oddArchive(random: Random, name: string): Made {
  const layers = ['clean', 'hidden'].map((who) => layerTar({ who }));
  const diffIds = layers.map((layer) => digestOf(layer));
  // Most often one, and most often the config, which holds most of what an engine reads.
  const wrong = new Set([random.chance(50) ? 0 : random.below(6)]);
  if (random.chance(20)) wrong.add(random.below(6));
  const story: string[] = [];
  const made = (
    at: number,
    what: string,
    members: Members,
    other: (key: string) => string | undefined,
  ): Buffer => {
    const text = textOf(wrong.has(at) ? odd(random, members, other) : members);
    if (wrong.has(at)) story.push(`${what} ${text}`);
    const tail = wrong.has(at) && random.chance(3) ? ' {}' : '';
    return Buffer.from(text + tail, 'latin1');
  };
  const run = Object.entries(RUN).map(([key, [clean]]): [string, string] => [key, clean]);
  const hidden = Object.entries(RUN).map(([key, [, value]]): [string, string] => [key, value]);
  const rootfs = (at: number): Members => [
    ['type', '"layers"'],
    ['diff_ids', JSON.stringify([diffIds[at]])],
  ];
  const top: Members = [
    ['os', '"linux"'],
    ['architecture', '"amd64"'],
    ['config', run],
    ['rootfs', rootfs(0)],
  ];
  const config = made(0, 'config', top, (key) =>
    key === 'config' ? textOf(hidden) : key === 'rootfs' ? textOf(rootfs(1)) : RUN[key]?.[1],
  );
  const hiddenConfig = Buffer.from(
    textOf([...top.slice(0, 2), ['config', hidden], ['rootfs', rootfs(1)]]),
  );
  const describe = (bytes: Uint8Array, mediaType: string): Members => [
    ['mediaType', JSON.stringify(mediaType)],
    ['digest', JSON.stringify(digestOf(bytes))],
    ['size', String(bytes.length)],
  ];
  const listed = (bytes: Uint8Array, mediaType: string): string =>
    `[${textOf(describe(bytes, mediaType))}]`;
  const [layer = Buffer.alloc(0), hiddenLayer = Buffer.alloc(0)] = layers;
  const manifestOf = (one: Uint8Array, blob: Uint8Array): Members => [
    ['schemaVersion', '2'],
    ['mediaType', JSON.stringify(MEDIA_TYPE.manifest)],
    ['config', describe(one, MEDIA_TYPE.config)],
    ['layers', listed(blob, MEDIA_TYPE.layer)],
  ];
  const manifest = made(1, 'manifest', manifestOf(config, layer), (key) =>
    key === 'config'
      ? textOf(describe(hiddenConfig, MEDIA_TYPE.config))
      : key === 'layers'
        ? listed(hiddenLayer, MEDIA_TYPE.layer)
        : undefined,
  );
  const hiddenManifest = Buffer.from(textOf(manifestOf(hiddenConfig, hiddenLayer)));
  const named = (bytes: Uint8Array): Members => [
    ...describe(bytes, MEDIA_TYPE.manifest),
    ['annotations', [['io.containerd.image.name', JSON.stringify(name)]]],
  ];
  const entry = made(2, 'entry', named(manifest), () => undefined).toString('latin1');
  const index = made(
    3,
    'index',
    [
      ['schemaVersion', '2'],
      ['mediaType', JSON.stringify(MEDIA_TYPE.index)],
      ['manifests', `[${entry}]`],
    ],
    (key) => (key === 'manifests' ? `[${textOf(named(hiddenManifest))}]` : undefined),
  );
  const path = (bytes: Uint8Array): string => `blobs/sha256/${digestHex(digestOf(bytes))}`;
  const saved = made(
    4,
    'manifest.json',
    [
      ['Config', JSON.stringify(path(config))],
      ['RepoTags', JSON.stringify([name])],
      ['Layers', JSON.stringify([path(layer)])],
    ],
    (key) =>
      ({ Config: JSON.stringify(path(hiddenConfig)), Layers: JSON.stringify([path(hiddenLayer)]) })[
        key
      ],
  );
  const layout = made(5, 'oci-layout', [['imageLayoutVersion', '"1.0.0"']], () => undefined);
  const blobs = [...layers, config, hiddenConfig, manifest, hiddenManifest];
  const files = {
    'oci-layout': layout,
    'index.json': index,
    'manifest.json': Buffer.concat([Buffer.from('['), saved, Buffer.from(']')]),
    ...Object.fromEntries(blobs.map((bytes) => [path(bytes), bytes])),
  };
  if (!random.chance(20)) return { archive: archiveOf(files), story: story.join('\n  ') };
  // One document by the names of the entries, another one for who unpacks them, or for who goes by
  // the text of a path.
  const paths = ['', './', 'x/../', 'blobs/..//'].map((before) => `${before}${path(hiddenConfig)}`);
  const inPlain = JSON.stringify([
    { Config: random.pick(paths), RepoTags: [name], Layers: [path(hiddenLayer)] },
  ]);
  const trick = random.pick(['', ...Object.keys(MEMBER_TRICKS)]);
  story.push(`manifest.json ${trick}: ${inPlain}`);
  const hiddenSaved = Buffer.from(inPlain);
  const archive =
    trick === ''
      ? archiveOf({ ...files, 'manifest.json': hiddenSaved })
      : archiveWithTrick(files, 'manifest.json', hiddenSaved, trick);
  return { archive, story: story.join('\n  ') };
}
