//! One client's side of the live socket.

use std::sync::Arc;

use bytes::Bytes;
use parlour_model::{Client, RoomName, Seq};
use parlour_service::limits::Requester;
use parlour_service::live::{
    Connection, Conversation, Flow, Followers, MOST_ROOMS, Message, NotFollowed, Posted, Turn,
};
use parlour_service::{Caller, Credential, Error};
use parlour_websocket::CloseCode;

use super::Told;
use super::said::{Id, Said, Since, read};
use super::words::{Frames, named_epoch, written};
use crate::desk::Desk;
use crate::live::microseconds;
use crate::native::person::Person;
use crate::native::{Kind, Problem};

/// One client's side of the live socket.
pub(super) struct Talk {
    pub(super) desk: Desk,
    pub(super) connection: Arc<Connection>,
    pub(super) followers: Followers,
    /// Whom it speaks for; `None` is a guest.
    pub(super) caller: Option<Caller>,
    pub(super) client: Client,
}

impl Conversation for Talk {
    async fn text(&mut self, text: String, turn: Turn) {
        match read(&text) {
            (id, Ok(said)) => self.answer(id, said, turn).await,
            (id, Err(problem)) => turn.settle(refusal(id, &problem)),
        }
    }

    async fn binary(&mut self, _bytes: Bytes, turn: Turn) {
        turn.settle(refusal(None, &Problem::new(Kind::Malformed, "Frames are text.")));
    }
}

impl Talk {
    /// Says by itself whom it speaks for, when the handshake brought a credential.
    pub(super) fn greet(&self) {
        if let Some(caller) = &self.caller {
            self.followers.say(written(&self.welcome(None, Some(caller))));
        }
    }

    async fn answer(&mut self, id: Option<Id>, said: Said, turn: Turn) {
        if let Err(error) = self.count(&said) {
            return turn.settle(refused(id, &error));
        }
        match said {
            Said::Subscribe { room, since } => self.subscribe(id, &room, since, turn).await,
            Said::Post { room, text, key, reply_to } => {
                let message = Message { text, key: Some(key), reply_to };
                self.post(id, room, message, turn).await;
            }
            Said::Hello { token } => self.identify(id, token.as_deref(), turn).await,
            Said::Token { access_token } => self.identify(id, Some(&access_token), turn).await,
            Said::Unsubscribe { room } => turn.settle(self.unsubscribe(id, &room)),
            Said::Ping => turn.settle(Flow::Reply(written(&Told::Pong { id }))),
            other => {
                let done = self.change(other).await;
                turn.settle(match done {
                    Ok(seq) => id.map_or(Flow::Go, |id| Flow::Reply(written(&Told::Done { id, seq }))),
                    Err(error) => refused(id, &error),
                });
            }
        }
    }

    /// Counts a request that costs the database something and has no throttle of its own, as one by HTTP is counted.
    fn count(&self, said: &Said) -> Result<(), Error> {
        let is_counted = matches!(
            said,
            Said::Subscribe { .. } | Said::Read { .. } | Said::Hello { token: Some(_) } | Said::Token { .. }
        );
        if !is_counted {
            return Ok(());
        }
        let requester = match &self.caller {
            Some(caller) => Requester::Account(caller.account.id),
            None => Requester::Source(self.client.source()),
        };
        self.desk.app.limits.request(requester).map(drop)
    }

    async fn subscribe(&self, id: Option<Id>, room: &str, since: Option<Since>, turn: Turn) {
        let room = match RoomName::parse(room) {
            Ok(room) => room,
            Err(violation) => return turn.settle(refused(id, &violation.into())),
        };
        if let Some(problem) = self.may_follow(&room) {
            return turn.settle(refusal(id, &problem));
        }
        let since = since.map(|since| (named_epoch(&since.epoch), since.seq));
        match self.desk.app.follow(&room, &self.connection, self.caller.as_ref(), &Frames, since).await {
            Ok((follower, found)) => {
                let has_id = id.is_some();
                let answer = written(&Told::subscribed(id, &found));
                turn.settle(if has_id { Flow::Reply(answer) } else { Flow::Go });
                match self.followers.add(follower) {
                    Ok(()) | Err(NotFollowed::Over) => {}
                    // Requests come one after the other, so that this was found out before.
                    Err(NotFollowed::Already | NotFollowed::Full) => tracing::warn!("a room was followed twice"),
                }
            }
            Err(error) => turn.settle(refused(id, &error)),
        }
    }

    fn may_follow(&self, room: &RoomName) -> Option<Problem> {
        if self.followers.follows(room) {
            return Some(Problem::new(Kind::Conflict, "This room is subscribed to already."));
        }
        let is_full = self.followers.len() >= MOST_ROOMS;
        is_full.then(|| Problem::new(Kind::Conflict, format!("At most {MOST_ROOMS} rooms on one socket.")))
    }

    fn unsubscribe(&self, id: Option<Id>, room: &str) -> Flow {
        match RoomName::parse(room) {
            Ok(name) => {
                self.followers.remove(&name);
                let answer = id.map(|id| written(&Told::Unsubscribed { id: Some(id), room, reason: None }));
                answer.map_or(Flow::Go, Flow::Reply)
            }
            Err(violation) => refused(id, &violation.into()),
        }
    }

