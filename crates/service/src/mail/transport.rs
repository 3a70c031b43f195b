//! Where mail goes: to an SMTP server, or into a folder when none is configured.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use parlour_store::mail::QueuedMail;

use crate::settings::{MailSettings, MailTransport};
use crate::{Error, Result};

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
    /// Opens the configured way.
    ///
    /// # Errors
    /// The sender's address or the server's URL cannot be read, or the folder cannot be made.
    pub fn open(settings: &MailSettings) -> Result<Self> {
        let from = settings.from.parse().map_err(Error::internal)?;
        let way = match &settings.transport {
            MailTransport::Smtp(url) => {
                let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(Error::internal)?;
                Way::Smtp(Box::new(smtp.timeout(Some(SMTP_DEADLINE)).build()))
            }
            MailTransport::Outbox(folder) => {
                std::fs::create_dir_all(folder).map_err(Error::internal)?;
                Way::Outbox(folder.clone())
            }
        };
        Ok(Self { from, way })
    }

    /// Sends one letter, once. Its Message-ID is the same at every try, so that a server which took it before a
    /// lost answer can tell.
    ///
    /// # Errors
    /// A sentence without any secret, for the queue and the log.
    pub async fn send(&self, queued: &QueuedMail) -> std::result::Result<(), String> {
        let message = self.message(queued)?;
        match &self.way {
            Way::Smtp(smtp) => smtp.send(message).await.map(drop).map_err(|error| error.to_string()),
            Way::Outbox(folder) => {
                let file = folder.join(format!("{:06}-{}.eml", queued.id, queued.mail.message_id));
                write_whole(&file, &message.formatted()).map_err(|error| error.to_string())?;
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
