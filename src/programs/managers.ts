import type { LocalPrograms } from './program.ts';

/** Managers of packages and repositories: what else they do than install and fetch, which is judged on its own. */
export const MANAGERS: readonly LocalPrograms[] = [
  {
    programs: 'apt apt-get aptitude apt-fast',
    reason: 'installs are judged; the rest reads the lists of the repositories or removes',
    only: /(?:^| )(?:update|clean|autoclean|auto-clean|distclean|dist-clean|remove|purge|autoremove|autopurge|auto-remove|check|mark|list|show|search|policy|moo|edit-sources|install|upgrade|dist-upgrade|full-upgrade|safe-upgrade|satisfy|reinstall|build-dep|download|source|indextargets|changelog|--version|markauto|unmarkauto)(?: |$)/,
    unless: /invoke|hooks?\b|Dir::Bin|Acquire::\w+::(?:Proxy-Auto|ProxyAutoDetect)/i,
  },
  {
    programs: 'apk',
    reason: 'installs are judged; the rest reads the lists of the repositories or removes',
    only: /(?:^| )(?:update|del|info|list|search|policy|cache|fix|verify|audit|version|stats|dot|index|add|upgrade|fetch|--version|--print-arch|manifest)(?: |$)/,
  },
  {
    programs: 'dnf dnf5 yum microdnf tdnf yumdownloader',
    reason: 'installs are judged; the rest reads the lists of the repositories or removes',
    only: /(?:^| )(?:clean|makecache|remove|erase|autoremove|list|info|search|repolist|repoquery|history|mark|check|check-update|config-manager|module|group|groupinstall|groupremove|install|reinstall|localinstall|update|upgrade|upgrade-minimal|update-minimal|distro-sync|builddep|versionlock|provides|swap|download|copr|updateinfo|deplist|in|rm|module_list|langinstall|-y|all|leaves|needs-restarting|fs)(?: |$)/,
    unless: /--setopt=\S*(?:pluginpath|pluginconfpath)/,
  },
  {
    programs: 'zypper',
    reason: 'installs are judged; the rest reads the lists of the repositories or removes',
    only: /(?:^| )(?:clean|cc|refresh|ref|remove|rm|addrepo|ar|removerepo|rr|modifyrepo|mr|lr|repos|search|se|info|if|addlock|al|install|in|update|up|patch|dup|dist-upgrade|lp|lu|verify|ve|source-install|si|locks|ll)(?: |$)/,
  },
  {
    programs: 'pacman pacman-key pacman-db-upgrade paccache',
    reason: 'installs are judged; the rest keeps keys and caches or removes',
    only: /(?:^| )(?:-S\w*|--sync|-R\w*|--remove|-Q\w*|--query|-D\w*|-F\w*|-T|-U\w*|--init|--populate|--lsign-key|--add|--refresh-keys|-r|-k\w*|--noconfirm|-c\w*)(?: |$)/,
  },
  {
    programs: 'pip pipx',
    reason: 'installs are judged; the rest lists or removes',
    only: /(?:^| )(?:list|freeze|check|show|cache|config|debug|uninstall|inspect|hash|ensurepath|environment|completion|install|download|wheel|inject|upgrade)(?: |$)/,
  },
  {
    programs: 'uv',
    reason: 'installs are judged; the rest makes environments, lists or removes',
    only: /(?:^| )(?:venv|cache|version|self version|export|lock|tree|init|pip (?:list|freeze|check|show|uninstall|tree|compile|install|sync)|tool (?:list|dir|uninstall|install|update-shell)|python (?:list|find|dir|pin|install)|sync|add|remove)(?: |$)/,
  },
  {
    programs: 'poetry pdm pipenv hatch rye pixi flit',
    reason: 'installs are judged; the rest configures, lists or exports',
    only: /(?:^| )(?:config|self (?:show|add|remove|lock|install|update)|export|lock|check|env|show|version|cache|install|sync|add|remove|update|init|new|--version|about|search|source|requirements|uninstall|clean|graph|--rm|--venv)(?: |$)/,
  },
  {
    programs: 'conda mamba micromamba',
    reason: 'installs are judged; the rest configures, lists or removes',
    only: /(?:^| )(?:config|clean|info|list|init|activate|deactivate|remove|uninstall|update|install|create|env|shell|index|build purge|search|notices|rename|compare|tos|repoquery|upgrade)(?: |$)/,
  },
  {
    programs: 'npm',
    unless: /--(?:script-shell|git|node-gyp|node-options)\b/,
    reason: 'installs are judged; the rest configures, lists or removes',
    only: /(?:^| )(?:config|c|set|get|cache|ls|list|ll|la|view|info|show|prune|uninstall|remove|rm|r|un|unlink|root|prefix|bin|whoami|audit|outdated|help|version|fund|doctor|completion|pkg|init|login|logout|ping|dist-tag|token|owner|search|shrinkwrap|find-dupes|explain|query|rebuild|rb|ci|clean-install|ic|install-clean|install|i|in|add|update|up|upgrade|link|ln|dedupe|ddp)(?: |$)/,
  },
  {
    programs: 'yarn yarnpkg',
    reason: 'installs are judged; the rest configures, lists or removes',
    only: /^(?:-\S+ )*(?:$|config|cache|set version|list|info|why|remove|audit|check|licenses|outdated|plugin|versions?|import|autoclean|install|add|global (?:add|remove|list|bin|dir)|help|login|logout|owner|workspaces (?:list|focus|info)|--\S+)/,
  },
  {
    programs: 'pnpm bun',
    reason: 'installs are judged; the rest configures, lists or removes',
    only: /(?:^| )(?:config|c|store|prune|list|ls|why|outdated|remove|rm|uninstall|un|licenses|audit|setup|root|bin|fetch|deploy|install|i|add|update|up|ci|link|pm|env|install-test|rebuild|rb|import|help|init)(?: |$)/,
  },
  {
    programs: 'corepack',
    reason: 'installs are judged; the rest puts its own links in place',
    only: /^(?:enable|disable|cache|prepare|install|use|hydrate|pack|up)\b/,
  },
  {
    programs: 'dotnet',
    reason: 'restores packages by the hashes of packages.lock.json, or changes its settings',
    only: /^(?:restore .*--locked-mode|nuget (?:add|remove|list|locals|update|enable|disable) |new |sln |add reference|list |dev-certs https)/,
  },
  {
    programs: 'gem bundle bundler',
    reason: 'installs are judged; the rest configures, lists or removes',
    only: /(?:^| )(?:i|in|inst|install|update|list|config|clean|cleanup|check|uninstall|sources|env|environment|info|query|specification|which|pristine|stale|contents|lock|cache|package|show|outdated|doctor|version|fetch|unpack|help|add|remove|platform|binstubs)(?: |$)|^(?:-\S+(?: |$))*$/,
  },
  {
    programs: 'composer composer.phar',
    reason: 'installs are judged; scripts of a project run after them are the project’s own',
    only: /(?:^| )(?:config|clear-cache|clearcache|cc|diagnose|dump-autoload|dumpautoload|show|info|validate|check-platform-reqs|licenses|remove|outdated|audit|suggests|about|status|self-update|selfupdate|init|install|update|require|global|create-project|--version|-V)(?: |$)/,
    unless: /^(?:\S+ )*(?:run-script|run|exec)(?: |$)/,
  },
  {
    programs: 'stack cabal',
    reason: 'lists and changes its settings',
    only: /^(?:config set|path|user-config|--numeric-version)\b/,
  },
  {
    programs: 'git',
    reason: 'what it fetches is judged; the rest works on the repository that is there',
    only: /^(?:(?:-C \S+|-c [^\s=]+=\S*|--git-dir\S*|--work-tree\S*|--no-pager|-P|--bare) )*(?:clone|fetch|pull|submodule (?:add|update|init|status|sync|deinit|set-url|set-branch)|submodule$|archive|ls-remote|remote|init|checkout|switch|restore|reset|clean|config|add|rm|mv|commit|tag|branch|log|show|status|diff|describe|rev-parse|rev-list|apply|am|merge|cherry-pick|stash|gc|prune|repack|reflog|sparse-checkout|worktree|cat-file|ls-files|ls-tree|hash-object|show-ref|symbolic-ref|update-index|update-ref|verify-commit|verify-tag|fsck|notes|blame|shortlog|format-patch|for-each-ref|name-rev|count-objects|lfs (?:install|pull|fetch|checkout|track|ls-files)|--version|version|help|subtree add|subtree pull|maintenance|merge-base|diff-tree|read-tree|checkout-index)(?: |$)/,
    unless:
      /alias\.|(?:^|[ =])["']?!|sshCommand|fsmonitor|hooksPath|core\.(?:editor|pager|gitProxy|askPass)|\bext::|--upload-pack|--exec\b|(?:filter|textconv|credential)\.[\w.]*(?:clean|smudge|process|helper|textconv)?=?!|--template/i,
  },
  {
    programs: 'hg svn bzr gh glab',
    reason: 'what it fetches is judged; the rest works on the repository that is there',
    only: /^(?:clone|checkout|co|export|update|up|pull|id|identify|log|info|status|st|revert|branch|parents|cat|cleanup|repo clone|--version|auth|config)\b/,
    unless: /--config\b|hooks|alias/,
  },
  {
    programs: 'curl wget wget2 aria2c axel',
    reason: 'what it fetches is judged',
    only: /(?:^| )(?:-V|-h|[^-]\S*)/,
    unless:
      /--use-askpass|--on-(?:download|bt)|(?:^| )(?:-K ?|--config[ =])(?:-|\S)|(?:^| )--conf-path/,
  },
];
