/** Git settings that name no program and no settings file; git ignores case in their names. */
const PLAIN: readonly RegExp[] = [
  /^(?:user|author|committer|advice|color|safe|https?|fetch|pull|push|pack|log|transfer|receive|feature|index|rebase|branch|i18n|stash|status|checkout|clone|rerere|apply|extensions)\./,
  /^core\.(?:autocrlf|symlinks|longpaths|compression|quotepath|filemode|ignorecase|eol|safecrlf|preloadindex|packed\w+|precompose\w+|bigfilethreshold|sparsecheckout\w*|sharedrepository|logallrefupdates|untrackedcache|bare|excludesfile|commitgraph|multipackindex|abbrev|whitespace|protect\w+)$/,
  /^(?:init\.defaultbranch|gc\.(?:auto\w*|prune\w*)|(?:commit|tag)\.gpgsign|help\.autocorrect|maintenance\.auto)$/,
  /^protocol\.(?!ext\.)/,
  /^url\..*\.(?:push)?insteadof$/,
  /^credential\.(?:.*\.)?(?:username|usehttppath)$/,
  /^lfs\.(?:url|\w*timeout|concurrent\w+|fetch\w+|skip\w+|locksverify)$/,
  /^remote\..*\.(?:url|pushurl|fetch|tagopt|prune|promisor|partialclonefilter)$/,
  /^submodule\.(?:recurse|fetchjobs|.*\.(?:url|active|branch|shallow))$/,
  /^(?:merge\.(?:ff|renamelimit|conflictstyle|stat|log)|diff\.(?:renamelimit|renames|algorithm|ignoresubmodules|submodule))$/,
];
/** Helpers of git's own that keep a password. */
const HELPER = /^(?:store|cache)(?: |$)/;
/** Options of `git config` that only read, take away, or say where. */
const READS = /^(?:--(?:get|unset|list|remove-section|rename-section|name-only|show-origin)|-l$)/;
const PLACES =
  /^--(?:global|system|local|worktree|add|replace-all|bool|int|path|fixed-value|type=\w+|file=.*)$/;

function isPlain(key: string, value: string): boolean {
  const name = key.toLowerCase();
  if (/^credential\.(?:.*\.)?helper$/.test(name)) return HELPER.test(`${value} `);
  return PLAIN.some((pattern) => pattern.test(name));
}

/** True if the settings that a git command gives or writes run nothing; false if one is unknown. */
export function setsPlainly(words: readonly string[]): boolean {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '-c') {
      const [, key = '', value = ''] = /^([^=]*)(?:=(.*))?$/s.exec(words[(at += 1)] ?? '') ?? [];
      if (!isPlain(key, value)) return false;
    } else if (/^(?:-C|--git-dir|--work-tree)$/.test(word)) at += 1;
    else if (word === 'config') return writesPlainly(words.slice(at + 1));
    // A clone takes settings too.
    else if (!word.startsWith('-') && word !== 'clone') return true;
    else if (word.startsWith('--config')) return false;
  }
  return true;
}

function writesPlainly(words: readonly string[]): boolean {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (READS.test(word) || /^(?:get|unset|list)$/.test(word)) return true;
    if (word === '-f' || word === '--file') at += 1;
    else if (word === 'set' || PLACES.test(word)) continue;
    else return !word.startsWith('-') && isPlain(word, words[at + 1] ?? '');
  }
  return true;
}
