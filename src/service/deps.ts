import type { Digest } from '../model/reference.ts';
import type { Scorecard } from '../model/scorecard.ts';
import type { Settings } from '../model/settings.ts';
import type {
  Ask,
  AskError,
  Counts,
  GradeDetail,
  GradeRow,
  ImageName,
  ImageRow,
  Reason,
} from './shapes.ts';

/**
 * What all parts of the service get. Made by
 * `openDatabase(place, { log }): Promise<Database>` (database.ts),
 * `makeRecords(database, { now, settings }): Records` (records.ts),
 * `openQueue(database, { now, settings, log }): Promise<Queue>` (queue.ts),
 * `makeTokens(database, now): Tokens` (tokens.ts) and
 * `serviceSettings(flags, { cwd, env, folder }): Promise<ServiceSettings>` (settings.ts).
 */
export interface AppDeps {
  readonly settings: ServiceSettings;
  readonly database: Database;
  readonly records: Records;
  readonly queue: Queue;
  readonly tokens: Tokens;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type Fields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** The same with fields that each line gets. */
  with(fields: Fields): Logger;
}

// --- Settings (settings.ts) ---

/** A registry that may be asked; no other host ever is. */
export interface RegistryRule {
  /** With a port where it has one, in small letters. */
  readonly host: string;
  /** Patterns of repositories; empty: all. */
  readonly repositories: readonly string[];
  /** Patterns `REPOSITORY:TAG` that are followed for new tags. */
  readonly follow: readonly string[];
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly plainHttp: boolean;
  /** Hosts of its token server and its redirects. */
  readonly also: readonly string[];
  /** Its names may answer private addresses. */
  readonly isPrivate: boolean;
}

export interface NotifyRule {
  readonly url: string;
  readonly form: 'json' | 'slack';
  /** Signs the body (HMAC-SHA256). */
  readonly secret?: string;
}

export type Webhook = 'docker' | 'harbor' | 'dockerhub';

export interface ServiceSettings {
  readonly listen: { readonly host: string; readonly port: number };
  /** The service's own address in links, badges and OpenAPI, without `/` at its end. */
  readonly url?: string;
  /** `postgres://…`, or the absolute path of a folder. */
  readonly database: string;
  /** 0: another process works. */
  readonly workers: number;
  readonly reading: 'open' | 'token';
  readonly registries: readonly RegistryRule[];
  /** The secret of each webhook that is on. */
  readonly webhooks: Readonly<Partial<Record<Webhook, string>>>;
  readonly notify: readonly NotifyRule[];
  /** Signs the service's own grades. */
  readonly key?: string;
  readonly trust: Settings['trust'];
  readonly every: { readonly gradeSeconds: number; readonly followSeconds: number };
  readonly keepSeconds: number;
  readonly bounds: {
    /** Bytes, of a grader process. */
    readonly memory: number;
    /** Of one grade. */
    readonly seconds: number;
    /** Compressed bytes of an image's layers. */
    readonly layerBytes: number;
    /** Bytes that facts of layers take in the database. */
    readonly factBytes: number;
  };
}

// --- Database (database.ts) ---

export type Row = Record<string, unknown>;

/**
 * One statement with `$1`…; rows have JavaScript values: numbers (bigint too), Date, Uint8Array,
 * parsed JSON. Pass JSON as text. Throws DatabaseAway where the database cannot be reached.
 */
export type Query = <T extends object = Row>(
  sql: string,
  values?: readonly unknown[],
) => Promise<T[]>;

/** Opened and brought to the newest form by `openDatabase(urlOrFolder, options)` of database.ts. */
export interface Database {
  readonly kind: 'postgres' | 'embedded';
  readonly query: Query;
  /** All or nothing; what `run` throws undoes it. */
  readonly transaction: <T>(run: (query: Query) => Promise<T>) => Promise<T>;
  /** Statements without values, several at once, as pg-boss sends them. */
  readonly script: (sql: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The database cannot be reached now: answer 503 with Retry-After, try again later. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway';
  readonly retryAfterSeconds = 5;
}

// --- Queue (queue.ts: openQueue) ---

/** Data of the jobs by name. A job of `grade` has the id of its ask. */
export interface Jobs {
  readonly grade: { readonly askId: string; readonly fresh?: boolean };
  /** Asks again for what was graded a day ago; removes what is too old. */
  readonly daily: Readonly<Record<string, never>>;
  readonly follow: Readonly<Record<string, never>>;
  /** Sends what waits for an address. */
  readonly notify: { readonly url: string };
  /** Signs a grade and attaches it to its image; `id` is for whom asked. */
  readonly attach: { readonly gradeId: string };
}
export type JobName = keyof Jobs;

export interface Job<N extends JobName = JobName> {
  readonly id: string;
  readonly data: Jobs[N];
  /** From 1. */
  readonly attempt: number;
  /** Aborted when its time is over, the queue stops, or another process has the job now. */
  readonly signal: AbortSignal;
}

/** Thrown by a handler: the job comes back after a time that grows, at most five times. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
}

export interface NewAsk {
  readonly image: ImageName;
  readonly reason: Reason;
  readonly askedBy?: string;
  /** Not one with another that is queued for the same image; facts are read again. */
  readonly fresh?: boolean;
  /** No job: this process grades it itself, with credentials that nobody else has. */
  readonly here?: boolean;
}

