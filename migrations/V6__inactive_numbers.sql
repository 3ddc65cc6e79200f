-- The list of numbers is read anew by each phase: what an earlier version kept of it is not asked for the state.
ALTER TABLE seen_numbers ADD COLUMN inactive INTEGER NOT NULL DEFAULT 0 CHECK (inactive IN (0, 1));
