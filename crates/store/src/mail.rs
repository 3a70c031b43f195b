//! The queue of mail: written with what causes it, sent by one worker of one node, tried again until it is sent.

use std::time::Duration;

use parlour_model::{AccountId, Email, Timestamp};

use crate::database::{FromRow, Row, Tx};
use crate::{Result, Store, params, sql};

/// A mail to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    /// Its Message-ID (RFC 5322 §3.6.4), the same at every try, so that a receiver can tell a repeat.
    pub message_id: String,
    /// To whom.
    pub recipient: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// A mail to an address that only the transaction knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// See [`NewMail::message_id`].
    pub message_id: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
}

impl Notice {
    pub(crate) fn to(&self, recipient: &Email) -> NewMail {
        NewMail {
            message_id: self.message_id.clone(),
            recipient: recipient.as_str().to_owned(),
            subject: self.subject.clone(),
            body: self.body.clone(),
        }
    }
}

/// A mail that a worker has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMail {
    /// Its number in the queue.
    pub id: i64,
    /// What to send.
    pub mail: NewMail,
    /// How often it has been tried, this time included.
    pub tries: i64,
    /// When it was queued.
    pub created_at: Timestamp,
}

impl Store {
    /// Takes the mail that has been due longest. Until `now + lease` nobody else gets it; whoever took it says what
    /// became of it before that, or it is due again.
    pub async fn claim_mail(&self, now: Timestamp, lease: Duration) -> Result<Option<QueuedMail>> {
        self.db.write(async move |tx| claim(tx, now, now + lease).await).await
    }

    /// Notes that a mail was sent, and wipes its text and its recipient.
    pub async fn mail_sent(&self, id: i64, now: Timestamp) -> Result<()> {
        let sent = sql!("UPDATE mail SET sent_at = $2, recipient = '', body = '', last_error = '' WHERE id = $1");
        self.db.run(sent, params![id, now]).await.map(drop)
    }

    /// Notes that a mail could not be sent, and when to try again; with `None` it is given up, and its text and its
    /// recipient wiped.
    pub async fn mail_failed(&self, id: i64, error: &str, next_try: Option<Timestamp>, now: Timestamp) -> Result<()> {
        if let Some(next_try) = next_try {
            let again = sql!("UPDATE mail SET next_try_at = $2, last_error = $3 WHERE id = $1 AND sent_at IS NULL");
            return self.db.run(again, params![id, next_try, error]).await.map(drop);
        }
        let give_up = sql!(
            "UPDATE mail SET given_up_at = $2, last_error = $3, recipient = '', body = '' \
             WHERE id = $1 AND sent_at IS NULL"
        );
        self.db.run(give_up, params![id, now, error]).await.map(drop)
    }
}

/// Queues a mail inside a transaction. When it is about the account `about`, it goes with it.
pub(crate) async fn queue(tx: &mut Tx<'_>, mail: &NewMail, about: Option<AccountId>, now: Timestamp) -> Result<()> {
    let insert = sql!(
        "INSERT INTO mail \
         (message_id, recipient, subject, body, account_id, created_at, next_try_at, tries, last_error) \
         VALUES ($1, $2, $3, $4, $5, $6, $6, 0, '')"
    );
    tx.run(insert, params![&mail.message_id, &mail.recipient, &mail.subject, &mail.body, about, now]).await?;
    Ok(())
}

async fn claim(tx: &mut Tx<'_>, now: Timestamp, until: Timestamp) -> Result<Option<QueuedMail>> {
    let due = sql!(
        "SELECT id FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL AND next_try_at <= $1 \
         ORDER BY next_try_at, id LIMIT 1"
    );
    let take = sql!(
        "UPDATE mail SET next_try_at = $2, tries = tries + 1 \
         WHERE id = $1 AND next_try_at <= $3 AND sent_at IS NULL AND given_up_at IS NULL \
         RETURNING id, message_id, recipient, subject, body, tries, created_at"
    );
    // Another worker may be faster; then the next one is looked at.
    while let Some((id,)) = tx.get::<(i64,)>(due, params![now]).await? {
        if let Some(mail) = tx.get(take, params![id, until, now]).await? {
            return Ok(Some(mail));
        }
    }
    Ok(None)
}

impl FromRow for QueuedMail {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            mail: NewMail { message_id: row.take()?, recipient: row.take()?, subject: row.take()?, body: row.take()? },
            tries: row.take()?,
            created_at: row.take()?,
        })
    }
}
