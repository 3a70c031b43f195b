//! A full disk: refusals that invite to come back, nothing kept by halves, and recovery by itself.

use std::process::Command;

use crate::people::{Credential, member};
use crate::process::{Folder, Parlour, shell};
use crate::refusals::{a_message_is_refused, everybody_is_told_to_come_back, reading_goes_on, sign_up_by_every_door};
use crate::room::{Seat, history};

/// Fills the disk as far as this server is concerned, its log included: no file grows or is written beyond its first
/// byte. That needs no rights, unlike a small file system.
fn fill(server: &Parlour) {
    shell(&format!("prlimit --pid {} --fsize=1:", server.pid()));
}

fn make_room(server: &Parlour) {
    shell(&format!("prlimit --pid {} --fsize=unlimited:", server.pid()));
}

/// The server, with the signal ignored by which the system would end a process that writes beyond its limit: a full
/// disk sends none.
async fn start(folder: &Folder) -> Parlour {
    let serve = folder.serve(&[]);
    let mut wrapped = Command::new("sh");
    wrapped.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(serve.get_program()).args(serve.get_args());
    folder.spawn(wrapped).accepting().await
}

#[tokio::test]
async fn a_full_disk_is_no_disaster() {
    let folder = Folder::new();
    let server = start(&folder).await;
    let token = member(server.address, "Ada").await;
    sign_up_by_every_door(server.address, "before").await;
    let mut seat = Seat::take(server.address, "alpha", &token, None).await.unwrap();
    seat.post("kept", "1").await.unwrap();
    fill(&server);
    everybody_is_told_to_come_back(server.address, "before", "meanwhile").await;
    a_message_is_refused(&mut seat, "2").await;
    reading_goes_on(server.address, &token).await;
    assert_eq!(server.get("/readyz").send().await.status, 503);
    make_room(&server);
    server.get("/readyz").send().await.expect(200);
    sign_up_by_every_door(server.address, "meanwhile").await;
    let mut seat = Seat::take(server.address, "alpha", &token, Some(1)).await.unwrap();
    assert_eq!(seat.post("into the void", "2").await.unwrap().id, 2);
    server.kill();
    let server = folder.start(&[]).await;
    let said = history(server.address, "alpha", &token, "3").await;
    assert_eq!(
        said.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(),
        ["kept", "into the void", "the end"]
    );
    assert!(Credential::Bearer(token).opens(server.address, "Ada").await);
}
