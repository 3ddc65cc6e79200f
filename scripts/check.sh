#!/usr/bin/env bash
# Everything that must hold before a change lands: format, lints, tests, documentation, a build without the simulator.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

say format
cargo fmt --all --check

say lints
cargo clippy --locked --all-targets -- -D warnings

say 'build without the simulator'
cargo clippy --locked --no-default-features --lib --bins -- -D warnings

say documentation
RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items

if cargo deny --version >/dev/null 2>&1; then
    say 'dependencies'
    cargo deny --offline --locked check bans licenses sources
else
    say 'dependencies: skipped, cargo-deny is not installed (cargo install cargo-deny)'
fi

say 'published schemas'
scripts/contract/prism

say 'no fault points without debug assertions'
cargo build --locked --bin wxbulk --config 'profile.dev.package.wxbulk.debug-assertions=false'
if grep -q WXBULK_KILL_AT "${CARGO_TARGET_DIR:-target}/debug/wxbulk"; then
    echo 'a release build can be killed by WXBULK_KILL_AT' >&2
    exit 1
fi

say tests
INSTA_UPDATE=no cargo test --locked
