//! Files that use each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::modules::Imports;

/// Every set of files of which each uses every other one, directly or through others.
pub(crate) fn circles(imports: &Imports) -> Vec<BTreeSet<PathBuf>> {
    let reached: Vec<(&PathBuf, BTreeSet<&Path>)> = imports
        .keys()
        .map(|file| (file, reached(imports, file)))
        .collect();
    let of = |file: &PathBuf| {
        let from = &reached.iter().find(|(other, _)| *other == file)?.1;
        from.contains(file.as_path()).then_some(())?;
        let both = reached.iter().filter(|(other, back)| {
            from.contains(other.as_path()) && back.contains(file.as_path())
        });
        Some(both.map(|(other, _)| (*other).clone()).collect())
    };
    let circles: BTreeSet<BTreeSet<PathBuf>> = imports.keys().filter_map(of).collect();
    circles.into_iter().collect()
}

/// Every file that `file` uses, directly or through others.
fn reached<'a>(imports: &'a Imports, file: &Path) -> BTreeSet<&'a Path> {
    let mut reached: BTreeSet<&Path> = BTreeSet::new();
    let mut next: Vec<&Path> = imports[file].keys().map(PathBuf::as_path).collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(
                imports
                    .get(file)
                    .into_iter()
                    .flat_map(|used| used.keys().map(PathBuf::as_path)),
            );
        }
    }
    reached
}
