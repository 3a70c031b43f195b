//! Where mail goes: to an SMTP server, or into a folder when none is configured.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use parlour_store::mail::QueuedMail;

use crate::settings::{MailSettings, MailTransport};

/// How long one letter may take on the wire.
const SMTP_DEADLINE: Duration = Duration::from_secs(30);

/// The way out.
pub struct Transport {
    from: Mailbox,
    way: Way,
}

enum Way {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Outbox(PathBuf),
}

impl Transport {
    /// Reads the configured way. Nothing is connected to and nothing is written yet.
    ///
    /// # Errors
    /// Which of the settings cannot be read.
    pub fn read(settings: &MailSettings) -> std::result::Result<Self, BadMailSetting> {
        let from = settings.from.parse().map_err(|_not_one| BadMailSetting::From)?;
        let way = match &settings.transport {
            MailTransport::Smtp(url) => {
                let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
                let smtp = smtp.map_err(|_no_url| BadMailSetting::SmtpUrl)?;
                Way::Smtp(Box::new(smtp.timeout(Some(SMTP_DEADLINE)).build()))
            }
            MailTransport::Outbox(folder) => Way::Outbox(folder.clone()),
        };
        Ok(Self { from, way })
    }

    /// Sends one letter, once. Its Message-ID is the same at every try, so that a server which took it before a
    /// lost answer can tell.
    ///
    /// # Errors
    /// What went wrong, and whether another try can help.
    pub async fn send(&self, queued: &QueuedMail) -> std::result::Result<(), Unsent> {
        let message = self.message(queued).map_err(Unsent::for_good)?;
        match &self.way {
            Way::Smtp(smtp) => smtp
                .send(message)
                .await
                .map(drop)
                .map_err(|error| Unsent { for_good: error.is_permanent(), reason: error.to_string() }),
            Way::Outbox(folder) => {
                let file = folder.join(format!("{:06}-{}.eml", queued.id, queued.mail.message_id));
                let written = write_whole(&file, &message.formatted());
                written.map_err(|error| Unsent { reason: error.to_string(), for_good: false })?;
                tracing::info!(file = %file.display(), "no mail server is configured; a letter lies in the outbox");
                Ok(())
            }
        }
    }

    fn message(&self, queued: &QueuedMail) -> std::result::Result<Message, String> {
        let to: Mailbox = queued.mail.recipient.parse().map_err(|_not_one| "not a mailbox".to_owned())?;
        let domain = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(queued.mail.subject.clone())
            .message_id(Some(format!("<{}@{domain}>", queued.mail.message_id)))
            .header(ContentType::TEXT_PLAIN)
            .body(body(&queued.mail.body))
            .map_err(|error| error.to_string())
    }
}

/// A mail setting that cannot be read. It is named and not shown: a URL may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadMailSetting {
    /// The sender is no mailbox.
    From,
    /// The server is no `smtp://` or `smtps://` URL.
    SmtpUrl,
}

/// A letter that was not sent.
#[derive(Debug)]
pub struct Unsent {
    /// Why: a sentence without any secret, for the queue and the log.
    pub reason: String,
    /// Whether another try would end in the same way.
    pub for_good: bool,
}

impl Unsent {
    const fn for_good(reason: String) -> Self {
        Self { reason, for_good: true }
    }
}

/// The longest line of a plain letter (RFC 5322 §2.1.1), without its end.
const MOST_LINE_BYTES: usize = 998;

/// Plain text stays as it is where it can, so that a link in the outbox can be copied: lettre alone would fold
/// lines of more than 76 characters, as every link of ours is. The rest is encoded.
fn body(text: &str) -> Body {
    if text.is_ascii() && text.lines().all(|line| line.len() <= MOST_LINE_BYTES) {
        let lines = text.replace('\n', "\r\n").into_bytes();
        return Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit);
    }
    Body::new(text.to_owned())
}

/// Writes a file that is whole as soon as it has its name, readable by its owner alone: the letter may hold a secret.
fn write_whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let unfinished = file.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&unfinished)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    std::fs::rename(&unfinished, file)
}
