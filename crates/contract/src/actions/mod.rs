//! `actions`: everything about users through one WebSocket, `{"action": …, "data": …}`.

mod channel;
mod words;

use axum::extract::{Request, State};
use axum::http::Method;
use bytes::Bytes;
use parlour_model::{Account, AccountId, Client, Profile, ProfileChange};
use parlour_service::edit_account::Edit;
use parlour_service::live::{Connection, Conversation, Flow, Turn};
use parlour_service::log_in::{Granted, LogIn, NameGiven, Wants};
use parlour_service::sign_up::{NewName, SignUp};
use parlour_service::{Caller, Credential, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::future::ready;
use std::sync::Arc;
use utoipa::ToSchema;

use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::{Upgrade, text_of};
use crate::refusal::Answer;
use crate::visitor::Visitor;
pub(crate) use channel::channel;
pub(crate) use words::Actions;
use words::{Fault, word};

/// The longest message: a profile with every character of its bio escaped. No more, because a stranger's
/// unfinished message is kept until it is whole.
const MOST_BYTES: usize = 16 * 1024;

pub(crate) fn routes() -> Routes {
    Routes::default().serve::<Actions>(routes!(open))
}

/// Open the socket on which everything about users happens.
///
/// A token in `Authorization`, or as the first subprotocol, which is echoed, binds it from the start.
/// `/api/v2/asyncapi.json` has what is said on the socket.
#[utoipa::path(get, path = "/users/", security((), ("token" = [])), responses(
    (status = 101, description = "Welcome."),
    (status = 400, description = "The handshake is none."),
    (status = 401, description = "The token is not good."),
    (status = 426, description = "No WebSocket was asked for."),
))]
async fn open(State(desk): State<Desk>, Visitor(client): Visitor, request: Request) -> Answer<Actions> {
    let upgrade = Upgrade::of(request, &[Method::GET], desk.settings.deflate)?;
    let caller = desk.caller_by_token(&upgrade.headers, upgrade.handshake.subprotocols()).await?;
    let connection = Arc::new(desk.app.connect(caller.as_ref(), &client).await?);
    let chosen = upgrade.first();
    Ok(upgrade.answer(chosen.as_ref(), MOST_BYTES, move |socket| {
        let app = desk.app.clone();
        let talk = Talk { desk, client, connection: connection.clone(), caller };
        app.serve(socket, connection, talk);
        ready(())
    }))
}

/// One client's side: bound to a session, or to none.
struct Talk {
    desk: Desk,
    client: Client,
    connection: Arc<Connection>,
    caller: Option<Caller>,
}

impl Conversation for Talk {
    async fn text(&mut self, text: String, turn: Turn) {
        turn.settle(self.answer(&text).await);
    }

    async fn binary(&mut self, _bytes: Bytes, turn: Turn) {
        turn.settle(say(&Fault { error: "Invalid data." }));
    }
}

/// What an action came to.
enum Done {
    With(Value),
    Pong,
    Unknown,
}

/// Why an action came to nothing.
enum Undone {
    /// A use case refused.
    Refused(Error),
    /// Its data is missing, or not what the action takes.
    BadData,
}

impl From<Error> for Undone {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

type Outcome = Result<Done, Undone>;

impl Talk {
    async fn answer(&mut self, text: &str) -> Flow {
        let Ok(message) = serde_json::from_str::<Map<String, Value>>(text) else {
            return say(&Fault { error: "Invalid data." });
        };
        let action = match message.get("action") {
            None => return say(&Fault { error: "No action provided." }),
            Some(Value::String(action)) => action.clone(),
            Some(_) => return say(&Fault { error: "Invalid action type." }),
        };
        let data = message.get("data").cloned();
        match self.act(&action, data).await {
            Ok(Done::With(data)) => say(&json!({"action": action, "data": data})),
            Ok(Done::Pong) => say(&json!({"action": "pong"})),
            Ok(Done::Unknown) => say(&json!({"action": action, "error": "Unknown action."})),
            Err(error) => {
                report(&error);
                say(&json!({"action": action, "error": word(&action, &error)}))
            }
        }
    }

