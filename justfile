# The habits of this workspace; `just` lists them.
default:
    @just --list

# Every test, as CI runs them.
test:
    cargo test --workspace

# What CI refuses: formatting, lints, documentation.
lint:
    cargo fmt --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Every criterion bench, or one: `just bench fusion`.
bench name="":
    cargo bench -p consort-benches {{ if name == "" { "" } else { "--bench " + name } }}

# The benches beside their peers; writes docs/benchmarks. Needs Python.
peers:
    benches/peers/run

# The API documentation.
docs:
    cargo doc --workspace --no-deps --open

# Whether every page is in the book and every link leads somewhere.
book-links:
    scripts/book-links

# Fuzz one reader for a while: `just fuzz csv_member 600`. Needs nightly and cargo-fuzz.
fuzz target seconds="60":
    cd fuzz && cargo +nightly fuzz run {{target}} -- -max_total_time={{seconds}} -rss_limit_mb=2048

# All that CI does, from the tests to the licences.
ci:
    .ci/run
