// Names of images sort by bytes, so that a prefix is a range of the index. Lists are filtered by
// columns of `image` alone. What changes with each daily grade has no index: such an update stays
// in its page (fillfactor leaves it room) and touches no index.
const FIRST = `
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE image (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE,
  is_tag boolean NOT NULL, is_followed boolean NOT NULL DEFAULT false,
  digest bytea, checked_at timestamptz, gone_at timestamptz,
  grade_id uuid, graded_at timestamptz, before_id uuid, worse_at timestamptz,
  level smallint, built_at timestamptz, failing text[]
) WITH (fillfactor = 85);
CREATE INDEX image_level ON image (level, name) WHERE is_tag AND gone_at IS NULL;
CREATE INDEX image_built ON image (built_at, name) WHERE is_tag AND gone_at IS NULL AND built_at IS NOT NULL;
CREATE INDEX image_failing ON image USING gin (failing) WHERE is_tag AND gone_at IS NULL;
CREATE INDEX image_text ON image USING gin (name gin_trgm_ops) WHERE is_tag AND gone_at IS NULL;
CREATE INDEX image_digest ON image (digest, name) WHERE digest IS NOT NULL;
CREATE INDEX image_worse ON image (worse_at) WHERE worse_at IS NOT NULL AND is_tag AND gone_at IS NULL;

-- When an image is to be graded again.
CREATE TABLE due (image_id bigint PRIMARY KEY REFERENCES image ON DELETE CASCADE, due_at timestamptz NOT NULL);
CREATE INDEX due_at ON due (due_at);

-- Images by level (-1: not graded) and day of their build: counting ten million rows would take seconds.
CREATE TABLE tally (level smallint, built_on date, images bigint NOT NULL, PRIMARY KEY (level, built_on))
WITH (fillfactor = 50);
CREATE FUNCTION tally_image() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND (OLD.level, OLD.built_at, OLD.gone_at) IS NOT DISTINCT FROM (NEW.level, NEW.built_at, NEW.gone_at)
  THEN RETURN NULL; END IF;
  -- In order, so that two of them never wait for each other.
  INSERT INTO tally
  SELECT coalesce(level, -1), coalesce((built_at AT TIME ZONE 'UTC')::date, 'infinity'), sum(step)
  FROM (VALUES (OLD.level, OLD.built_at, OLD.is_tag AND OLD.gone_at IS NULL, -1),
    (NEW.level, NEW.built_at, NEW.is_tag AND NEW.gone_at IS NULL, 1)) AS s (level, built_at, counts, step)
  WHERE counts GROUP BY 1, 2 HAVING sum(step) <> 0 ORDER BY 1, 2
  ON CONFLICT (level, built_on) DO UPDATE SET images = tally.images + excluded.images;
  RETURN NULL;
END $$;
CREATE TRIGGER tally_image AFTER INSERT OR DELETE OR UPDATE OF level, built_at, gone_at ON image
FOR EACH ROW EXECUTE FUNCTION tally_image();

-- Another request for the image is answered with the one that is open.
CREATE TABLE ask (
  id uuid PRIMARY KEY, image_id bigint NOT NULL REFERENCES image ON DELETE CASCADE,
  reason text NOT NULL, asked_by text, is_open boolean NOT NULL, has_job boolean NOT NULL,
  state text NOT NULL DEFAULT 'queued', attempts smallint NOT NULL DEFAULT 0, faults smallint NOT NULL DEFAULT 0,
  asked_at timestamptz NOT NULL, started_at timestamptz, finished_at timestamptz,
  grade_id uuid, error jsonb, progress text
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX ask_open ON ask (image_id) WHERE is_open;
CREATE INDEX ask_newest ON ask (image_id, asked_at DESC);
CREATE INDEX ask_unfinished ON ask (state, asked_at) WHERE state IN ('queued', 'running');
CREATE INDEX ask_failed ON ask (finished_at) WHERE state = 'failed';
CREATE INDEX ask_age ON ask (asked_at);

-- Scorecards with what pages show, once by content: a grade each day that finds the same is a small row.
CREATE TABLE document (id bytea PRIMARY KEY, body bytea NOT NULL);
ALTER TABLE document ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE grade (
  id uuid PRIMARY KEY, ask_id uuid UNIQUE, image_id bigint NOT NULL REFERENCES image ON DELETE CASCADE,
  document_id bytea NOT NULL REFERENCES document, digest bytea NOT NULL, graded_at timestamptz NOT NULL, signer text,
  level smallint NOT NULL, points smallint NOT NULL, total smallint NOT NULL, grade text NOT NULL,
  vectors text NOT NULL, counts integer[], failing text[] NOT NULL,
  advisories_at timestamptz, built_at timestamptz, scoville text NOT NULL
);
CREATE INDEX grade_history ON grade (image_id, graded_at DESC, id DESC);
CREATE INDEX grade_digest ON grade (digest, graded_at DESC);
CREATE INDEX grade_document ON grade (document_id);
CREATE INDEX grade_age ON grade (graded_at);
CREATE UNIQUE INDEX grade_verdict ON grade (image_id, graded_at, signer) WHERE signer IS NOT NULL;

CREATE TABLE token (
  id uuid PRIMARY KEY, name text NOT NULL, hash bytea NOT NULL UNIQUE, scopes text[] NOT NULL,
  created_at timestamptz NOT NULL, expires_at timestamptz, revoked_at timestamptz, used_at timestamptz
);
CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked_at IS NULL;

CREATE TABLE layer_facts (
  key text COLLATE "C" PRIMARY KEY, body bytea NOT NULL, bytes integer NOT NULL, used_at timestamptz NOT NULL
);
ALTER TABLE layer_facts ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX layer_facts_used ON layer_facts (used_at) INCLUDE (bytes);

-- What changed for the worse, for each address of \`notify\`; and events of webhooks that were taken.
CREATE TABLE news (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), url text NOT NULL, change jsonb NOT NULL, ask_id uuid,
  made_at timestamptz NOT NULL DEFAULT now(), sent_at timestamptz
);
CREATE INDEX news_waiting ON news (url, made_at) WHERE sent_at IS NULL;
CREATE UNIQUE INDEX news_ask ON news (ask_id, url);
CREATE INDEX news_age ON news (made_at);
CREATE TABLE hook_event (id text PRIMARY KEY, seen_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX hook_event_age ON hook_event (seen_at);
`;

/** Steps from one form of the tables to the next. None is changed once it was released. */
export const MIGRATIONS: readonly string[] = [FIRST];
