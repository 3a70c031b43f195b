//! `native`: its examples.

use crate::replay::replay;

#[tokio::test]
async fn examples() {
    replay("native").await;
}
