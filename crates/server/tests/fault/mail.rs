//! A mail server that is away and comes back: the letter arrives, once.

use rusqlite::{Connection, OpenFlags};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::http::PATIENCE;
use crate::people::{Door, ask, email};
use crate::process::{DATABASE, Folder, free_port};

#[tokio::test]
async fn a_letter_outlives_the_mail_servers_absence() {
    let folder = Folder::new();
    let port = free_port();
    let server = folder.start(&[&format!("mail.smtp_url=smtp://127.0.0.1:{port}")]).await;
    ask(server.address, Door::Tokens.sign_up("Ada")).await.unwrap().expect(201);
    let queue = Queue::of(&folder);
    server
        .until("a try that finds nobody", || queue.number("SELECT max(tries) FROM mail WHERE last_error <> ''") == 1)
        .await;

    let mut sink = Sink::open(port).await;
    let refused = sink.letter().await;
    let accepted = sink.letter().await;
    assert!(!refused.accepted && accepted.accepted);
    assert!(accepted.text.contains(&email("Ada")) && accepted.text.contains("/verify/"), "{}", accepted.text);
    assert_eq!(message_id(&refused.text), message_id(&accepted.text));

    server.until("the end of the queue", || queue.number("SELECT count(*) FROM mail WHERE sent_at IS NULL") == 0).await;
    assert_eq!(queue.number("SELECT count(*) FROM mail WHERE tries = 3 AND body = ''"), 1);
    // A letter after it has the sink to itself: the first did not come again.
    ask(server.address, Door::Tokens.sign_up("Bob")).await.unwrap().expect(201);
    assert!(sink.letter().await.text.contains(&email("Bob")));
}

/// The queue of mail as another program sees it.
struct Queue(Connection);

impl Queue {
    fn of(folder: &Folder) -> Self {
        let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self(Connection::open_with_flags(folder.file(DATABASE), access).unwrap())
    }

    /// What a query for one number finds; 0 when it finds nothing.
    fn number(&self, query: &str) -> i64 {
        self.0.query_row(query, [], |row| row.get::<_, Option<i64>>(0)).unwrap().unwrap_or(0)
    }
}

fn message_id(letter: &str) -> &str {
    letter.lines().find(|line| line.to_lowercase().starts_with("message-id:")).unwrap()
}

/// A letter as the mail server got it.
struct Letter {
    text: String,
    accepted: bool,
}

/// A mail server (RFC 5321) that refuses the first letter for now, and takes all others.
struct Sink(mpsc::Receiver<Letter>);

impl Sink {
    async fn open(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let (arrived, letters) = mpsc::channel(8);
        tokio::spawn(async move {
            let mut accept = false;
            while let Ok((stream, _)) = listener.accept().await {
                let text = talk(stream, accept).await.unwrap();
                if arrived.send(Letter { text, accepted: accept }).await.is_err() {
                    return;
                }
                accept = true;
            }
        });
        Self(letters)
    }

    async fn letter(&mut self) -> Letter {
        timeout(PATIENCE, self.0.recv()).await.expect("no letter came").unwrap()
    }
}

/// One SMTP session with one letter.
async fn talk(stream: TcpStream, accept: bool) -> std::io::Result<String> {
    let mut stream = BufReader::new(stream);
    let mut letter = String::new();
    let mut line = String::new();
    let mut in_letter = false;
    stream.write_all(b"220 sink\r\n").await?;
    while stream.read_line(&mut line).await? > 0 {
        let answer: &[u8] = match line.trim_end() {
            "." if in_letter && !accept => b"451 come back later\r\n",
            "QUIT" => b"221 bye\r\n",
            "DATA" => b"354 go on\r\n",
            _ if in_letter && line != ".\r\n" => b"",
            _ => b"250 fine\r\n",
        };
        if in_letter {
            letter.push_str(&line);
        }
        in_letter = (in_letter || line == "DATA\r\n") && line != ".\r\n";
        stream.write_all(answer).await?;
        line.clear();
    }
    Ok(letter)
}
