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
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version, license } = about;
  const files = readdirSync(folder).filter((file) => LICENSE.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return { name, version, license: license ?? '', text: texts.join('\n\n') || named(about) };
}

/** What package.json says where there is no license file: the license asks to name who made it. */
function named({ license, author, contributors = [], homepage }) {
  const people = [author, ...contributors]
    .filter((one) => one !== undefined)
    .map((one) => (typeof one === 'string' ? one : `${one.name} ${one.url ?? ''}`.trim()));
  return [
    `License: ${license}`,
    ...(people.length === 0 ? [] : [`Made by: ${people.join(', ')}`]),
    ...(homepage === undefined ? [] : [`Source: ${homepage}`]),
    ...(license === 'MIT' && people.length > 0 ? ['', mit(people.join(', '))] : []),
    ...(license === 'CC-BY-3.0' ? ['https://creativecommons.org/licenses/by/3.0/'] : []),
  ].join('\n');
}

const mit = (holder) => `Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

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
