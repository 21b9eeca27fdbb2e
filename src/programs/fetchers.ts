import type { LocalPrograms } from './program.ts';

/** Programs that fetch files and repositories: what else they do, for what they fetch is judged on its own. */
export const FETCHERS: readonly LocalPrograms[] = [
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
