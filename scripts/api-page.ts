import type { OpenAPIV3_1 } from 'openapi-types';
import { buildApp } from '../src/service/app.ts';
import type { AppDeps } from '../src/service/deps.ts';
import { registerHarbor } from '../src/service/harbor.ts';
import { openLog } from '../src/service/log.ts';
import { registerTokens } from '../src/service/token-command.ts';
import { registerWebhooks } from '../src/service/webhooks.ts';

const START = '<!-- Made by scripts/generate-api-docs.mjs from the routes of the service. -->';
const END = '<!-- End of what is made. -->';

/** The page with a row for each operation of the service's OpenAPI document. */
export async function withApiRows(page: string): Promise<string> {
  const [before = '', rest = ''] = page.split(START);
  const after = rest.split(END)[1] ?? '';
  const rows = await apiRows();
  const table = ['| request | does | scope |', '|---|---|---|', ...rows].join('\n');
  return `${before}${START}\n\n${table}\n\n${END}${after}`;
}

const SCOPE = /Needs a token of scope `(\w+)`/;

async function apiRows(): Promise<readonly string[]> {
  const { paths = {} } = await apiDocument();
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item ?? {}).flatMap(([method, operation]) => {
      const { summary, description = '' } = operation as OpenAPIV3_1.OperationObject;
      if (summary === undefined) return [];
      const scope = SCOPE.exec(description)?.[1] ?? '';
      return [`| \`${method.toUpperCase()} ${path}\` | ${summary} | ${scope} |`];
    }),
  );
}

/** Routes alone: nothing is asked of what they work with. */
async function apiDocument(): Promise<OpenAPIV3_1.Document> {
  const secret = 'none';
  const deps = {
    settings: {
      registries: [],
      notify: [],
      reading: 'open',
      webhooks: { docker: secret, harbor: secret, dockerhub: secret },
    },
    ...{ records: {}, queue: {}, database: {}, tokens: {} },
    log: openLog(() => undefined, Date.now),
    now: Date.now,
  } as unknown as AppDeps;
  const app = await buildApp(deps, {
    parts: [
      registerTokens,
      registerWebhooks,
      (own, its) => {
        registerHarbor(own, its, () => Promise.resolve());
      },
    ],
  });
  try {
    await app.ready();
    return app.swagger() as OpenAPIV3_1.Document;
  } finally {
    await app.close();
  }
}
