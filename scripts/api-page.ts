import API from '../schema/service-api-1.json' with { type: 'json' };

const START = '<!-- Made by scripts/generate-api-docs.mjs from schema/service-api-1.json. -->';
const END = '<!-- End of what is made. -->';

interface Operation {
  readonly summary: string;
  readonly security: readonly { readonly token?: readonly string[] }[];
}

/** The page with a row for each operation of the service's OpenAPI document. */
export function withApiRows(page: string): string {
  const [before = '', rest = ''] = page.split(START);
  const after = rest.split(END)[1] ?? '';
  const rows = Object.entries(API.paths).flatMap(([path, item]) =>
    Object.entries(item as Readonly<Record<string, Operation>>).map(([method, one]) => {
      // Reading is open, as far as settings say.
      const [first] = one.security;
      return `| \`${method.toUpperCase()} ${path}\` | ${one.summary} | ${first?.token?.[0] ?? ''} |`;
    }),
  );
  const table = ['| request | does | scope |', '|---|---|---|', ...rows].join('\n');
  return `${before}${START}\n\n${table}\n\n${END}${after}`;
}
