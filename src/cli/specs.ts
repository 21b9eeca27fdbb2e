import { OWN, SHOWN_BUILD_FLAGS } from '../build/flags.ts';
import { SHELLS } from './command-help.ts';
import { bool, type CommandSpec, exits, standard, text, whole } from './flag-table.ts';
import { COMPARISON_REPORT, DIFFOSCOPE, JSON_FLAG, PLAIN_HTTP, PLATFORM, POLICY } from './flags.ts';

export const LOCK = {
  name: 'lock',
  usage: ['lock [flags] PATH|URL'],
  about: `
Writes scoville.lock beside the Dockerfile, or refreshes it: resolves every tag again, builds without a cache so that
each RUN fetches what there is now, and prints what changed. Nothing is signed, tagged, loaded or pushed; the next
scoville build enforces the lock. It takes the flags of scoville build: give it those that the build has (--target,
--build-arg, --platform).`,
  examples: [
    ['scoville lock .', 'write scoville.lock, or refresh it'],
    ['scoville lock --target app .', 'with the flags that the build has'],
  ],
  exits: [
    ['0', 'written'],
    ['2', 'could not be written, or a wrong flag or setting'],
    ['130', 'canceled'],
    ['other', 'the exit code of buildx, for a failed build'],
  ],
  flags: {
    lock: text('=FILE', 'Another file than scoville.lock', { path: true, bare: 'true' }),
    json: JSON_FLAG,
  },
  also: SHOWN_BUILD_FLAGS,
} satisfies CommandSpec;

export const CONFIG = {
  name: 'config',
  usage: ['config [flags] SETTING=VALUE...'],
  about: `
Sets settings in the project's .scoville.yaml, or makes one in this folder. To a list, the value is added.
Comments and other settings stay as they are. Nothing is written if a setting or a value is not known.`,
  examples: [
    ["scoville config image.authors='The shop team'", 'who made the image'],
    ['scoville config secrets.use=none gate.minLevel=3', 'two settings at once'],
  ],
  exits: [
    ['0', 'written'],
    ['2', 'not written: an unknown setting, a wrong value, or a wrong flag'],
  ],
  flags: { config: OWN.config },
  operands: { least: 1, error: 'needs SETTING=VALUE', choices: [] },
} satisfies CommandSpec;

export const DIFF = {
  name: 'diff',
  usage: ['diff [flags] FIRST SECOND'],
  about: `
Compares two images, wherever they are (a registry, Docker's store, an OCI layout, an archive), and names each file that
differs, how, why, and what to do about it.`,
  examples: [
    ['scoville diff my-app:1 my-app:2', 'two images of Docker'],
    ['scoville diff registry:HOST/my-app:1 my-app:1', 'the registry and Docker'],
    ['scoville diff --report html=diff.html old.tar new.tar', 'two archives, as a page'],
  ],
  exits: [
    ['0', 'every image manifest has the same digest'],
    ['1', 'not'],
    ['2', 'could not be compared, or a wrong flag'],
    ['130', 'canceled'],
  ],
  flags: {
    platform: PLATFORM,
    json: JSON_FLAG,
    report: COMPARISON_REPORT,
    diffoscope: DIFFOSCOPE,
    'plain-http': PLAIN_HTTP,
    policy: POLICY,
  },
  operands: { least: 2, most: 2, error: 'takes two images' },
} satisfies CommandSpec;

export const PUSH = {
  name: 'push',
  usage: ['push [flags] NAME[:TAG]...', 'push [flags] ARCHIVE|DIR NAME[:TAG]...'],
  about: `
Pushes what a build left in the layout under that name: blobs that the registry lacks, manifests, signatures and
attestations as referrers, the tag last. Credentials are Docker's (docker login). An OCI archive or layout directory is
pushed under the names that follow it, with all that it contains for the image; nothing is built or signed again.`,
  examples: [
    ['scoville push localhost:5000/shop/api:1', 'push the newest build of that name'],
    [
      'scoville push api.tar localhost:5000/shop/api:1',
      'push an archive (-o type=oci,dest=api.tar)',
    ],
  ],
  exits: [
    ['0', 'pushed; prints the digest'],
    ['2', 'no such build or archive, or it could not be pushed'],
    ['130', 'canceled'],
  ],
  flags: {
    'with-inputs': bool('Also publish what the build recorded, so that anyone can replay it'),
    'plain-http': PLAIN_HTTP,
    policy: POLICY,
  },
  operands: { least: 1, error: 'needs a name', choices: [] },
} satisfies CommandSpec;

