-- Three more kinds of actions. An application's own migration may have added them.
ALTER TYPE "BootstrapActionKind" ADD VALUE IF NOT EXISTS 'SET_VALUE';
ALTER TYPE "BootstrapActionKind" ADD VALUE IF NOT EXISTS 'REMOVE_FILE';
ALTER TYPE "BootstrapActionKind" ADD VALUE IF NOT EXISTS 'MOVE_FILE';
