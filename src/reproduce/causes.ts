import type { TarType } from '../model/image.ts';
import type { ContentDifference, DifferenceKind } from '../model/report.ts';
import {
  BUILD_CLASSES,
  type ClassRule,
  type DifferenceClass,
  EPOCH,
  isChanged,
  PACKAGE_CLASSES,
  rules,
  SECRET_CLASSES,
} from './causes-of-files.ts';

const TAR = 'tar --sort=name --mtime=@$SOURCE_DATE_EPOCH --owner=0 --group=0 --numeric-owner';

/** Packages put random ids and keys into a root file system. Rules fix them only in layers. */
const ROOT =
  'of a root file system, empty /etc/machine-id (: > /etc/machine-id) and remove the keys that packages made before you pack it';

/** We do not read its members. */
const IMAGE =
  'a filesystem image contains the time at which it was made, and those of its files; its files may differ themselves, too';

/** Archives, images and documents with times of their contents or creation. */
const ARCHIVE_CLASSES: readonly ClassRule[] = [
  ...rules(String.raw`
gzip-header
  [gzip] ^gzip header: modification time[^;]*$
  gzip writes the time of the file that it compressed
  → gzip -n
archive-content
  [tar gzip zip] ^(?:gzip: )?tar: content of|^(?:ar|zip): content of
  members of the archive differ themselves: the build made them before it packed them
  → unpack it where it is made and check those members: the causes are the same as elsewhere
`),
  {
    id: 'archive-times',
    path: /\.(?:tar\.[a-z0-9]+|tgz|t[bxz]z2?|tzst|crate|gem)$/i,
    cause: 'a tar contains the times and owners of its members, in the order of the folder',
    remedy: `${TAR} | gzip -n, with ${EPOCH}`,
  },
  ...rules(String.raw`
archive-times | \.tar$
  a tar contains the times and owners of its members, in the order of the folder
  → ${TAR}, with ${EPOCH}
archive-times | \.u?deb$
  a package contains the time at which it was made
  → ${EPOCH}: dpkg-deb uses it
archive-times | \.(?:sqfs|squashfs|snap)$
  ${IMAGE}
  → ${EPOCH}: mksquashfs uses it; touch -d @$SOURCE_DATE_EPOCH the files before; ${ROOT}
archive-times | \.cpio$
  a cpio contains times, owners and inode numbers of its members, in the order of the folder
  → touch -d @$SOURCE_DATE_EPOCH the members, with ${EPOCH}; LC_ALL=C sort | cpio -o -H newc
  --reproducible
archive-times | \.iso$
  ${IMAGE}
  → ${EPOCH}: xorriso -as mkisofs uses it, genisoimage does not; touch -d @$SOURCE_DATE_EPOCH the
  files before; ${ROOT}
archive-times | \.ext[234]$
  ${IMAGE}
  → ${EPOCH}, and mke2fs -U UUID -E hash_seed=UUID with a fixed UUID; touch -d @$SOURCE_DATE_EPOCH
  the files before; ${ROOT}
archive-times | \.(?:7z|img|rpm|xz|zst|bz2)$
  an archive contains the times and owners of its members, and compressed data may differ
  → touch -d @$SOURCE_DATE_EPOCH the members before, with ${EPOCH}; sort their names; ${ROOT}
archive-times
  [ar] ^ar: time
  an archive of ar contains the times of its members
  → ar with D (ar Drcs), which Debian’s ar does by default
zip-times | \.whl$
  [zip] ^zip: time of
  a wheel contains the time of each file
  → ${EPOCH}: setuptools and other builders of wheels use it
zip-times
  [zip] ^zip: time of
  a zip or jar contains the time of each member
  → touch -d @$SOURCE_DATE_EPOCH the members and zip -X; jar --date
archive-times
  [tar gzip] tar:\s
  a tar contains the times and owners of its members, in the order of the folder
  → ${TAR}, with ${EPOCH}; gzip -n
compressed-content
  [gzip brotli]
  what is compressed differs
  → check its content: gzip and brotli keep a difference of their input
document-date
  [pdf]
  a PDF contains the time at which it was made, and an id made of it
  → ${EPOCH}: cairo, Ghostscript and TeX use it (TeX for \today with FORCE_SOURCE_DATE=1);
  ImageMagick does not: have another tool write it
document-date
  [png] date|tIME
  a picture contains times of its file
  → ImageMagick: -define png:exclude-chunks=date,time; else -strip
`),
];