export const LOAD_SPEC = {
  name: 'load',
  usage: ['load NAME[:TAG]...'],
  about:
    'Loads what a build left in the layout under that name into Docker, sending only what the engine lacks.',
  examples: [['scoville load my-app', 'load the newest build of that name']],
  exits: [
    ['0', 'loaded; prints the digest'],
    ['2', 'no build of that name, or it could not be loaded'],
    ['130', 'canceled'],
  ],
  flags: {},
  operands: { least: 1, error: 'needs a name', choices: [] },
} satisfies CommandSpec;

export const PRUNE = {
  name: 'prune',
  usage: ['prune [flags]'],
  about: `
Frees what earlier builds left in the layout: builds that a newer one of the same name has replaced, blobs that no
remaining build reaches, and what a killed build left half written. A build that runs is never touched.`,
  examples: [
    ['scoville prune --dry-run', 'say what would go'],
    ['scoville prune', 'keep the newest build of each name'],
    ['scoville prune --all', 'remove every build, and the caches'],
  ],
  exits: exits({ 0: 'done', 2: 'error', 130: 'canceled' }),
  flags: {
    keep: standard(
      whole('N', 'Builds to keep of each name, the newest first', { most: 1_000_000 }),
      '1',
    ),
    'older-than': standard(whole('DAYS', 'Leave younger builds alone', { most: 36_500 }), '0'),
    all: bool('Remove every build, and the caches too'),
    'dry-run': bool('Say what would go; remove nothing'),
    json: JSON_FLAG,
  },
  operands: { most: 0, error: 'does not take names' },
} satisfies CommandSpec;

export const DOCTOR = {
  name: 'doctor',
  usage: ['doctor [flags]'],
  about: 'Says what is there, what is missing, and the one command that fixes each.',
  examples: [['scoville doctor', 'check this machine and this folder']],
  exits: exits({ 0: 'nothing that a build needs is missing', 2: 'something is missing' }),
  flags: { json: JSON_FLAG },
  operands: { most: 0, error: 'does not take names' },
} satisfies CommandSpec;

export const INSTALL = {
  name: 'install',
  usage: ['install [flags]'],
  about: `
Makes \`docker scoville build\` work: puts the plugin docker-scoville into Docker's plugin folder, which is cli-plugins in
DOCKER_CONFIG or ~/.docker. Installing again is safe.`,
  examples: [
    ['scoville install', 'makes docker scoville build work'],
    ['scoville install --replace-build', 'docker build goes through scoville too'],
  ],
  exits: exits({ 0: 'installed', 2: 'error' }),
  flags: {
    'replace-build': bool(
      "Make docker build, docker image build and docker builder build go through scoville too: sets aliases.builder in Docker's config.json, keeping what was there. All else of docker builder (prune, du, bake ...) goes on to buildx as before",
    ),
  },
  end: 'scoville uninstall undoes both.',
  operands: { most: 0, error: 'does not take names' },
} satisfies CommandSpec;

export const UNINSTALL = {
  name: 'uninstall',
  usage: ['uninstall'],
  about: `
Undoes scoville install: removes the plugins from Docker's plugin folder, and restores aliases.builder of Docker's
config.json. Images, the layout, caches and keys stay (scoville prune).`,
  examples: [['scoville uninstall', 'removes the plugin again']],
  exits: exits({ 0: 'removed, or was not installed', 2: 'error' }),
  flags: {},
  operands: { most: 0, error: 'does not take names' },
} satisfies CommandSpec;

export const COMPLETION = {
  name: 'completion',
  usage: ['completion bash|zsh|fish'],
  about: `
Prints a completion script: the commands, the flags of each, and their values.`,
  examples: [
    ['eval "$(scoville completion bash)"', 'in ~/.bashrc'],
    ['eval "$(scoville completion zsh)"', 'in ~/.zshrc'],
    ['scoville completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  exits: exits({ 0: 'printed', 2: 'a shell that is not known' }),
  flags: {},
  operands: { least: 1, most: 1, error: 'takes one shell: bash, zsh or fish', choices: SHELLS },
} satisfies CommandSpec;
