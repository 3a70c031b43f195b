//! A question that nobody waits for any more: its line is given to nobody else before it is answered.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::line::Line;

/// Most questions are answered within this time, and their lines are as good as before.
const A_MOMENT: Duration = Duration::from_millis(100);

/// How long a cancellation may be on its way, and how long an answer may take after it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits until the line's question is answered, and cancels it if that takes more than a moment. `None`: the line is not to be
/// used again.
///
/// A line whose question was cancelled never is: a cancellation that comes late ends whatever runs on the line then.
pub(super) async fn settle(line: Line, encryption: MakeRustlsConnect) -> Option<Line> {
    if timeout(A_MOMENT, line.is_quiet()).await.is_ok_and(|quiet| quiet) {
        return Some(line.answered());
    }
    cancel(&line, encryption).await;
    let _ = timeout(PATIENCE, line.is_quiet()).await;
    None
}

/// Cancels the line's question, if that may be cancelled.
pub(super) async fn cancel(line: &Line, encryption: MakeRustlsConnect) {
    let Some(token) = line.cancellation() else { return };
    match timeout(PATIENCE, token.cancel_query(encryption)).await {
        Ok(Ok(())) => {}
        outcome => tracing::debug!(?outcome, "a question that nobody waits for cannot be cancelled"),
    }
}
