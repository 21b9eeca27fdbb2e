/** Programs that write a file named among their words; the pattern's group is its path. */
export const WRITTEN_FILES: readonly { readonly programs: RegExp; readonly path: RegExp }[] = [
  { programs: /^g?sed$/, path: /(?:^|[\s;{}\d/$gpiImM])w\s+([^\s;}'"]+)/g },
  { programs: /^[gmn]?awk$/, path: />\s*"([^"]+)"/g },
  { programs: /^openssl$/, path: /(?:^| )-out (\S+)/g },
  { programs: /^(?:gpg2?|sort|iconv|age|xmllint)$/, path: /(?:^| )(?:-o|--output)[ =](\S+)/g },
  { programs: /^(?:xxd|uudecode|sponge|patch|ed|ex)$/, path: /(?:^| )(\/\S+)/g },
  {
    programs: /^(?:python|pypy|node|nodejs|perl|ruby|php|lua)[\d.]*$/,
    path: /["'](\/(?:usr\/(?:local\/)?)?s?bin\/[\w.+-]+)["']/g,
  },
];