    async fn act(&mut self, action: &str, data: Option<Value>) -> Outcome {
        match action {
            "new" => self.new_user(read(data)?).await,
            "login" => self.log_in(read(data)?).await,
            "logout" => self.log_out(read_or_default(data)?).await,
            "me" => self.me(read_or_default(data)?).await,
            "details" => self.details(read_or_default(data)?).await,
            "edit" => self.edit(read(data)?).await,
            "ping" => Ok(Done::Pong),
            _ => Ok(Done::Unknown),
        }
    }

    async fn new_user(&mut self, new: NewUser) -> Outcome {
        let email = new.email.clone();
        let sign_up = SignUp {
            name: NewName::Chosen(new.username),
            email: Some(new.email),
            password: new.password,
            profile: Profile::default(),
            wants: None,
        };
        let account = self.desk.app.sign_up(sign_up, &self.client).await?.account;
        let username = account.username.as_str();
        Ok(Done::With(json!({"user_id": account.id.to_string(), "username": username, "email": email})))
    }

    async fn log_in(&mut self, given: Credentials) -> Outcome {
        let name = match (given.username, given.email) {
            (Some(username), _) => NameGiven::Username(username),
            (None, Some(email)) => NameGiven::Email(email),
            (None, None) => return Err(Undone::BadData),
        };
        let log_in = LogIn { name, password: given.password, wants: Wants::LongToken };
        let (_, granted) = self.desk.app.log_in(log_in, &self.client).await?;
        let Granted::Token(token) = granted else { return Err(Error::internal("no token was granted").into()) };
        let caller = self.desk.app.authenticate(Credential::Token(&token)).await?;
        if let Err(error) = self.bind(caller.clone()).await {
            // Nobody gets this token, so its session must not stand.
            self.desk.app.log_out(&caller, &self.client).await?;
            return Err(error.into());
        }
        Ok(Done::With(json!({"token": token})))
    }

    async fn log_out(&mut self, given: Token) -> Outcome {
        let bound = self.caller().await.ok();
        match (given.token, bound) {
            (Some(token), bound) => {
                let owner = self.desk.app.authenticate(Credential::Token(&token)).await?;
                match bound {
                    Some(caller) if caller.session_id == owner.session_id => self.log_itself_out(caller).await?,
                    bound => self.desk.app.log_out_other(bound.as_ref(), &owner, &self.client).await?,
                }
            }
            (None, Some(caller)) => self.log_itself_out(caller).await?,
            (None, None) => return Err(Error::Unauthenticated.into()),
        }
        Ok(Done::With(json!({"success": true})))
    }

    /// Ends the connection's own session. The connection is answered and stays, so it must be nobody's before the
    /// end; if there is no end, it is bound as before.
    async fn log_itself_out(&mut self, caller: Caller) -> Result<(), Error> {
        self.unbind();
        let ended = self.desk.app.log_out(&caller, &self.client).await;
        if matches!(ended, Err(Error::Busy(_) | Error::Internal(_))) {
            self.bind(caller).await?;
        }
        ended
    }

    async fn me(&mut self, given: Token) -> Outcome {
        let caller = self.caller_or_bind(given.token).await?;
        Ok(Done::With(whole(&caller.account)))
    }

    async fn details(&mut self, given: Details) -> Outcome {
        let account = match given.user_id {
            Some(id) => self.desk.app.look_up(id.parse()?).await?,
            None => self.caller_or_bind(given.token).await?.account,
        };
        Ok(Done::With(public(&account)))
    }

    async fn edit(&mut self, given: EditGiven) -> Outcome {
        let caller = self.caller_or_bind(given.token).await?;
        let profile = ProfileChange {
            first_name: given.first_name,
            last_name: given.last_name,
            display_name: given.display_name,
            facility_id: given.facility_id,
            profile_picture: given.profile_picture,
            bio: given.bio,
            consent: given.consent,
        };
        let edit = Edit { username: given.username, email: given.email, password: given.password, profile };
        let account = self.desk.app.edit_account(&caller, edit, &self.client).await?;
        Ok(Done::With(whole(&account)))
    }

