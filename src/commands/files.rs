//! The files that a command writes beside its work.

use std::path::{Path, PathBuf};

use crate::export::{self, Edited, FileKind};
use crate::store::Store;

/// Rewrites them all, but for those that someone edited. What goes wrong is logged only: the command has more to say.
pub(super) fn refresh(store: &Store, output: &Path) {
    match export::write(store, output, &FileKind::ALL, Edited::Keep) {
        Ok(exported) => {
            for path in exported.kept {
                tracing::warn!(path = %path.display(), "export.kept: someone edited this file; it is left as it is");
            }
        }
        Err(error) => tracing::warn!("export.failed: {error}"),
    }
}

/// Names the files that were left alone, and the ways out.
pub(super) fn kept(files: &[PathBuf]) -> String {
    let named = |path: &PathBuf| {
        format!("left alone, because someone edited it: {}\n{}\n", path.display(), export::ways_out(path))
    };
    files.iter().map(named).collect()
}
