//! The migrations are read by a macro, which Cargo does not see: a changed one must rebuild the crate.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
