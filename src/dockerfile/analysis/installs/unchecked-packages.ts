import { lookup } from '../../../model/lookup.ts';
import { constantField } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { type Fetch, fetchOf } from '../fetches/fetch.ts';

/** A package manager's switches that take its signature checks off. */
interface Unchecking {
  readonly installs: RegExp;
  readonly off: RegExp;
  /** Switches that bring a check back: hashes of one's own. */
  readonly unless?: RegExp;
}

const APT: Unchecking = {
  installs: /^(?:install|upgrade|dist-upgrade|full-upgrade|satisfy|reinstall)$/,
  off: /^--(?:allow-unauthenticated|force-yes)$|^(?:-o)?APT::Get::(?:AllowUnauthenticated|Force-Yes)=(?:true|yes|1)$/i,
};
const DNF: Unchecking = {
  installs: /^(?:install|reinstall|groupinstall|update|upgrade|in)$/,
  off: /^--(?:nogpgcheck|no-gpgchecks)$|^(?:--setopt=)?(?:[\w*-]+\.)?gpgcheck=(?:0|false|no)$/i,
};
const PIP: Unchecking = {
  installs: /^install$/,
  // Of an index of Python packages nothing but TLS is checked.
  off: /^--(?:trusted-host|allow-insecure-host)(?:=(?!localhost|127\.).+)?$/,
  unless: /^--require-hashes$/,
};
const MANAGERS = lookup<Unchecking>({
  apt: APT,
  'apt-get': APT,
  aptitude: APT,
  apk: { installs: /^(?:add|upgrade)$/, off: /^--allow-untrusted$/ },
  dnf: DNF,
  dnf5: DNF,
  yum: DNF,
  microdnf: DNF,
  tdnf: DNF,
  zypper: {
    installs: /^(?:install|in|update|up|dup)$/,
    off: /^--(?:no-gpg-checks|allow-unsigned-rpm)$/,
  },
  pip: PIP,
  pip3: PIP,
  uv: PIP,
});
const UNCHECKED = /^(?:PIP_TRUSTED_HOST|UV_INSECURE_HOST)$/;
/** Settings that turn the checks off for what is installed later; a repository of files was there before. */
const SETTINGS: readonly (readonly [RegExp, string])[] = [
  [/\[(?=[^\][]*\btrusted=yes\b)[^\][]*\]\s+(?!file:|copy:|cdrom:)\S/i, 'trusted=yes'],
  [/\bAllowUnauthenticated\s+"?(?:true|yes|1)\b/i, 'AllowUnauthenticated'],
  [/(?:^|\\n)[ \t]*gpgcheck\s*=\s*(?:0|false|no)(?=\s|\\n|$)/im, 'gpgcheck=0'],
];

/** True for a package's file, which is a download where it was fetched. */
function isFile(word: string): boolean {
  return /^(?:\.{0,2}\/|file:|https?:)|\.(?:deb|rpm|apk|whl)$/.test(word);
}

/** Installations from repositories of which the package manager is told to check nothing. */
export function uncheckedPackages(event: CommandEvent): readonly Fetch[] {
  const words = event.argv.slice(1).map((f) => f.text);
  const manager = MANAGERS[event.program];
  const verb = words.findIndex((word) => manager?.installs.test(word) === true);
  if (manager !== undefined && verb >= 0) {
    const hosts = [...event.variables()].filter(
      ([name, value]) => UNCHECKED.test(name) && value !== '',
    );
    const off =
      words.find((word) => manager.off.test(word)) ?? (manager === PIP ? hosts[0]?.[0] : undefined);
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
    vain: { method, reason, range: event.range },
  };
}