const PROGRAM_CLASSES: readonly ClassRule[] = [
  ...rules(String.raw`
pyc
  [pyc] header
  a compiled Python file contains the time of its source
  → ${EPOCH}, or PYTHONDONTWRITEBYTECODE=1
compiled-code
  [pyc]
  Python compiled the same source otherwise: the order of a set, or which of its constants it shares
  → PYTHONDONTWRITEBYTECODE=1, pip install --no-compile, or PYTHONHASHSEED=0
compiled-date
  [elf] \.rodata
  constants of the program differ: often a date (__DATE__, __TIME__, __TIMESTAMP__) or a path; its
  build id follows from them
  → ${EPOCH}: compilers take __DATE__ and __TIME__ from it, not __TIMESTAMP__ (touch -d
  @$SOURCE_DATE_EPOCH the source); a date of your own: date -u -d @$SOURCE_DATE_EPOCH;
  -ffile-prefix-map for paths. Free Pascal: {$I %SOURCE_DATE_EPOCH%} instead of %TIME%
build-id
  [elf] ^ELF section (?:\.note\.gnu\.build-id|\.note\.go\.buildid|\.gnu_debuglink)
  the program was linked from other input: paths, order or dates
  → check the other sections; -ffile-prefix-map, go build -trimpath
compiled-code
  [elf]
  the program was compiled differently
  → look for parallel code generation, random seeds, and other versions of the compiler
compiled-code | \.(?:gcda|gcno|gch|pch)$
  what a compiler notes for itself: coverage with a random stamp, a precompiled header
  → remove it in the same RUN, or build in a stage of its own; for coverage -frandom-seed=NAME
compiled-cache | (?:^|/)[0-9a-f]{32}/(?:.+/)?[^/]+\.(?:php|inc|phtml|phar)\.bin$
  PHP’s cache of compiled files contains addresses in memory and times of the sources
  → set opcache.file_cache to a folder that is filled when the container starts, or build with
  --repro=aggressive, which leaves these files out
compiled-cache | \.jsa$
  an archive of Java classes contains addresses in memory and the times of its jars; with other
  times of the jars Java does not use it
  → java -XX:+AutoCreateSharedArchive -XX:SharedArchiveFile=FILE makes it when the container starts
  (Java 19 and later), or build with --repro=aggressive, which leaves it out
compiled-cache | (?:^|/)bootsnap/(?:compile-cache(?:-[a-z]+)?/|load-path-cache$)
  bootsnap’s cache contains compiled Ruby code and the times of the sources and of their folders
  → rm -rf tmp/cache/bootsnap in the same RUN: bootsnap writes it again
database-counter
  [sqlite]
  a database counts its changes and contains times
  → make it when the container starts, or dump and restore it in the RUN
`),
];

/** With a unit after a number, or after such a name. */
const DURATION =
  /\d\s?(?:ms|µs|ns|s|secs?|seconds?)\b|\b(?:time|duration|elapsed|took)\b\W{1,4}[\d.]+/i;

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*';
/** ISO 8601, date(1), a time of day, and seconds since 1970 or fractions of them. */
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

/** Lines of text; the least specific of all. */
const TEXT_CLASSES: readonly ClassRule[] = [
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
  ...rules(String.raw`
random-id
  [text] \b[Nn][Oo][Nn][Cc][Ee]\b
  a nonce that the build draws: one that everybody has protects nothing
  → have the server draw it for each answer, or allow the script by its hash
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

/** Known differences, most specific first. Paths as in the image, without a leading slash. */
const CONTENT_CLASSES: readonly ClassRule[] = [
  ...SECRET_CLASSES,
  ...PACKAGE_CLASSES,
  ...BUILD_CLASSES,
  ...ARCHIVE_CLASSES,
  ...PROGRAM_CLASSES,
  ...TEXT_CLASSES,
];

const UNEXPLAINED: DifferenceClass = {
  id: 'unexplained',
  cause: 'not known: the instruction gives another result each time, or from other input',
  remedy: undefined,
};

const HARD_LINK: DifferenceClass = {
  id: 'hard-link',
  cause:
    'files of the context that are hard links of each other: BuildKit’s cache goes by their content, and gives links or copies as they were when it was filled',
  remedy:
    'have git track them: what it tracks is sent without links; else link them in a RUN (ln), or COPY one of them',
};

/** The class of a differing entry; `content` if both were read, `types` if both have it. */
export function classOf(
  path: string,
  kinds: readonly DifferenceKind[],
  content: ContentDifference | undefined,
  types: readonly TarType[] = [],
): DifferenceClass {
  if (kinds.includes('type') && types.includes('hardlink') && types.includes('file'))
    return HARD_LINK;
  if (!kinds.some((kind) => kind === 'content' || kind === 'presence' || kind === 'link'))
    return METADATA.find(([kind]) => kinds.includes(kind))?.[1] ?? UNEXPLAINED;
  const rule = CONTENT_CLASSES.find(
    (one) =>
      (one.path?.test(path) ?? true) &&
      (one.kinds?.some((kind) => kinds.includes(kind)) ?? true) &&
      (one.formats === undefined ||
        (content !== undefined && one.formats.includes(content.format))) &&
      (one.detail === undefined || (content !== undefined && one.detail.test(content.detail))) &&
      (one.changed === undefined ||
        (content !== undefined && isChanged(content.detail, one.changed))),
  );
  return rule ?? UNEXPLAINED;
}

/** Differences other than content, by kind; the first that fits. */
const METADATA: readonly (readonly [DifferenceKind, DifferenceClass])[] = [
  [
    'mode',
    {
      id: 'mode',
      cause: 'the umask of the user who checked the context out, or of the RUN',
      remedy: 'COPY --chmod, or have git track the file: what it tracks is sent with git’s modes',
    },
  ],
  ['owner', { id: 'owner', cause: 'another user or group', remedy: 'COPY --chown with numbers' }],
  ['order', { id: 'entry-order', cause: 'the same entries in another order', remedy: undefined }],
  [
    'mtime',
    {
      id: 'mtime',
      cause: 'times of the build, or of the context',
      remedy: 'build with --repro=safe: times are set to the epoch',
    },
  ],
];
