import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFile, numbers, pools } from './content.mjs';
import { tarWriter } from './tar-writer.mjs';

/** Sizes of the images: bytes and files of the base's layers and of the layer that is copied. */
export const SIZES = {
  large: {
    layers: 4,
    base: { bytes: 1.32e9, files: 54_000 },
    app: { bytes: 0.18e9, files: 8_000 },
  },
  quick: {
    layers: 2,
    base: { bytes: 0.18e9, files: 7_000 },
    app: { bytes: 0.02e9, files: 1_000 },
  },
};

/** The folder in the image by which the build cache is told to be ours. */
export const MARK = 'scoville-bench';

/** Writes the base's context to `dir`: one archive a layer, with packages for an SBOM of some length. */
export function writeBaseContext(dir, { layers, base }) {
  mkdirSync(dir, { recursive: true });
  const material = pools();
  const adds = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const fd = openSync(join(dir, `${layer}.tar`), 'w');
    const tar = tarWriter(fd);
    if (layer === 0) addSystem(tar);
    const count = Math.floor(base.files / layers);
    const mean = base.bytes / base.files;
    const next = numbers(100 + layer);
    for (let i = 0; i < count; i += 1) {
      const { content, mode, extension } = makeFile(material, next, mean);
      const folder = `usr/lib/${MARK}/node_modules/p${layer}-${Math.floor(i / 40)}`;
      if (i % 80 === 0)
        tar.add(`${folder}/package.json`, 0o644, packageJson(`p${layer}-${i / 40}`));
      tar.add(`${folder}/f${i}.${extension}`, mode, content);
    }
    tar.end();
    closeSync(fd);
    adds.push(`ADD ${layer}.tar /`);
  }
  writeFileSync(join(dir, 'Dockerfile'), `FROM scratch\nLABEL ${MARK}=base\n${adds.join('\n')}\n`);
}

function addSystem(tar) {
  tar.add('etc/os-release', 0o644, Buffer.from('ID=debian\nVERSION_ID="13"\nNAME="Debian"\n'));
  tar.add('etc/passwd', 0o644, Buffer.from('root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:\n'));
  const records = Array.from(
    { length: 400 },
    (_, i) =>
      `Package: bench-package-${i}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.${i}-1\nMaintainer: nobody <nobody@example.org>\nDescription: number ${i}\n`,
  );
  tar.add('var/lib/dpkg/status', 0o644, Buffer.from(records.join('\n')));
}

function packageJson(name) {
  return Buffer.from(JSON.stringify({ name, version: '1.0.0', license: 'MIT' }));
}

/** Writes the context of the image that is measured: the base, a large copied layer, a small one that changes. */
export function writeAppContext(dir, { app }, baseName) {
  rmSync(dir, { recursive: true, force: true });
  const material = pools();
  const next = numbers(7);
  for (let i = 0; i < app.files; i += 1) {
    const { content, mode, extension } = makeFile(material, next, app.bytes / app.files);
    const folder = join(dir, 'modules', 'node_modules', `app-${Math.floor(i / 40)}`);
    if (i % 40 === 0) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), packageJson(`app-${i / 40}`));
    }
    writeFileSync(join(folder, `f${i}.${extension}`), content, { mode });
  }
  writeFileSync(
    join(dir, 'Dockerfile'),
    `FROM ${baseName}\nLABEL ${MARK}=app\nCOPY modules /srv/${MARK}/modules\nCOPY src /srv/${MARK}/src\nUSER 1000\nCMD ["/srv/${MARK}/src/main"]\n`,
  );
  changeSource(dir, 0);
}

/** Rewrites the small folder that the last COPY takes: 200 files, about 2 MB. */
export function changeSource(dir, version) {
  const material = pools();
  const next = numbers(1000 + version);
  mkdirSync(join(dir, 'src'), { recursive: true });
  for (let i = 0; i < 200; i += 1) {
    const { content } = makeFile(material, next, 10_000);
    writeFileSync(join(dir, 'src', `f${i}.js`), content);
  }
}
