import { PASSWORD_TAKERS } from './passwords.ts';

/** A command that writes a credential it is given into a file of its own. */
export interface CredentialKeeper {
  readonly programs: string;
  /** Held against the words behind the program, joined by blanks. */
  readonly words: RegExp;
  /** Where it is kept: `~` is the user's home, `.` the working folder, `@` the one it creates. */
  readonly file: string;
  /** Takes the credential out again. */
  readonly undo?: RegExp;
}

const NPMRC = { file: '~/.npmrc', undo: /^(?:config )?(?:delete|rm|logout)\b/ } as const;
const LOGOUT = /^(?:registry |auth )?logout\b/;

export const CREDENTIAL_KEEPERS: readonly CredentialKeeper[] = [
  { programs: 'npm pnpm', words: /^(?:config )?(?:set|login|adduser)\b/, ...NPMRC },
  {
    programs: 'yarn',
    words: /^config set\b/,
    file: '~/.yarnrc.yml',
    undo: /^config (?:unset|delete)\b/,
  },
  {
    programs: 'git',
    words: /^config (?=.*--(?:global|system)\b)(?!.*--(?:unset|remove|get|list))/,
    file: '~/.gitconfig',
    undo: /^config (?=.*--(?:global|system)\b).*--(?:unset|remove-section)/,
  },
  {
    programs: 'git',
    words: /^config (?!.*--(?:global|system|unset|remove|get|list))/,
    file: './.git/config',
    undo: /^config (?!.*--(?:global|system)).*--(?:unset|remove-section)/,
  },
  {
    programs: 'git',
    words: /^remote (?:add|set-url)\b/,
    file: './.git/config',
    undo: /^remote (?:remove|rm)\b/,
  },
  { programs: 'git', words: /^(?:-c \S+ )*clone\b/, file: '@/.git/config' },
  {
    programs: 'docker podman buildah skopeo crane oras nerdctl',
    words: /^(?:auth )?login\b/,
    file: '~/.docker/config.json',
    undo: LOGOUT,
  },
  {
    programs: 'helm',
    words: /^(?:registry login|repo add)\b/,
    file: '~/.config/helm',
    undo: /^(?:registry logout|repo remove)\b/,
  },
  { programs: 'aws', words: /^configure set\b/, file: '~/.aws/credentials' },
  {
    programs: 'pip pip3',
    words: /^config (?:--\S+ )*set\b/,
    file: '~/.config/pip/pip.conf',
    undo: /^config (?:--\S+ )*unset\b/,
  },
  {
    programs: 'poetry',
    words: /^config (?!.*--unset)/,
    file: '~/.config/pypoetry/auth.toml',
    undo: /^config .*--unset/,
  },
  {
    programs: 'composer',
    words: /^config (?!.*--unset)/,
    file: '~/.composer/auth.json',
    undo: /^config .*--unset/,
  },
  {
    programs: 'bundle bundler',
    words: /^config (?!unset|--delete|list|get)/,
    file: '~/.bundle/config',
    undo: /^config (?:unset|--delete)\b/,
  },
  { programs: 'cargo', words: /^login\b/, file: '~/.cargo/credentials.toml', undo: LOGOUT },
  {
    programs: 'dotnet',
    words: /^nuget (?:add|update) source\b/,
    file: '~/.nuget/NuGet/NuGet.Config',
    undo: /^nuget remove source\b/,
  },
  {
    programs: 'nuget',
    words: /^(?:sources (?:add|update)|setapikey)\b/i,
    file: '~/.nuget/NuGet/NuGet.Config',
    undo: /^sources remove\b/i,
  },
  { programs: 'gh glab', words: /^auth login\b/, file: '~/.config/gh/hosts.yml', undo: LOGOUT },
  {
    programs: 'gcloud',
    words: /^auth (?:activate-service-account|login)\b/,
    file: '~/.config/gcloud',
    undo: /^auth revoke\b/,
  },
  { programs: 'az', words: /^login\b/, file: '~/.azure', undo: LOGOUT },
  {
    programs: 'hf huggingface-cli',
    words: /^(?:auth )?login\b/,
    file: '~/.cache/huggingface/token',
    undo: LOGOUT,
  },
  {
    programs: 'conda mamba micromamba',
    words: /^config --(?:add|set|append|prepend)\b/,
    file: '~/.condarc',
    undo: /^config --remove/,
  },
  { programs: 'kubectl', words: /^config set-credentials\b/, file: '~/.kube/config' },
  { programs: 'vault', words: /^login\b/, file: '~/.vault-token' },
  { programs: 'sentry-cli', words: /^login\b/, file: '~/.sentryclirc' },
  ...Object.entries(PASSWORD_TAKERS).flatMap(([programs, { file, input }]) => {
    const words = input === undefined ? /(?:^| )(?:-p|--password)\b/ : /^/;
    return file === undefined ? [] : [{ programs, words, file }];
  }),
];

const BY_PROGRAM = new Map<string, CredentialKeeper[]>();
for (const keeper of CREDENTIAL_KEEPERS)
  for (const program of keeper.programs.split(' '))
    BY_PROGRAM.set(program, [...(BY_PROGRAM.get(program) ?? []), keeper]);

/** What a program keeps of the credentials that it is given. */
export function keepersOf(program: string): readonly CredentialKeeper[] {
  return BY_PROGRAM.get(program) ?? [];
}
