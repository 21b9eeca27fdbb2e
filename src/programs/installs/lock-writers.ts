/** Command lines that write the lock file of a project again, by the programs that then read it. */
const LOCK_WRITERS: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^(?:npm|npx)$/,
    /^npm (?:.* )?(?:--package-lock-only|shrinkwrap|dedupe|ddp|update|up|upgrade|audit fix)(?: |$)/,
  ],
  [/^pnpm$/, /^pnpm (?:.* )?(?:--lockfile-only|--fix-lockfile|update|up|upgrade|dedupe)(?: |$)/],
  [/^yarn(?:pkg)?$/, /^yarn (?:.* )?(?:--mode[= ]update-lockfile|up|upgrade|dedupe|import)(?: |$)/],
  [/^bun$/, /^bun (?:.* )?(?:--lockfile-only|update)(?: |$)/],
  [/^poetry$/, /^poetry (?:lock|update|add|remove)(?: |$)/],
  [/^pdm$/, /^pdm (?:lock|update|add|remove)(?: |$)/],
  [/^pipenv$/, /^pipenv (?:lock|update|upgrade)(?: |$)/],
  [/^uv$/, /^uv (?:lock|add|remove)(?: |$)/],
  [/^cargo$/, /^cargo (?:\+\S+ )?(?:update|generate-lockfile|add|remove|upgrade)(?: |$)/],
  [/^bundler?$/, /^bundler? (?:lock|update|add|remove)(?: |$)/],
  [
    /^composer(?:\.phar)?$/,
    /^composer(?:\.phar)? (?:.* )?(?:update|upgrade|require|remove)(?: |$)/,
  ],
  [/^go$/, /^go (?:mod tidy|get|work sync)(?: |$)/],
];
/** They then only look, or keep to the one that is there. */
const KEEPS = / (?:--check|--locked|--frozen|--offline|--local|--lock)(?: |$)/;

/** True if a command line, program first, may have changed the lock that `program` reads later. */
export function writesLock(program: string, line: string): boolean {
  return (
    LOCK_WRITERS.some(([readers, writes]) => readers.test(program) && writes.test(line)) &&
    !KEEPS.test(line)
  );
}
