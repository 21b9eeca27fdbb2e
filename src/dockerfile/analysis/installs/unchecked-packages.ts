import { managerOf } from '../../../programs/managers/catalogue.ts';
import { constantField } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { type Fetch, fetchOf } from '../fetches/fetch.ts';

/** Settings that turn checks off for later installs; repositories of local files are excepted. */
const SETTINGS: readonly (readonly [RegExp, string])[] = [
  [/\[(?=[^\][]*\btrusted=yes\b)[^\][]*\]\s+(?!file:|copy:|cdrom:)\S/i, 'trusted=yes'],
  [/\bAllowUnauthenticated\s+"?(?:true|yes|1)\b/i, 'AllowUnauthenticated'],
  [/(?:^|\\n)[ \t]*gpgcheck\s*=\s*(?:0|false|no)(?=\s|\\n|$)/im, 'gpgcheck=0'],
];

/** True for a package's file, which is a download where it was fetched. */
function isFile(word: string): boolean {
  return /^(?:\.{0,2}\/|file:|https?:)|\.(?:deb|rpm|apk|whl)$/.test(word);
}

/** Installations from repositories of which the package manager checks nothing. */
export function uncheckedPackages(event: CommandEvent): readonly Fetch[] {
  const words = event.argv.slice(1).map((f) => f.text);
  const manager = managerOf(event.program)?.unchecked;
  const verb = words.findIndex((word) => manager?.installs.test(word) === true);
  if (manager !== undefined && verb >= 0) {
    const hosts = [...event.variables()].filter(
      ([name, value]) => manager.variables?.test(name) === true && value !== '',
    );
    const off = words.find((word) => manager.off.test(word)) ?? hosts[0]?.[0];
    const checked = manager.unless !== undefined && words.some((w) => manager.unless?.test(w));
    const names = words.slice(verb + 1).filter((word) => !word.startsWith('-'));
    if (off === undefined || checked || (names.length > 0 && names.every(isFile))) return [];
    return [unchecked(event, off)];
  }
  const texts = [...words, event.input?.text ?? ''];
  const setting = SETTINGS.find(([pattern]) => texts.some((text) => pattern.test(text)));
  return setting === undefined ? [] : [unchecked(event, setting[1])];
}

function unchecked(event: CommandEvent, by: string): Fetch {
  const method = 'the package manager’s signature check';
  const reason = `${by.replace(/^-o/, '')} turns it off`;
  return {
    ...fetchOf(event, 'package-url', { ...constantField(by), constant: false }, ''),
    ineffectiveCheck: { method, reason, range: event.range },
  };
}
