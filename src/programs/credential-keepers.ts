import { PASSWORD_TAKERS } from './passwords.ts';

/** A command that writes a credential it is given into a file of its own. */
interface CredentialKeeper {
  readonly programs: string;
  /** Held against the words behind the program, joined by blanks. */
  readonly words: RegExp;
  /** Where it is kept: `~` is the user's home, `.` the working folder, `@` the one it creates. */
  readonly file: string;
  /** Takes the credential out again. */
  readonly undo?: RegExp;
}

const LOGOUT = /^(?:registry |auth )?logout\b/;
const GLOBAL = '--(?:global|system)\\b';

/** Programs, words, file, words that undo it. */
const ROWS: readonly (readonly [string, RegExp, string, RegExp?])[] = [
  [
    'npm pnpm',
    /^(?:config )?(?:set|login|adduser)\b/,
    '~/.npmrc',
    /^(?:config )?(?:delete|rm|logout)\b/,
  ],
  ['yarn', /^config set\b/, '~/.yarnrc.yml', /^config (?:unset|delete)\b/],
  [
    'git',
    new RegExp(`^config (?=.*${GLOBAL})(?!.*--(?:unset|remove|get|list))`),
    '~/.gitconfig',
    new RegExp(`^config (?=.*${GLOBAL}).*--(?:unset|remove-section)`),
  ],
  [
    'git',
    /^config (?!.*--(?:global|system|unset|remove|get|list))/,
    './.git/config',
    /^config (?!.*--(?:global|system)).*--(?:unset|remove-section)/,
  ],
  ['git', /^remote (?:add|set-url)\b/, './.git/config', /^remote (?:remove|rm)\b/],
  ['git', /^(?:-c \S+ )*clone\b/, '@/.git/config'],
  [
    'docker podman buildah skopeo crane oras nerdctl',
    /^(?:auth )?login\b/,
    '~/.docker/config.json',
    LOGOUT,
  ],
  [
    'helm',
    /^(?:registry login|repo add)\b/,
    '~/.config/helm',
    /^(?:registry logout|repo remove)\b/,
  ],
  ['aws', /^configure set\b/, '~/.aws/credentials'],
  ['pip pip3', /^config (?:--\S+ )*set\b/, '~/.config/pip/pip.conf', /^config (?:--\S+ )*unset\b/],
  ['poetry', /^config (?!.*--unset)/, '~/.config/pypoetry/auth.toml', /^config .*--unset/],
  ['composer', /^config (?!.*--unset)/, '~/.composer/auth.json', /^config .*--unset/],
  [
    'bundle bundler',
    /^config (?!unset|--delete|list|get)/,
    '~/.bundle/config',
    /^config (?:unset|--delete)\b/,
  ],
  ['cargo', /^login\b/, '~/.cargo/credentials.toml', LOGOUT],
  [
    'dotnet',
    /^nuget (?:add|update) source\b/,
    '~/.nuget/NuGet/NuGet.Config',
    /^nuget remove source\b/,
  ],
  [
    'nuget',
    /^(?:sources (?:add|update)|setapikey)\b/i,
    '~/.nuget/NuGet/NuGet.Config',
    /^sources remove\b/i,
  ],
  ['gh glab', /^auth login\b/, '~/.config/gh/hosts.yml', LOGOUT],
  ['gcloud', /^auth (?:activate-service-account|login)\b/, '~/.config/gcloud', /^auth revoke\b/],
  ['az', /^login\b/, '~/.azure', LOGOUT],
  ['hf huggingface-cli', /^(?:auth )?login\b/, '~/.cache/huggingface/token', LOGOUT],
  [
    'conda mamba micromamba',
    /^config --(?:add|set|append|prepend)\b/,
    '~/.condarc',
    /^config --remove/,
  ],
  ['kubectl', /^config set-credentials\b/, '~/.kube/config'],
  ['vault', /^login\b/, '~/.vault-token'],
  ['sentry-cli', /^login\b/, '~/.sentryclirc'],
];

export const CREDENTIAL_KEEPERS: readonly CredentialKeeper[] = [
  ...ROWS.map(([programs, words, file, undo]) => ({
    programs,
    words,
    file,
    ...(undo === undefined ? {} : { undo }),
  })),
  ...Object.entries(PASSWORD_TAKERS).flatMap(([programs, { file, input }]) => {
    const words = input === undefined ? /(?:^| )(?:-p|--password)\b/ : /^/;
    return file === undefined ? [] : [{ programs, words, file }];
  }),
];

/** What a program keeps of the credentials that it is given. */
export function keepersOf(program: string): readonly CredentialKeeper[] {
  return CREDENTIAL_KEEPERS.filter(({ programs }) => programs.split(' ').includes(program));
}
