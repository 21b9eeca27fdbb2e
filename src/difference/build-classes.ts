import { type ClassRule, rules } from './class-rule.ts';

/**
 * Wherever their folder lies. InnoDB and Aria, PostgreSQL, WiredTiger, LMDB, LevelDB and RocksDB,
 * Lucene, Prometheus.
 */
const OF_DATABASES = new RegExp(
  [
    ...['ibdata\\d+', 'ib_logfile\\d+', 'undo\\d{3}', 'aria_log[._]\\w+', 'ib_buffer_pool'],
    ...['[^/]+\\.(?:ibd|frm|MA[ID]|MY[ID]|wt|ldb|sst)', 'WiredTiger[^/]*', 'data\\.mdb'],
    ...['pg_(?:wal|xact|multixact|subtrans|logical|stat)/.+', 'global/(?:pg_\\w+|\\d+\\w*)'],
    ...['base/\\d+/(?:pg_\\w+|PG_VERSION|\\d+\\w*)', 'MANIFEST-\\d{6}'],
    ...['segments_\\w+', '_\\w+\\.(?:cf[es]|si|fdt|tim|doc)', 'chunks_head/\\d{6}'],
  ]
    .map((name) => `(?:^|/)${name}$`)
    .join('|'),
);

const NUXT = {
  cause: 'Nuxt draws an id for each build, which pages and names of files contain',
  remedy: 'buildId in nuxt.config.ts, from the source',
};

/** What builds from source leave: logs, caches, tool folders, databases that a server fills. */
export const BUILD_CLASSES: readonly ClassRule[] = [
  ...rules(String.raw`
git-folder | (?:^|/)\.git/
  a repository’s own folder: its index contains times and inode numbers, its logs times
  → .git in .dockerignore where COPY took it along; rm -rf .git in the RUN that cloned it
build-log | (?:^|/)(?:config\.(?:log|status)|CMake(?:Output|Error)\.log|CMakeConfigureLog\.yaml|meson-log\.txt|\.ninja_(?:log|deps))$
  what a build tool notes of its own run: times, and random names of temporary folders
  → build in a stage of its own and COPY the result, or remove the build folder in the same RUN
duration | (?:^|/)Testing/Temporary/(?:LastTest[^/]*\.log|CTestCostData\.txt)$
  ctest notes how long each test took, and when
  → rm -rf Testing of the build folder in the same RUN, or test in a stage of its own
duration | (?:^|/)(?:\.vite|\.vitest|vitest)/(?:.{1,200}/)?results\.json$
  vitest notes how long each test file took, and begins with the longest the next time
  → rm -rf node_modules/.vite in the same RUN, cache: false in its configuration, or test in a stage
  of its own
build-log | (?:^|/)(?:erl_crash\.dump|hs_err_pid\d+\.log|core\.\d+)$
  what a program leaves of its memory when it crashes: a command of the RUN failed
  → fix the command, whose result the RUN seems not to check; remove the file
order | (?:\.|_)plt$
  [binary]
  Dialyzer writes its tables in the order of a hash table: the same entries each time
  → RUN --mount=type=cache for the table, or make it in a stage of its own
compiler-cache | (?:^|/)(?:\.?ccache|\.cache/(?:ccache|sccache))/|/target/(?:[^/]+/)?(?:debug|release)/(?:incremental|\.fingerprint)/
  a compiler’s cache contains times and random names
  → RUN --mount=type=cache for the folder; CARGO_INCREMENTAL=0 for cargo; or build in a stage of its
  own and COPY the result
database-files | ^var/lib/(?:postgresql|mysql|ldap|mongodb|couchdb|influxdb|samba|bind|unbound|redis|rabbitmq|postfix)/
  what a server made when it was installed or started: ids, times and logs of its own
  → rm -rf the folder in the same RUN, and have the server make it when the container starts
`),
  {
    id: 'database-files',
    path: OF_DATABASES,
    cause: 'what a database server wrote: ids, times and the order in which its threads worked',
    remedy:
      'have the server make the database when the container starts: its entrypoint can load a dump that a RUN or COPY left',
  },
  ...rules(String.raw`
database-files | (?:^|/)(?:dump\.rdb|appendonly\.aof[^/]*)$
  redis writes keys in the order of a hash table, whose seed it draws, and how much memory it used
  → have redis load the data when the container starts
random-id | (?:^|/)\.next/.
  Next.js draws an id for each build, which pages and names of folders contain
  → generateBuildId in next.config.js, from the source
`),
  {
    id: 'random-id',
    path: /(?:^|\/)_nuxt\/builds\/|\/nitro\.mjs$/,
    ...NUXT,
  },
  {
    id: 'random-id',
    formats: ['text'],
    detail: /\b_payload\.json\?[0-9a-f]{8}-[0-9a-f]{4}-/,
    ...NUXT,
  },
  ...rules(String.raw`
random-id | (?:^|/)\.sprockets-manifest-[0-9a-f]{32}\.json$
  Sprockets draws an id for the name of its manifest
  → config.assets.manifest = Rails.root.join("public/assets/manifest.json"); without Rails, a third
  argument of Sprockets::Manifest.new
man-index | ^var/cache/man/
  the index of manual pages contains the times of those that the build made
  → rm -rf /var/cache/man/* in the same RUN
crontab-date | ^var/spool/cron/
  crontab notes when it installed the table
  → COPY a file into /etc/cron.d
`),
];
