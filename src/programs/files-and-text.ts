import type { LocalPrograms } from './program.ts';

export const FILES_AND_TEXT: readonly LocalPrograms[] = [
  {
    programs:
      'cat tac head tail cut paste tr sort uniq wc nl fold fmt join comm expand unexpand tee rev column shuf split csplit od hexdump xxd strings ' +
      'grep egrep fgrep zgrep rg diff cmp sdiff jq yq xmllint xmlstarlet iconv dos2unix unix2dos envsubst pr look base64 base32 basenc seq numfmt factor expr bc dc ' +
      'sponge pv less more crudini augtool xsltproc recode uuidgen jo toml m4 tput clear reset msgfmt msgmerge gettext',
    reason: 'reads and writes text that is there',
    unless: /^-x |--pre[ =]|\bsyscmd\b|\besyscmd\b/,
  },
  {
    programs: 'sed gsed',
    reason: 'edits text that is there',
    // GNU sed runs commands by `e`, alone and as a flag of `s`; a script in a file is not seen.
    unless:
      /(?:^| )(?:-f|--file)\b|(?:^|[\s;{}\d$/!])e(?:\s+\S|$)|(?<![A-HJ-LN-Za-z_])s([^\w\s\\])(?:\\.|(?!\1)[^\\])*\1(?:\\.|(?!\1)[^\\])*\1[gpiImM0-9]*e[gpiImM0-9]*(?:w|[\s;}'"]|$)/,
  },
  {
    programs: 'awk gawk mawk nawk',
    reason: 'reads and writes text that is there',
    unless:
      /\bsystem\s*\((?!\s*"(?:\[|test) -[a-z] )|\|\s*getline|\|&|"\s*\||\|\s*"|\/inet[46]?\/|(?:^| )(?:-f|--file|-l|-i|--include|@load)/,
  },
  {
    programs:
      'ls dir vdir tree stat file du df find locate updatedb readlink realpath basename dirname pathchk test mkdir rmdir rm unlink cp mv ln link install touch truncate ' +
      'chmod chown chgrp chattr lsattr setfacl getfacl setcap getcap mknod mkfifo mktemp tempfile dd shred sync fallocate rename prename mmv detox rdfind hardlink ' +
      'symlinks chcon restorecon semanage setfattr getfattr namei mkdirp patch',
    reason: 'works on files that are there',
  },
  {
    programs: 'tar bsdtar gtar star',
    reason: 'packs and unpacks files that are there',
    unless:
      /--(?:to-command|checkpoint-action|use-compress-program|rsh-command|info-script|new-volume-script)\b|(?:^| )-[a-zA-Z]*[IF](?: |$)(?!(?:zstd|xz|gzip|pigz|pixz|lz4|bzip2|pbzip2|brotli)\b)/,
  },
  {
    programs:
      'gzip gunzip zcat pigz unpigz bzip2 bunzip2 bzcat pbzip2 xz unxz xzcat lzma unlzma lzip plzip zstd unzstd zstdcat lz4 unlz4 brotli zip unzip unrar rar 7z 7za 7zr 7zz ' +
      'p7zip cpio ar ranlib uncompress compress funzip zipinfo jar unar lsar rpm2cpio cabextract unsquashfs mksquashfs innoextract',
    reason: 'packs and unpacks files that are there',
    unless: /(?:^| )(?:-TT|--unzip-command|--rsh-command)/,
  },
  {
    programs:
      'md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum b3sum cksum sum shasum md5 sha256 sha512 rhash xxhsum cfv hashdeep',
    reason: 'computes and compares sums of files',
  },
  {
    programs:
      'gpg gpgv gpg2 gpgconf gpg-agent gpg-zip minisign signify signify-openbsd cosign ssh-keygen openssl age notation keytool certtool',
    reason:
      'verifies and makes signatures, keys and certificates; keys that it fetches are judged where they check a file',
    unless: /(?:^| )(?:s_client|--search-keys|engine|-engine|-provider-path|--exec-path)\b/,
  },
  {
    programs: 'xargs',
    reason: 'prints what it reads, where no command is named',
    only: /^(?:-(?:[0rt]+|[nLP] ?\d+)(?: |$))*$/,
  },
];
