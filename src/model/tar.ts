/** Kinds of tar entry that a layer may hold; anything else is carried through as `other`. */
export type TarType =
  'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo' | 'other';

/** One entry's metadata, PAX and GNU extensions resolved. */
export interface TarEntry {
  /** As in the archive, unchecked; see `layerPath` for the safe form. */
  readonly name: string;
  readonly type: TarType;
  /** Permission bits with setuid, setgid and sticky (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly uname: string;
  readonly gname: string;
  /** Content bytes that follow (0 for links and directories). */
  readonly size: number;
  /** Seconds since 1970; may carry a fraction (PAX). */
  readonly mtime: number;
  readonly linkname: string;
  readonly devmajor: number;
  readonly devminor: number;
  /** PAX records beyond the fields above (xattrs as `SCHILY.xattr.NAME`), values as latin-1. */
  readonly pax: Readonly<Record<string, string>>;
  /** The typeflag byte as found, for entries of type `other`. */
  readonly typeflag: string;
}

/** A plain entry, owned by root, with time 0 and nothing else. `size`: bytes of its content. */
export function plainEntry(name: string, type: TarType, size: number, mode: number): TarEntry {
  return {
    name,
    type,
    mode,
    size,
    uid: 0,
    gid: 0,
    uname: '',
    gname: '',
    mtime: 0,
    linkname: '',
    devmajor: 0,
    devminor: 0,
    pax: {},
    typeflag: '',
  };
}