export interface JobOptions {
  /** Not sent where one with this key is waiting. */
  readonly key?: string;
  /** Waits so long before it is taken. */
  readonly afterSeconds?: number;
  /** Part of this transaction. */
  readonly query?: Query;
}

export interface Queue {
  /** Ask and job in one transaction; the one that is queued already, where there is one. */
  ask(ask: NewAsk): Promise<{ readonly ask: Ask; readonly isNew: boolean }>;
  /** The id; undefined where one with the same key waits. */
  send<N extends JobName>(
    name: N,
    data: Jobs[N],
    options?: JobOptions,
  ): Promise<string | undefined>;
  /**
   * `parallel` loops that take jobs one by one. A job whose process was killed comes back within
   * two minutes. A handler that throws TryAgain or DatabaseAway is called again later; what else
   * it throws ends the job, and is logged.
   */
  work<N extends JobName>(
    name: N,
    handler: (job: Job<N>) => Promise<void>,
    options?: { readonly parallel?: number },
  ): void;
  /** One job of it each so many seconds, however many processes say so. */
  schedule(name: 'daily' | 'follow', seconds: number): void;
  /** Waiting and running jobs by name. */
  sizes(): Promise<
    Readonly<Record<JobName, { readonly waiting: number; readonly running: number }>>
  >;
  /** Stops taking jobs; waits for those that run, at most so long, then gives them back. */
  stop(options?: { readonly seconds?: number }): Promise<void>;
}

// --- Records (records.ts: makeRecords) ---

/** A grade as it was made, to be kept. */
export interface MadeGrade {
  readonly digest: Digest;
  readonly scorecard: Scorecard;
  readonly counts?: Counts;
  readonly advisoriesAt?: Date;
  readonly builtAt?: Date;
  /** More for pages, reports and Harbor: any JSON; kept once by content, with the scorecard. */
  readonly report?: unknown;
}

export interface MadeVerdict extends MadeGrade {
  readonly image: ImageName;
  /** Key or identity. */
  readonly signer: string;
  readonly gradedAt: Date;
}

/** Against the grade before it. */
export type Change = 'first' | 'same' | 'better' | 'worse';

export interface Finished {
  readonly grade: GradeRow;
  readonly change: Change;
  readonly before?: GradeRow;
  /** False where the ask was finished before: nothing was written. */
  readonly isNew: boolean;
}

export interface Page<T> {
  readonly rows: readonly T[];
  /** Opaque, for the next page; absent at the end. */
  readonly next?: string;
}

/** `cursor` of the page before; throws BadCursor where it is none. */
export interface PageRequest {
  readonly cursor?: string;
  /** 1 to 1,000. */
  readonly limit: number;
}

export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

export interface ImageFilter {
  readonly level?: number;
  readonly registry?: string;
  /** Built this many days ago or earlier. */
  readonly olderThanDays?: number;
  /** Id of a criterion that fails. */
  readonly fails?: string;
  /** Part of the name; up to two characters are the beginning of what follows a `/`. */
  readonly q?: string;
}

export interface FleetSummary {
  readonly images: number;
  /** Graded images by level, 0 to 5. */
  readonly levels: readonly number[];
  readonly ungraded: number;
  /** Built over 30 days ago. */
  readonly old: number;
  /** Whose last change, in the last seven days, was for the worse; the newest first, at most 20. */
  readonly worse: readonly ImageRow[];
}

export interface RecordCounts {
  readonly asks: Readonly<Record<'queued' | 'running', number>>;
  /** Since when the oldest queued ask waits. */
  readonly oldestQueued?: Date;
  readonly images: number;
  /** Bytes on the disk of facts of layers. */
  readonly factBytes: number;
}

