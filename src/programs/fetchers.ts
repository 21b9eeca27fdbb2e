import { setsPlainly } from './git-settings.ts';
import type { LocalPrograms } from './program.ts';

const FILES = {
  reason: 'what it fetches is judged',
  only: /(?:^| )(?:-V|-h|[^-]\S*)/,
} as const;

/** Other uses of programs that fetch files and repositories; the fetches are judged separately. */
export const FETCHERS: readonly LocalPrograms[] = [
  {
    programs: 'git',
    reason: 'works on the repository that is there; what it fetches is judged',
    only: /^(?:(?:-C|-c|--git-dir|--work-tree) \S+ |--(?:git-dir|work-tree)=\S+ |--no-pager |-P |--bare )*(?:config|submodule (?:init|status|sync|deinit|set-url|set-branch)|submodule$|remote (?:-v|set-url|set-head|remove|rm|rename|get-url|add (?!.*-f\b))|remote$|archive|init|checkout|switch|restore|reset|clean|add|rm|mv|commit|tag|branch|log|show|status|diff|describe|rev-parse|rev-list|apply|am|merge|cherry-pick|stash|gc|prune|repack|reflog|sparse-checkout|worktree|cat-file|ls-files|ls-tree|hash-object|show-ref|symbolic-ref|update-index|update-ref|verify-commit|verify-tag|fsck|notes|blame|shortlog|format-patch|for-each-ref|name-rev|count-objects|lfs (?:install|checkout|track|ls-files|version|env)|--version|version|help|maintenance run|merge-base|diff-tree|read-tree|checkout-index)(?: |$)/,
    isRead: setsPlainly,
    unless: /\bext::|(?:^|[ =])["']?!|\bclone .*-[a-z]*u/,
    reaches: '--upload-pack --receive-pack --exec --template --ext-diff --textconv --remote',
  },
  {
    programs: 'hg',
    reason: 'works on the repository that is there; what it fetches is judged',
    only: /^(?:update|up|checkout|co|id|identify|log|parents|status|st|branch|cat|revert|files|tip|summary|--version)\b/,
    addresses: true,
    reaches: '--config --ssh --remotecmd -e',
  },
  {
    programs: 'svn bzr',
    reason: 'works on the copy that is there; what it fetches is judged',
    only: /^(?:info|log|status|st|cleanup|revert|add|rm|propset|propget|diff|revno|whoami|--version|version)\b/,
    unless: /:\/\//,
    reaches: '--config-dir --config-option --editor-cmd --diff-cmd --diff3-cmd',
  },
  {
    programs: 'gh glab',
    reason: 'keeps a login; what it fetches is judged',
    only: /^(?:auth|config|version|--version)\b/,
  },
  {
    programs: 'ssh scp sftp rsync',
    reason: 'what it fetches is judged',
    only: /^-V$/,
    unless:
      /(?:Proxy|Local|KnownHosts)Command|--rsync-path|(?:^| )(?:-e|--rsh)[= ]["']?(?!ssh\b)|(?:^| )-[SF] ?\S*\//i,
  },
  {
    programs: 'nc ncat netcat socat',
    reason: 'what it fetches is judged',
    only: /^(?:-z|-h|-V|--version)\b/,
    unless: /(?:^| )-[a-z]*[ec](?: |$)|--(?:sh-|lua-)?exec|\b(?:exec|system|shell):/i,
  },
  {
    ...FILES,
    programs: 'curl aria2c axel',
    unless: /--on-(?:download|bt)|(?:^| )(?:-K ?|--config[ =])(?:-|\S)|(?:^| )--conf-path/,
  },
  {
    ...FILES,
    programs: 'wget wget2',
    // Lines of a `.wgetrc`, of which only these take nothing else in.
    unless:
      /(?:^| )(?:-e(?: |(?=\S))|--execute[ =])(?!["']?(?:robots|use_proxy|(?:https?|ftp|no)_proxy|check_?certificate|timeout|tries|content_?disposition)\s*=)|use.?askpass|(?:^| )--config[ =]/,
  },
];
