import { type ClassRule, EPOCH, rules } from './class-rule.ts';

const TAR = 'tar --sort=name --mtime=@$SOURCE_DATE_EPOCH --owner=0 --group=0 --numeric-owner';

/** Packages put random ids and keys into a root file system. Rules fix them only in layers. */
const ROOT =
  'of a root file system, empty /etc/machine-id (: > /etc/machine-id) and remove the keys that packages made before you pack it';

/** Its members are not read. */
const IMAGE =
  'a filesystem image contains the time at which it was made, and those of its files; its files may differ themselves, too';

/** Archives, images and documents, which contain times of their contents or of their creation. */
export const ARCHIVE_CLASSES: readonly ClassRule[] = [
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
`),
  {
    id: 'document-date',
    formats: ['pdf'],
    cause: 'a PDF contains the time at which it was made, and an id made of it',
    remedy: `${EPOCH}: cairo, Ghostscript and TeX use it (TeX for \\today with FORCE_SOURCE_DATE=1); ImageMagick does not: have another tool write it`,
  },
  ...rules(String.raw`
document-date
  [png] date|tIME
  a picture contains times of its file
  → ImageMagick: -define png:exclude-chunks=date,time; else -strip
`),
];
