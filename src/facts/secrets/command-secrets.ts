import { unquoted } from '../../model/shell-word.ts';
import { isNamedSecret } from './named-secret.ts';

/** A secret that a command spells out; `name` of the variable that is set to it. */
interface CommandSecret {
  readonly rule: 'named-secret' | 'login-in-command';
  readonly value: string;
  readonly name?: string;
}

const PAIR =
  /(?:^|[\s;&|])([A-Za-z_]\w{0,100})=("[^"]{0,4000}"|'[^']{0,4000}'|[^\s;&|"']{0,4000})/g;

const VALUE = `["']?(?<secret>[^\\s"'$<{|;&]{4,200})`;
const UP_TO = '[^\\n|;&]{0,300}?\\s';

/** Commands that take a password as an argument: each with the flags that it comes behind. */
const LOGINS: readonly RegExp[] = [
  ['curl', `(?:-u|--user|-U|--proxy-user)[\\s=]*["']?[^\\s"':$]{1,100}:`],
  ['wget', '--(?:http-|ftp-|proxy-)?password[\\s=]+'],
  ['https?', `(?:-a|--auth)[\\s=]*["']?[^\\s"':$]{1,100}:`],
  [
    '(?:docker|podman|nerdctl|buildah|skopeo|crane|oras|helm|az|oc|cf|cosign|jf|nexus)\\s(?:\\w{1,20}\\s){0,3}(?:login|add)',
    '(?:-p|--password)[\\s=]+',
  ],
  ['skopeo\\scopy', `--(?:src|dest)-creds[\\s=]+["']?[^\\s"':$]{1,100}:`],
  ['sshpass', '-p\\s{0,3}'],
  ['(?:mysql|mysqladmin|mysqldump|mariadb|mariadb-admin)', '(?:-p|--password=)'],
].map(
  ([command = '', flag = '']) =>
    new RegExp(`(?<![\\w./:=-])(?:/usr/bin/)?${command}\\s(?:${UP_TO})?${flag}${VALUE}`, 'g'),
);

/** Secrets that a command line, a script or a Dockerfile spells out by the names of variables and the flags of commands. */
export function commandSecrets(text: string): readonly CommandSecret[] {
  const named = !text.includes('=')
    ? []
    : [...text.matchAll(PAIR)].flatMap(([, name = '', value = '']): CommandSecret[] => {
        const bare = unquoted(value);
        return isNamedSecret(name, bare) ? [{ rule: 'named-secret', value: bare, name }] : [];
      });
  const logins = LOGINS.flatMap((login) =>
    [...text.matchAll(login)].flatMap(({ groups }): CommandSecret[] => {
      const value = groups?.['secret'] ?? '';
      return isNamedSecret('PASSWORD', value) ? [{ rule: 'login-in-command', value }] : [];
    }),
  );
  return [...named, ...logins];
}
