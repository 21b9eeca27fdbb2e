import type { ManagerFamily } from './manager.ts';

const SET_NODE =
  /^[ \t"']*(?:(?:@[\w.-]+:)?registry|npmRegistryServer)["']?(?:[ \t]*[=:]|[ \t])[ \t]*["']?(\S+?)["']?\s*$/gm;

/** Packages of Node. */
export const NODE: ManagerFamily = {
  managers: [
    {
      id: 'npm',
      programs: /^np[mx]$/,
      recorded: 'npm',
      joint: '@',
      fetches: 'npm-url',
      cache: {
        leaves: ({ program, words }) =>
          program === 'npm' &&
          /^(?:ci|install|i|clean-install)$/.test(
            words.find((word) => !word.startsWith('-')) ?? '',
          ),
        cleaned: /\bnpm\s+cache\s+clean\b|\.npm\b/,
        folder: /\.npm$/,
        keptOut: { mount: '/root/.npm' },
        what: 'the packages that npm fetched',
        problem: 'the packages that npm fetched stay in the layer',
      },
      lock: {
        files: ['npm-shrinkwrap.json', 'package-lock.json'],
        madeBy: 'npm install --package-lock-only',
        verb: /^(?:install|i|in)$/,
        other: 'ci',
      },
    },
    {
      id: 'yarn',
      programs: /^yarn$/,
      fetches: 'npm-url',
      lock: {
        files: ['yarn.lock'],
        madeBy: 'yarn install',
        verb: /^(?:install|yarn)$/,
        flag: '--frozen-lockfile',
        flagWith: { file: '.yarnrc.yml', flag: '--immutable' },
      },
    },
    {
      id: 'pnpm',
      programs: /^pnpm$/,
      fetches: 'npm-url',
      lock: {
        files: ['pnpm-lock.yaml'],
        madeBy: 'pnpm install --lockfile-only',
        verb: /^(?:install|i)$/,
        flag: '--frozen-lockfile',
      },
    },
    { id: 'bun', programs: /^bun$/, fetches: 'npm-url' },
  ],
  indexes: [
    {
      programs: /^(?:npm|npx|yarn|yarnpkg|pnpm|bun|corepack)$/,
      options: /^--registry$/,
      variables:
        /^(?:npm_config_registry|YARN_(?:NPM_)?REGISTRY(?:_SERVER)?|COREPACK_NPM_REGISTRY)$/i,
      commands: /^(?:npm|yarn|pnpm) (?:config |c )?set .*(?:registry|npmRegistryServer)/,
      files: ['.npmrc', '.yarnrc', '.yarnrc.yml', '/root/.npmrc', '/root/.yarnrc'],
      setting: SET_NODE,
      isHashed: true,
    },
  ],
  valued: {
    'npm npx bunx pnpx yarn yarnpkg pnpm bun corepack':
      '-C -w -F -p --registry --prefix --cache --workspace --loglevel --userconfig --omit --include --tag --before --filter --dir --cwd --network-timeout --cache-folder --modules-folder --package --store-dir --mutex',
    'npm npx bunx pnpx': '-c --call',
    volta: '--node --npm --yarn --pnpm',
    fnm: '--using',
  },
  local: [
    {
      programs: 'npm',
      unless:
        /--(?:script-shell|git|node-gyp|node-options)\b|(?:^| )init (?:-\S+ )*[^-\s]|(?:^| )audit (?:\S+ )*fix\b/,
      reason: 'installs are judged; the rest configures, lists or removes',
      verbs:
        /^(?:config|c|set|get|cache (?:clean|verify|ls|npx)|ls|list|ll|la|view|info|show|prune|uninstall|remove|rm|r|un|unlink|root|prefix|bin|whoami|audit|outdated|help|version|fund|doctor|completion|pkg|init|login|logout|ping|dist-tag|token|owner|search|shrinkwrap|find-dupes|explain|query|rebuild|rb|ci|clean-install|ic|install-clean|install|i|in|add|update|up|upgrade|(?:link|ln)(?= ?$)|dedupe|ddp)(?: |$)/,
    },
    {
      programs: 'yarn yarnpkg',
      reason: 'installs are judged; the rest configures, lists or removes',
      only: /^(?:-\S+ )*(?:$|config|cache|list|info|why|remove|audit|check|licenses|outdated|versions?|import|autoclean|install|add|global (?:add|remove|list|bin|dir)|help|login|logout|owner|workspaces (?:list|focus|info)|--\S+$)/,
    },
    {
      programs: 'pnpm bun',
      reason: 'installs are judged; the rest configures, lists or removes',
      unless: /(?:^| )init (?:-\S+ )*[^-\s]|(?:^| )audit (?:\S+ )*--fix\b/,
      verbs:
        /^(?:config|c|store|prune|list|ls|why|outdated|remove|rm|uninstall|un|licenses|audit|setup|root|bin|fetch|deploy|install|i|add|update|up|ci|link|pm|install-test|rebuild|rb|import|help|init)(?: |$)/,
    },
    {
      programs: 'corepack',
      reason: 'installs are judged; the rest puts its own links in place',
      only: /^(?:enable|disable|cache|prepare|install|use|hydrate|pack)\b/,
    },
  ],
};
