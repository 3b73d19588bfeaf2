//! What Nudge relies on in Spin, asked of the host's library, which stands in for it, and of Spin itself.
//!
//! Each case talks to a component that does what it is told (`tests/shim/probe`). `cargo xtask test` runs the cases against the
//! host; with `CONFORMANCE_SPIN` set to a `spin` of version 3.6 or later, `cargo test -p shim --test spin -- --ignored` runs
//! them against that. Where the two differ on purpose, a case says so.

mod calls;
mod outside;
mod runtime;

/// Makes two tests of each case: one against the host, one against Spin.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        mod host {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$case(crate::runtime::Kind::Host).await })*
        }
        mod spin {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs Spin: CONFORMANCE_SPIN"]
            async fn $case() { super::$case(crate::runtime::Kind::Spin).await })*
        }
    };
}
use cases;
