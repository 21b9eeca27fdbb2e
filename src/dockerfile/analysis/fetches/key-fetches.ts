import { lookup } from '../../../model/lookup.ts';
import type { CommandEvent } from '../build-event.ts';
import { type Fetch, fetchOf, isRemote } from './fetch.ts';

/** Commands that fetch package keys and repository descriptions, which nothing checks by itself. */
const KEYS = lookup<RegExp>({
  rpm: /^--import$/,
  rpmkeys: /^--import$/,
  gpg: /^--fetch-keys?$/,
  gpg2: /^--fetch-keys?$/,
  'apt-key': /^--fetch-keys?$/,
  dnf: /^(?:--add-repo|--from-repofile)(?:=|$)/,
  dnf5: /^(?:--add-repo|--from-repofile)(?:=|$)/,
  'yum-config-manager': /^--add-repo(?:=|$)/,
  'dnf-config-manager': /^--add-repo(?:=|$)/,
  zypper: /^(?:ar|addrepo)$/,
});
/** What zypper and dnf take as the address of a repository rather than of its description. */
const NO_FILE = /^[^?#]*\/$|^[^?#]*\/[^./?#]*$/;

/** Keys and repository descriptions that come from an address; nothing for other commands. */
export function keyFetches(event: CommandEvent): readonly Fetch[] {
  const switches = KEYS[event.program];
  const words = event.argv.slice(1);
  if (switches === undefined || !words.some((f) => switches.test(f.text))) return [];
  return words.flatMap((field) => {
    const text = field.text.replace(/^--[\w-]+=/, '');
    if (!/^(?:https?|ftp):\/\//i.test(text) || !isRemote(text)) return [];
    const described = /^(?:dnf|dnf5|yum|dnf-config|yum-config|zypper)/.test(event.program);
    if (described && NO_FILE.test(text.replace(/^https?:\/\//i, ''))) return [];
    return [fetchOf(event, 'other', { ...field, text }, '')];
  });
}
