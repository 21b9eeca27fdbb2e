import { byPath, type ClassRule, EPOCH } from './class-rule.ts';

const TAR = 'tar --sort=name --mtime=@$SOURCE_DATE_EPOCH --owner=0 --group=0 --numeric-owner';

/** Packages put random ids and keys into a root file system. Rules fix them only in layers. */
const ROOT =
  'of a root file system, empty /etc/machine-id (: > /etc/machine-id) and remove the keys that packages made before you pack it';

/** Its members are not read. */
const IMAGE =
  'a filesystem image contains the time at which it was made, and those of its files; its files may differ themselves, too';

/** Archives, images and documents, which contain times of their contents or of their creation. */
export const ARCHIVE_CLASSES: readonly ClassRule[] = [
  {
    id: 'gzip-header',
    formats: ['gzip'],
    detail: /^gzip header: modification time[^;]*$/,
    cause: 'gzip writes the time of the file that it compressed',
    remedy: 'gzip -n',
  },
  {
    id: 'archive-content',
    detail: /^(?:gzip: )?tar: content of|^(?:ar|zip): content of/,
    formats: ['tar', 'gzip', 'zip'],
    cause: 'members of the archive differ themselves: the build made them before it packed them',
    remedy:
      'unpack it where it is made and check those members: the causes are the same as elsewhere',
  },
  {
    id: 'archive-times',
    path: /\.(?:tar\.[a-z0-9]+|tgz|t[bxz]z2?|tzst|crate|gem)$/i,
    cause: 'a tar contains the times and owners of its members, in the order of the folder',
    remedy: `${TAR} | gzip -n, with ${EPOCH}`,
  },
  ...byPath(String.raw`
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
`),
  {
    id: 'archive-times',
    formats: ['ar'],
    detail: /^ar: time/,
    cause: 'an archive of ar contains the times of its members',
    remedy: 'ar with D (ar Drcs), which Debian’s ar does by default',
  },
  {
    id: 'zip-times',
    formats: ['zip'],
    path: /\.whl$/,
    detail: /^zip: time of/,
    cause: 'a wheel contains the time of each file',
    remedy: `${EPOCH}: setuptools and other builders of wheels use it`,
  },
  {
    id: 'zip-times',
    formats: ['zip'],
    detail: /^zip: time of/,
    cause: 'a zip or jar contains the time of each member',
    remedy: 'touch -d @$SOURCE_DATE_EPOCH the members and zip -X; jar --date',
  },
  {
    id: 'archive-times',
    formats: ['tar', 'gzip'],
    detail: /tar: /,
    cause: 'a tar contains the times and owners of its members, in the order of the folder',
    remedy: `${TAR}, with ${EPOCH}; gzip -n`,
  },
  {
    id: 'compressed-content',
    formats: ['gzip', 'brotli'],
    cause: 'what is compressed differs',
    remedy: 'check its content: gzip and brotli keep a difference of their input',
  },
  {
    id: 'document-date',
    formats: ['pdf'],
    cause: 'a PDF contains the time at which it was made, and an id made of it',
    remedy: `${EPOCH}: cairo, Ghostscript and TeX use it (TeX for \\today with FORCE_SOURCE_DATE=1); ImageMagick does not: have another tool write it`,
  },
  {
    id: 'document-date',
    formats: ['png'],
    detail: /date|tIME/,
    cause: 'a picture contains times of its file',
    remedy: 'ImageMagick: -define png:exclude-chunks=date,time; else -strip',
  },
];
