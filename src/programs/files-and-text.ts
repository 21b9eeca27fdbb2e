import { onlyReadsText } from './awk-script.ts';
import type { LocalPrograms } from './program.ts';
import { onlyEdits } from './sed-script.ts';

/** Compressors that an option of tar may start. */
const COMPRESSORS = '(?:zstd|xz|gzip|pigz|pixz|lz4|lzip|plzip|bzip2|pbzip2|brotli)(?:[ "\'-]|$)';

export const FILES_AND_TEXT: readonly LocalPrograms[] = [
  {
    programs:
      'cat tac head tail cut paste tr sort uniq wc nl fold fmt join comm expand unexpand tee rev column shuf split csplit od hexdump xxd strings ' +
      'grep egrep fgrep zgrep rg diff cmp sdiff jq yq iconv dos2unix unix2dos envsubst pr look base64 base32 basenc seq numfmt factor expr bc ' +
      'sponge pv less more crudini augtool recode uuidgen jo toml tput clear reset msgfmt msgmerge gettext',
    reason: 'reads and writes text that is there',
    reaches:
      '--compress-program --filter --diff-program --pre --hostname-bin --security-enable-system-operator',
  },
  {
    programs: 'xmllint xmlstarlet',
    reason: 'reads and writes text that is there',
    addresses: true,
    reaches:
      '--net --loaddtd --valid --dtdvalid --dtdvalidfpi --dtdattr --postvalid --xinclude --schema --relaxng --schematron --catalogs',
  },
  {
    programs: 'xsltproc',
    reason: 'reads and writes text that is there',
    only: /(?:^| )--nonet /,
    addresses: true,
  },
  { programs: 'sed gsed', reason: 'edits text that is there', isRead: onlyEdits },
  {
    programs: 'awk gawk mawk nawk',
    reason: 'reads and writes text that is there',
    isRead: onlyReadsText,
  },
  {
    programs:
      'ls dir vdir tree stat file du df find locate updatedb readlink realpath basename dirname pathchk test mkdir rmdir rm unlink cp mv ln link install touch truncate ' +
      'chmod chown chgrp chattr lsattr setfacl getfacl setcap getcap mknod mkfifo mktemp tempfile dd shred sync fallocate mmv detox rdfind hardlink ' +
      'symlinks chcon restorecon semanage setfattr getfattr namei mkdirp patch',
    reason: 'works on files that are there',
    reaches: '--strip-program',
  },
  {
    programs: 'tar bsdtar gtar',
    reason: 'packs and unpacks files that are there',
    // Letters may come without a dash, and an archive `HOST:FILE` by ssh.
    unless: new RegExp(
      `^[a-zA-Z]*[IFT]|(?:^| )(?:-[a-zA-Z]*I|--use-c[a-z-]*(?=[ =]))(?![ =]?["']?${COMPRESSORS})|(?:^| )(?:-?[a-zA-Z]*f |-f|--file[ =])[\\w.@-]+:`,
    ),
    reaches:
      '-F -T --files-from --to-command --checkpoint-action --rsh-command --info-script --new-volume-script',
  },
  {
    programs:
      'gzip gunzip zcat pigz unpigz bzip2 bunzip2 bzcat pbzip2 xz unxz xzcat lzma unlzma lzip plzip zstd unzstd zstdcat lz4 unlz4 brotli zip unzip unrar rar 7z 7za 7zr 7zz ' +
      'p7zip ar ranlib uncompress compress funzip zipinfo jar unar lsar rpm2cpio cabextract unsquashfs innoextract',
    reason: 'packs and unpacks files that are there',
    reaches: '-TT --unzip-command --plugin',
  },
  {
    programs: 'cpio',
    reason: 'packs and unpacks files that are there',
    unless: /(?:^| )(?:-[a-zA-Z]*[FIO] |-[FIO]|--file[ =])[\w.@-]+:/,
    reaches: '--rsh-command',
  },
  {
    programs: 'mksquashfs',
    reason: 'packs files that are there',
    unless: /(?:^| )-p[fd]? /,
  },
  {
    programs:
      'md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum b3sum cksum sum shasum md5 sha256 sha512 rhash xxhsum cfv hashdeep',
    reason: 'computes and compares sums of files',
  },
  {
    programs: 'gpg gpgv gpg2 gpgconf gpg-agent gpg-zip',
    reason:
      'verifies and makes signatures and keys; keys that it fetches are judged where they check a file',
    reaches:
      '--search-keys --refresh-keys --locate-keys --locate-external-keys --auto-key-locate --auto-key-retrieve --agent-program --dirmngr-program ' +
      '--pinentry-program --keyboxd-program --photo-viewer --exec-path --options --load-extension',
  },
  {
    programs: 'minisign signify signify-openbsd age certtool ssh-keygen keytool',
    reason: 'verifies and makes signatures, keys and certificates',
    unless: /(?:^| )-(?:D|w|sslserver|provider\w*|addprovider|J|-provider)/,
  },
  {
    programs: 'cosign',
    reason: 'verifies and makes signatures and keys',
    only: /^(?:verify|verify-blob|verify-attestation|verify-blob-attestation|generate-key-pair|import-key-pair|public-key|sign-blob|version|env)\b/,
  },
  {
    programs: 'notation',
    reason: 'verifies signatures',
    only: /^(?:verify|version|cert|list|ls)\b/,
  },
  {
    programs: 'openssl',
    reason: 'makes and reads keys, certificates and sums',
    only: /^(?:asn1parse|base64|ca|ciphers|cms|crl|crl2pkcs7|dgst|dh|dhparam|dsa|dsaparam|ec|ecparam|enc|errstr|gendsa|genpkey|genrsa|help|list|md5|nseq|passwd|pkcs12|pkcs7|pkcs8|pkey|pkeyparam|pkeyutl|prime|rand|rehash|req|rsa|rsautl|sha\d+|smime|speed|spkac|verify|version|x509|aes-\S+)(?: |$)/,
    reaches: '-engine -provider-path -provider -propquery',
  },
  {
    programs: 'xargs',
    reason: 'prints what it reads, where no command is named',
    only: /^(?:-(?:[0rt]+|[nLP] ?\d+)(?: |$))*$/,
  },
];
