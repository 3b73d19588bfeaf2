//! What Nudge relies on in Dapr, in both places: see the library's documentation.

mod calls;
mod events;
mod state;

/// Makes two tests of each case: one against the sidecar in the host, one against a real daprd.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        mod within {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$case(conformance::Where::Within).await })*
        }
        mod beside {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs real parts: cargo xtask test dapr"]
            async fn $case() { super::$case(conformance::Where::Beside).await })*
        }
    };
}
use cases;
