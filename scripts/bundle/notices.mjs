// Who made what the bundle contains: the notices that their licenses ask for, and an SBOM (CycloneDX 1.6).
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENSE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;

/** The folders of the packages that an esbuild metafile names, sorted. */
function packageFolders({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path),
  );
  const folders = inputs.flatMap(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? [],
  );
  return [...new Set(folders)].sort();
}

function readPackage(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => LICENSE.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  // A package without a license file names its license in package.json.
  return {
    name,
    version,
    license: license ?? '',
    text: texts.join('\n\n') || `License: ${license}`,
  };
}

/** Writes both files; throws where a package does not say its license. */
export function writeNotices(metafile, own, { notices, sbom }) {
  const read = packageFolders(metafile)
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map(readPackage);
  // One that lies in several places is one.
  const packages = [...new Map(read.map((one) => [`${one.name} ${one.version}`, one])).values()];
  const silent = packages.filter(({ license }) => license === '');
  if (silent.length > 0)
    throw new Error(`no license: ${silent.map(({ name }) => name).join(', ')}`);
  const parts = packages.map(
    ({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}\n`,
  );
  const line = `\n${'-'.repeat(78)}\n\n`;
  writeFileSync(
    notices,
    `scoville contains the packages below, each under its own license.\n${line}${parts.join(line)}`,
  );
  const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const component = (type, { name, version, license }) => ({
    type,
    name,
    version,
    'bom-ref': purl(name, version),
    purl: purl(name, version),
    licenses: /[ ()]/.test(license) ? [{ expression: license }] : [{ license: { id: license } }],
  });
  writeFileSync(
    sbom,
    `${JSON.stringify(
      {
        bomFormat: 'CycloneDX',
        specVersion: '1.6',
        version: 1,
        metadata: { component: component('application', own) },
        components: packages.map((one) => component('library', one)),
      },
      undefined,
      2,
    )}\n`,
  );
}
