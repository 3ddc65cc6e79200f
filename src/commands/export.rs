//! `export`: the files, now.

use super::{Failure, Setup, exit, output};
use crate::cli::ExportArgs;
use crate::export::{self, Edited, FileKind};

pub(super) fn execute(setup: &Setup<'_>, args: &ExportArgs) -> Result<u8, Failure> {
    let kinds = kinds(&args.only)?;
    let store = setup.store()?;
    let edited = if args.force { Edited::Overwrite } else { Edited::Refuse };
    if !args.force && kinds.contains(&FileKind::Checkpoint) {
        export::check_checkpoint(&store, &setup.paths.output)?;
    }
    let exported = export::write(&store, &setup.paths.output, &kinds, edited)?;
    let lines: Vec<String> = exported.current.iter().map(|path| path.display().to_string()).collect();
    output::print_line(&lines.join("\n"))
}

fn kinds(only: &[String]) -> Result<Vec<FileKind>, Failure> {
    if only.is_empty() {
        return Ok(FileKind::ALL.to_vec());
    }
    only.iter()
        .map(|name| {
            FileKind::from_user(name.trim()).ok_or_else(|| {
                let known = FileKind::ALL
                    .map(|kind| kind.file_name().split('.').next().unwrap_or_default())
                    .join(", ");
                Failure::new(exit::USAGE, format!("--only {name:?} is no file of wxbulk; it has {known}"))
            })
        })
        .collect()
}