    async fn post(&self, id: Option<Id>, room: String, message: Message, turn: Turn) {
        let (name, caller) = match self.in_room(&room).await {
            Ok(both) => both,
            Err(error) => return turn.settle(refused(id, &error)),
        };
        let hear = move |outcome: Result<Posted, Error>, _| {
            turn.settle(match (outcome, id) {
                (Ok(_), None) => Flow::Go,
                (Ok(posted), Some(id)) => Flow::Reply(written(&posted_as(id, &room, &posted))),
                (Err(error), id) => refused(id, &error),
            });
        };
        self.desk.app.post_and_hear(&name, caller, message, Box::new(hear)).await;
    }

    /// A room that there is and the caller may read.
    async fn in_room(&self, room: &str) -> Result<(RoomName, &Caller), Error> {
        let caller = self.caller.as_ref().ok_or(Error::Unauthenticated)?;
        let name = RoomName::parse(room)?;
        self.desk.app.room_there(&name, Some(caller)).await?;
        Ok((name, caller))
    }

    /// Does what is answered with the seq of an event, if there is one.
    async fn change(&self, said: Said) -> Result<Option<Seq>, Error> {
        let app = &self.desk.app;
        match said {
            Said::Edit { room, seq, text } => {
                let (room, caller) = self.in_room(&room).await?;
                app.edit_message(&room, caller, seq, text).await.map(|event| Some(event.seq))
            }
            Said::Delete { room, seq } => {
                let (room, caller) = self.in_room(&room).await?;
                app.delete_message(&room, caller, seq, &self.client).await.map(|event| Some(event.seq))
            }
            Said::React { room, seq, emoji } => {
                let (room, caller) = self.in_room(&room).await?;
                app.react(&room, caller, seq, &emoji).await.map(|event| event.map(|event| event.seq))
            }
            Said::Unreact { room, seq, emoji } => {
                let (room, caller) = self.in_room(&room).await?;
                app.unreact(&room, caller, seq, &emoji).await.map(|event| event.map(|event| event.seq))
            }
            Said::Typing { room } => {
                let (room, caller) = self.in_room(&room).await?;
                app.tell_typing(&room, caller).await.map(|()| None)
            }
            Said::Read { room, seq } => {
                let (room, caller) = self.in_room(&room).await?;
                self.followers.has_read(&room, seq);
                app.mark_read(&room, caller, seq).await.map(|_is_further| None)
            }
            Said::Hello { .. }
            | Said::Subscribe { .. }
            | Said::Unsubscribe { .. }
            | Said::Post { .. }
            | Said::Token { .. }
            | Said::Ping => Ok(None),
        }
    }

    /// Takes a credential, if one is shown, and says whom the connection speaks for.
    async fn identify(&mut self, id: Option<Id>, token: Option<&str>, turn: Turn) {
        let now = match token {
            Some(token) => self.take(token).await,
            None => self.as_now().await,
        };
        turn.settle(match now {
            Ok(caller) => {
                self.caller = caller;
                Flow::Reply(written(&self.welcome(id, self.caller.as_ref())))
            }
            Err(Refused::Not(problem)) => refusal(id, &problem),
            Err(Refused::Because(error)) => refused(id, &error),
            Err(Refused::Over) => Flow::Close(CloseCode::POLICY, "session ended".to_owned()),
        });
    }

    async fn as_now(&self) -> Result<Option<Caller>, Refused> {
        match &self.caller {
            Some(caller) => Ok(Some(self.desk.app.still_good(caller).await?)),
            None => Ok(None),
        }
    }

    async fn take(&self, token: &str) -> Result<Option<Caller>, Refused> {
        let new = self.desk.app.authenticate(Credential::Token(token)).await?;
        let old = self.caller.as_ref().map(|old| old.account.id);
        if old.is_some_and(|old| old != new.account.id) {
            let problem = Problem::new(Kind::Forbidden, "A connection stays with its account: open another.");
            return Err(Refused::Not(problem));
        }
        match self.desk.app.bind(&self.connection, &new).await {
            Ok(()) => {}
            // It is nobody's now: what the account may read must not be told any more.
            Err(Error::CredentialRefused | Error::CredentialExpired) => return Err(Refused::Over),
            Err(error) => return Err(error.into()),
        }
        if old.is_none() {
            // They were followed as a guest, whom other rules hold for and nobody sees.
            self.leave_as_guest();
        }
        Ok(Some(new))
    }

    fn leave_as_guest(&self) {
        for room in self.followers.leave_all() {
            self.followers.say(written(&Told::Unsubscribed { id: None, room: &room, reason: Some("resume") }));
        }
    }

    fn welcome(&self, id: Option<Id>, caller: Option<&Caller>) -> Told<'static> {
        Told::Welcome {
            id,
            account: caller.map(|caller| Person::of(&caller.account)),
            session: caller.map(|caller| caller.session_id.0),
            expires_at: caller.map(|caller| microseconds(caller.expires_at)),
            ping: self.desk.app.ping_every().as_secs(),
        }
    }
}

/// Why a credential is not taken.
enum Refused {
    Because(Error),
    Not(Problem),
    /// The connection must go.
    Over,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Because(error)
    }
}

fn posted_as<'a>(id: Id, room: &'a str, posted: &Posted) -> Told<'a> {
    let (seq, at) = match posted {
        Posted::New { seq, at } => (*seq, *at),
        Posted::Before(event) => (event.seq, event.at),
    };
    Told::Posted { id, room, seq, at: microseconds(at) }
}

fn refused(id: Option<Id>, error: &Error) -> Flow {
    if let Error::Internal(fault) = error {
        tracing::error!(%fault, "a request on a socket failed");
    }
    refusal(id, &Problem::from(error))
}

fn refusal(id: Option<Id>, problem: &Problem) -> Flow {
    Flow::Reply(written(&Told::Error { id, problem }))
}
