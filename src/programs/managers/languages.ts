import type { ManagerFamily } from './manager.ts';

/** Packages of Ruby, Rust, PHP, Perl, Lua, .NET and Haskell. */
export const LANGUAGE_PACKAGES: ManagerFamily = {
  managers: [
    {
      id: 'gem',
      programs: /^gem$/,
      recorded: 'gem',
      joint: ':',
      fetches: 'package-url',
    },
    {
      id: 'cargo',
      programs: /^cargo$/,
      lock: {
        files: ['Cargo.lock'],
        madeBy: 'cargo generate-lockfile',
        verb: /^(?:build|b|fetch|run|install)$/,
        flag: '--locked',
      },
    },
    { id: 'other', programs: /^(?:luarocks|cpanm|pecl|pear)$/, fetches: 'package-url' },
  ],
  indexes: [
    {
      programs: /^(?:gem|bundle|bundler)$/,
      options: /^(?:-s|--source|--clear-sources)$/,
      variables: /^BUNDLE_(?:MIRROR__\w+|RUBYGEMS_MIRROR)$/,
      commands: /^(?:gem sources? |bundler? config .*mirror)/,
      files: ['/root/.gemrc', '/etc/gemrc', '.bundle/config', '/usr/local/bundle/config'],
      setting: /^[ \t]*(?:-|BUNDLE_MIRROR__\w+:)[ \t]*["']?(https?:\S+?)["']?\s*$/gm,
      isHashed: false,
    },
    {
      programs: /^cargo$/,
      options: /^--(?:index|registry)$/,
      variables: /^CARGO_(?:SOURCE_\w+|REGISTRIES_\w+_INDEX|REGISTRY_(?:INDEX|DEFAULT))$/,
      commands: /^$/,
      files: ['.cargo/config.toml', '.cargo/config', '/usr/local/cargo/config.toml'],
      setting: /^[ \t]*registry\s*=\s*["'](\S+?)["']/gm,
      isHashed: true,
    },
    {
      programs: /^composer(?:\.phar)?$/,
      options: /^--repository(?:-url)?$/,
      variables: /^COMPOSER_REPO_PACKAGIST$/,
      commands: /^composer(?:\.phar)? config .*repo/,
      files: [],
      setting: /$^/g,
      isHashed: false,
    },
  ],
  valued: {
    gem: '-v -i -n -P -s --version --install-dir --source --platform --bindir',
    'bundle bundler': '-j --jobs --retry --path --without --with --gemfile',
    cargo:
      '-F -j -p -Z --version --vers --git --rev --tag --branch --path --root --features --target --profile --bin --jobs --registry --index --manifest-path --target-dir --package --config',
    'composer composer.phar': '-d --working-dir',
    'install2.r': '-l -r -t -n --libloc --repos --type --ncpus',
    cpm: '-L -w --local-lib-contained --workers',
    'pecl pear': '-D',
    cpanm: '-l -L --mirror --local-lib --local-lib-contained --mirror-index --from',
    luarocks: '--tree --server --lua-version',
    dotnet: '--version --tool-path --add-source -v',
    opam: '--switch -j --jobs --root',
    'ansible-galaxy': '-r --requirements-file -p --roles-path --collections-path -s --server',
  },
  local: [
    {
      programs: 'gem bundle bundler',
      reason: 'installs are judged; the rest configures, lists or removes',
      verbs:
        /^(?:i|in|inst|install|update|list|config|clean|cleanup|check|uninstall|sources|env|environment|info|query|specification|which|pristine|stale|contents|lock|cache|package|show|outdated|doctor|version|help|add|remove|platform|binstubs)(?: |$)/,
    },
    {
      programs: 'composer composer.phar',
      reason: 'installs are judged; scripts of a project run after them are the project’s own',
      verbs:
        /^(?:config|clear-cache|clearcache|cc|diagnose|dump-autoload|dumpautoload|show|info|validate|check-platform-reqs|licenses|remove|outdated|audit|suggests|about|status|self-update|selfupdate|init|install|update|require|global|create-project|-V)(?: |$)/,
      unless: /^(?:\S+ )*(?:run-script|run|exec)(?: |$)/,
    },
    {
      programs: 'dotnet',
      reason: 'restores packages by the hashes of packages.lock.json, or changes its settings',
      only: /^(?:restore .*--locked-mode|nuget (?:add|remove|list|locals|update|enable|disable) |new |sln |add reference|list |dev-certs https)/,
    },
    {
      programs: 'stack cabal',
      reason: 'lists and changes its settings',
      only: /^(?:config set|path|user-config|--numeric-version|clean|list|(?:v2-|new-)?update)\b/,
    },
    {
      programs: 'dart flutter',
      reason: 'translates, or changes its settings',
      only: /^(?:compile|format|analyze|config|clean|--disable-analytics|disable-analytics|--version|pub (?:cache|deps|token))\b/,
    },
    {
      programs: 'zig',
      reason: 'compiles and links what is there',
      only: /^(?:cc|c\+\+|ar|version|env|fmt|build-(?:exe|lib|obj)|ranlib|dlltool|translate-c|libc)(?: |$)/,
    },
    {
      programs: 'mix rebar3 swift deno gleam shards elm conan',
      reason: 'lists, formats and cleans',
      only: /^(?:clean|deps\.clean|deps\.tree|format|fmt|lint|check|types|info|profile|remote|package (?:clean|reset)|shutdown|version)\b/,
      unless: /^check\b.*--run|^format .*--dot-formatter/,
    },
  ],
};