export interface Records {
  // Asks
  ask(id: string): Promise<Ask | undefined>;
  /** Those of them that there are. */
  asks(ids: readonly string[]): Promise<readonly Ask[]>;
  /** The newest of an image, of any state. */
  lastAsk(image: ImageName): Promise<Ask | undefined>;
  /** Now running, one attempt more; undefined where it is done, failed or unknown. */
  start(askId: string): Promise<Ask | undefined>;
  progress(askId: string, line: string): Promise<void>;
  /**
   * Grade, image and ask in one transaction, exactly once: a second call changes nothing. `within`
   * runs in it where the grade is new, to send jobs.
   */
  finish(
    askId: string,
    made: MadeGrade,
    within?: (finished: Finished, query: Query) => Promise<void>,
  ): Promise<Finished>;
  /**
   * With `mayRetry`, up to five times, the ask is queued again with its error: then throw TryAgain.
   * `gone`: its registry does not have the image any more.
   */
  fail(
    askId: string,
    error: AskError,
    options?: { readonly mayRetry?: boolean; readonly gone?: boolean },
  ): Promise<'queued' | 'failed'>;

  // Grades
  grade(id: string): Promise<GradeRow | undefined>;
  detail(id: string): Promise<(GradeDetail & { readonly report?: unknown }) | undefined>;
  /** Newest first. */
  history(image: ImageName, page: PageRequest): Promise<Page<GradeRow>>;
  /** Newest first. */
  gradesOf(digest: Digest, limit: number): Promise<readonly GradeRow[]>;
  /** The same verdict again gives the grade of the first time. */
  addVerdict(verdict: MadeVerdict): Promise<Finished>;

  // Images
  image(image: ImageName): Promise<ImageRow | undefined>;
  tags(registry: string, repository: string, page: PageRequest): Promise<Page<ImageRow>>;
  /** Tags whose digest, when last checked, was this. */
  imagesOf(digest: Digest, limit: number): Promise<readonly ImageRow[]>;
  /** By name; with `olderThanDays` by age, the oldest first. Not those that are gone. */
  search(filter: ImageFilter, page: PageRequest): Promise<Page<ImageRow>>;
  summary(): Promise<FleetSummary>;
  /** All images, by name, read in batches. */
  export(): AsyncIterable<ImageRow>;

  // Following
  /**
   * The tags that a repository has now, of those that are followed. Gives the ones that are new;
   * followed ones that are missing count as gone.
   */
  followTags(
    registry: string,
    repository: string,
    tags: readonly string[],
  ): Promise<readonly ImageName[]>;
  /** A tag was checked: true where its digest is not the one of its newest grade. */
  checked(image: ImageName, digest: Digest): Promise<boolean>;
  gone(image: ImageName): Promise<void>;
  /** Images whose newest grade is too old, each given once a day. */
  takeDue(limit: number): Promise<readonly ImageName[]>;

  // Facts of layers, as layer-facts.ts packs them; those that were not used longest go first
  layerFacts(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  putLayerFacts(key: string, facts: Uint8Array): Promise<void>;

  // Upkeep
  /** Removes what is older than `keep`, never an image's newest grade. */
  upkeep(): Promise<void>;
  counts(): Promise<RecordCounts>;
}

// --- Tokens (tokens.ts: makeTokens) ---

export const SCOPES = [
  'read',
  'ask',
  'settings',
  'webhook',
  'metrics',
  'verdict',
  'attach',
  'admin',
] as const;
/** `admin` has all others. */
export type Scope = (typeof SCOPES)[number];

export interface Token {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
  /** To the minute. */
  readonly usedAt?: Date;
}

export interface Tokens {
  /** The secret is shown this once: only its SHA-256 is kept. */
  create(token: {
    readonly name: string;
    readonly scopes: readonly Scope[];
    readonly expiresAt?: Date;
  }): Promise<{ readonly token: Token; readonly secret: string }>;
  list(): Promise<readonly Token[]>;
  /** By id or name; false where there is none, or it was revoked before. */
  revoke(idOrName: string): Promise<boolean>;
  /** The token of a secret; undefined where it is unknown, over or revoked. */
  check(secret: string): Promise<Token | undefined>;
}

export function may(token: Token, scope: Scope): boolean {
  return token.scopes.includes(scope) || token.scopes.includes('admin');
}
