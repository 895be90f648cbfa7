-- Ideas, which get a plan document.
CREATE TYPE "IdeaStatus" AS ENUM ('DRAFT', 'GRILLING', 'GRILLED', 'PLANNING', 'PLAN_FAILED', 'PLAN_READY', 'PLANNED');

CREATE TABLE ideas (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    product_id text REFERENCES products (id) ON DELETE SET NULL,
    title text NOT NULL,
    status "IdeaStatus" NOT NULL DEFAULT 'DRAFT',
    plan_md text,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) NOT NULL
);
CREATE INDEX ideas_user_id_id_idx ON ideas (user_id, id);