    /// Whoever the connection is bound to, as they are now.
    async fn caller(&self) -> Result<Caller, Error> {
        let caller = self.caller.as_ref().ok_or(Error::Unauthenticated)?;
        self.desk.app.still_good(caller).await
    }

    /// The same; an unbound connection is bound by a token first. A bound one never moves to somebody else.
    async fn caller_or_bind(&mut self, token: Option<String>) -> Result<Caller, Error> {
        if let (None, Some(token)) = (&self.caller, token) {
            let caller = self.desk.app.authenticate(Credential::Token(&token)).await?;
            self.bind(caller).await?;
        }
        self.caller().await
    }

    async fn bind(&mut self, caller: Caller) -> Result<(), Error> {
        self.desk.app.bind(&self.connection, &caller).await?;
        self.caller = Some(caller);
        Ok(())
    }

    fn unbind(&mut self) {
        self.connection.unbind();
        self.caller = None;
    }
}

fn say(message: &impl Serialize) -> Flow {
    text_of(message).map_or(Flow::Go, Flow::Reply)
}

fn report(undone: &Undone) {
    if let Undone::Refused(Error::Internal(fault)) = undone {
        tracing::error!(%fault, "an action failed");
    }
}

fn read<T: for<'de> Deserialize<'de>>(data: Option<Value>) -> Result<T, Undone> {
    match data {
        // A list with the fields in order is none, though serde would take it.
        Some(Value::Object(fields)) => T::deserialize(Value::Object(fields)).map_err(|_ill_typed| Undone::BadData),
        _ => Err(Undone::BadData),
    }
}

fn read_or_default<T: for<'de> Deserialize<'de> + Default>(data: Option<Value>) -> Result<T, Undone> {
    match data {
        None | Some(Value::Null) => Ok(T::default()),
        data => read(data),
    }
}

/// Everything about oneself.
fn whole(account: &Account) -> Value {
    let profile = &account.profile;
    json!({
        "user_id": account.id.to_string(),
        "username": account.username.as_str(),
        "email": account.email.as_ref().map_or("", |email| email.as_str()),
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "display_name": profile.display_name,
        "facility_id": profile.facility_id,
        "profile_picture": profile.profile_picture,
        "consent": profile.consent_at.is_some(),
        "bio": profile.bio,
        "admin_level": account.admin_level.number(),
    })
}

/// What everybody may know.
fn public(account: &Account) -> Value {
    json!({
        "user_id": account.id.to_string(),
        "username": account.username.as_str(),
        "display_name": account.profile.display_name,
        "bio": account.profile.bio,
        "profile_picture": account.profile.profile_picture,
    })
}

#[derive(Deserialize, ToSchema)]
#[schema(as = actions::NewUser)]
struct NewUser {
    username: String,
    email: String,
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = actions::Credentials)]
struct Credentials {
    username: Option<String>,
    email: Option<String>,
    password: String,
}

#[derive(Default, Deserialize, ToSchema)]
#[schema(as = actions::Token)]
struct Token {
    token: Option<String>,
}

#[derive(Default, Deserialize, ToSchema)]
#[schema(as = actions::Details)]
struct Details {
    user_id: Option<UserId>,
    token: Option<String>,
}

/// An id as this contract writes it, a string; a number is understood too.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = actions::UserId)]
enum UserId {
    Text(String),
    Number(i64),
}

impl UserId {
    fn parse(self) -> Result<AccountId, Error> {
        match self {
            Self::Text(text) => text.parse().map(AccountId).map_err(|_no_number| Error::UnknownAccount),
            Self::Number(number) => Ok(AccountId(number)),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[schema(as = actions::EditGiven)]
struct EditGiven {
    token: Option<String>,
    username: Option<String>,
    email: Option<String>,
    password: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
    facility_id: Option<String>,
    profile_picture: Option<String>,
    bio: Option<String>,
    consent: Option<bool>,
}
