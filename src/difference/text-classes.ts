import { type ClassRule, rules } from './class-rule.ts';

/** With a unit behind a number, or named so. */
const DURATION =
  /\d\s?(?:ms|µs|ns|s|secs?|seconds?)\b|\b(?:time|duration|elapsed|took)\b\W{1,4}[\d.]+/i;

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*';
/** As ISO 8601 and date(1) write one, a time of day, and seconds since 1970 or parts of them. */
const DATE = new RegExp(
  [
    '\\b(?:19|20)\\d\\d([-/.]?)(?:0?[1-9]|1[0-2])\\1[0-3]?\\d(?!\\d)',
    '\\d\\d:\\d\\d:\\d\\d',
    `(?:\\d{1,2} )?\\b${MONTH}\\b(?: +\\d{1,2}\\b)?(?:,? (?:19|20)\\d\\d\\b)?`,
    '\\b1[6-9]\\d{8}(?:(?:\\d{3}){1,3})?\\b',
  ].join('|'),
);

const RANDOM =
  'make it when the container starts, or derive it from the source. Where it need not be secret: ARG FAKERANDOM_SEED=1 in that stage, with --repro=deterministic';

/** What a line of text shows; the least special of all. */
export const TEXT_CLASSES: readonly ClassRule[] = [
  ...rules(String.raw`
random-secret
  [text] , not shown
  a file named as secrets are: what the build draws at random, everybody gets
  → make it when the container starts, or mount it as a secret
order
  [text] in another order
  lines in the order of a directory or a hash table
  → sort what is written (LC_ALL=C sort)
`),
  {
    id: 'temporary-file',
    formats: ['text'],
    changed:
      /\/te?mp\/\S+|\btmp\w{6,8}\b|\bte?mp[-._]\w{6,}|\bgo-build\d{6,}|\bcc\w{6}\.[a-z]|\b(?:pip|npm|rustc)-[\w-]{0,60}-(?=\w{0,32}\d)\w{6,}\b/i,
    cause: 'the name of a temporary file or folder, which a program draws at random',
    remedy:
      'write in a folder of a fixed name (mkdir, TMPDIR), or leave the name out of what is written. C’s mkstemp and mkdtemp count with --repro=deterministic; Python’s tempfile with a seed as well: ARG FAKERANDOM_SEED=1 in that stage',
  },
  {
    id: 'build-date',
    formats: ['text'],
    changed: DATE,
    cause: 'a date that the RUN writes',
    remedy:
      'ARG SOURCE_DATE_EPOCH in that stage, which many tools use; in a command of your own: date -u -d @${SOURCE_DATE_EPOCH}',
  },
  {
    id: 'duration',
    formats: ['text'],
    changed: DURATION,
    cause:
      'how long something took: no build takes as long as another, and the clock by which programs measure it runs with --repro=deterministic too',
    remedy: 'remove the log or report in the same RUN, or have the tool leave durations out',
  },
  {
    id: 'machine-number',
    formats: ['text'],
    changed:
      /\b(?:st_)?(?:ino|inode|dev|device|pid|ppid|process|port|fd)s?\b["']?\s{0,4}[:=#]?\s{0,4}\d+|^\s{0,20}\d{4,}(?= +\S)/i,
    cause:
      'a number that the kernel gives: an inode, a device, a process or a port, another one each time',
    remedy:
      'leave it out of what is written (ls without -i, stat without %i, $$); processes are counted with --repro=deterministic',
  },
  ...rules(String.raw`
checksum
  [text] ^line \d+: "\\?[0-9a-f]+…\((?:32|40|56|64|96|128) hex digits\) [ *]\S
  checksums of files of which one differs itself
  → check the file that the line names: its checksum follows
random-id
  [text] #[mp][0-9a-f]{10}\)|id=\\*"[mp][0-9a-f]{10}\\*"
  Matplotlib draws a salt, by which it names what a picture contains
  → svg.hashsalt in matplotlibrc, or matplotlib.rcParams["svg.hashsalt"] = "NAME"
random-id
  [text] \bT_[0-9a-f]{5}(?![0-9a-f])
  pandas draws an id for each table that it styles
  → Styler.set_uuid("NAME"): df.style.set_uuid("NAME")
address
  [text] \bat 0x[0-9a-f]{6,16}\b
  where an object lies in memory: threads ask for memory in another order each time
  → write what the object contains, not its address; without threads --repro=deterministic
`),
  {
    id: 'random-id',
    formats: ['text', 'binary'],
    detail:
      /^hex digits of ids|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|…\(\d+ (?:hex digits|letters)\)/i,
    cause: 'a random id or a hash of something that changed',
    remedy: RANDOM,
  },
  {
    id: 'random-id',
    formats: ['text'],
    detail: /\bnonce\b/i,
    cause: 'a nonce that the build draws: one that everybody has protects nothing',
    remedy: 'have the server draw it for each answer, or allow the script by its hash',
  },
  ...rules(String.raw`
random-id
  [text] (?:\b[0-9a-f]{2}[ :]){7}|\b(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{8,}\b|\b(?=\w{0,64}\d)(?=\w{0,64}[a-z])(?=\w{0,64}[A-Z])[A-Za-z0-9]{16,}(?:={1,2}|\b)
  what looks drawn at random: an id or a token, or a hash of something that changed
  → ${RANDOM}
`),
  {
    id: 'random-id',
    path: /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}[^/]*$|(?:^|[^0-9a-f])[0-9a-f]{32,}(?:[^0-9a-f/][^/]*)?$/,
    kinds: ['presence'],
    cause: 'the file is named by an id that a RUN draws, or by a hash of what differs',
    remedy: 'have the tool name it by its content or by a fixed name; else check what is hashed',
  },
];
