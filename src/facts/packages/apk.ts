import type { RawPackage } from '../layer-facts.ts';
import { isOwnable, type OwnedFile } from './ownership.ts';
import {
  isPlainText,
  linesOf,
  MAX_PACKAGES,
  type RecordReader,
  textOf,
  unreadable,
} from './record.ts';
import { recordedSupplier, suppliedBy } from './recorded-supplier.ts';

type Fields = ReadonlyMap<string, string>;

/** Fields of each package: a letter, a colon and a value; the first of each letter counts. */
function* apkStanzas(text: string): Generator<Fields> {
  let fields = new Map<string, string>();
  for (const line of linesOf(text)) {
    if (line === '') {
      if (fields.size > 0) yield fields;
      fields = new Map();
    } else if (/^[A-Za-z]:/.test(line) && !fields.has(line.charAt(0)))
      fields.set(line.charAt(0), line.slice(2).trim());
  }
  if (fields.size > 0) yield fields;
}

/** `P:` names the package, `F:` behind it a folder, each `R:` behind that a file in it. */
function* apkFiles(text: string): Generator<OwnedFile> {
  let [owner, folder] = ['', ''];
  for (const line of linesOf(text)) {
    if (line === '') owner = folder = '';
    else if (line.startsWith('P:') && owner === '') owner = line.slice(2).trim();
    else if (line.startsWith('F:')) folder = line.slice(2);
    else if (line.startsWith('R:') && isOwnable(line.slice(2)) && isPlainText(owner))
      yield { owner, path: `${folder}/${line.slice(2)}` };
  }
}

function apkPackage(fields: Fields): RawPackage | undefined {
  const name = fields.get('P');
  const version = fields.get('V');
  if (!isPlainText(name) || !isPlainText(version)) return undefined;
  const architecture = fields.get('A');
  const origin = fields.get('o');
  const license = fields.get('L');
  return {
    type: 'apk',
    name,
    version,
    licenses: isPlainText(license, 4096) ? [license] : [],
    ...(isPlainText(architecture) ? { architecture } : {}),
    ...(isPlainText(origin) ? { source: { name: origin, version } } : {}),
    ...suppliedBy(recordedSupplier(fields.get('m'))),
  };
}

/** apk's database of installed packages (apk-tools, "Installed Database V2"; apk 3 has it too). */
export const APK: RecordReader = {
  isDatabase: true,
  matches: (path) => path === 'lib/apk/db/installed' || path === 'usr/lib/apk/db/installed',
  cap: 64 * 1024 * 1024,
  read: (content) => {
    const text = textOf(content);
    if (text.startsWith('ADB'))
      return unreadable('it is in the binary format of apk 3, which is not read');
    const packages: RawPackage[] = [];
    let broken = 0;
    for (const fields of apkStanzas(text)) {
      const found = apkPackage(fields);
      if (found === undefined) broken += 1;
      else packages.push(found);
      if (packages.length > MAX_PACKAGES) break;
    }
    return {
      packages,
      owned: apkFiles(text),
      ...(broken === 0 ? {} : { unreadable: `${broken} entries have no name or no version` }),
    };
  },
};
