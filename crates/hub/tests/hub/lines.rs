//! Lines to try the hub on: in memory, where the connection's task writes, and TCP, where walkers do.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::Mutex;

use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, UPGRADE};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use parlour_websocket::{Connection as Socket, Limits};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;

/// The peer's end.
pub(crate) type Stream = Box<dyn Both>;

/// What can be read and written.
pub(crate) trait Both: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

const LIMITS: Limits = Limits { message_bytes: 1 << 20 };

/// A way from the hub to a peer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// A stream that takes so many bytes before somebody reads.
    Memory(usize),
    /// A TCP connection on this machine.
    Tcp,
    /// One with buffers as small as the system makes them.
    NarrowTcp,
}

/// Takes everything that a test says.
pub(crate) const WIDE: Way = Way::Memory(1 << 20);

impl Way {
    /// The hub's end and the peer's.
    pub(crate) async fn open(self) -> (Socket, Stream) {
        match self {
            Self::Memory(bytes) => {
                let (ours, theirs) = duplex(bytes);
                (Socket::from_stream(ours, LIMITS), Box::new(theirs))
            }
            Self::Tcp | Self::NarrowTcp => self.tcp().await,
        }
    }

    async fn tcp(self) -> (Socket, Stream) {
        let listener = self.socket();
        listener.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = listener.listen(1).unwrap();
        let connecting = self.socket().connect(listener.local_addr().unwrap());
        let (theirs, ours) = tokio::join!(connecting, listener.accept());
        let (mut theirs, (ours, _)) = (theirs.unwrap(), ours.unwrap());
        theirs.set_nodelay(true).unwrap();
        ours.set_nodelay(true).unwrap();
        let upgrade = answer(ours);
        ask(&mut theirs).await;
        let upgraded = upgrade.await.unwrap().await.unwrap();
        (Socket::from_upgraded(upgraded, LIMITS), Box::new(theirs))
    }

    fn socket(self) -> TcpSocket {
        let socket = TcpSocket::new_v4().unwrap();
        if matches!(self, Self::NarrowTcp) {
            // What is accepted inherits it.
            socket.set_send_buffer_size(1).unwrap();
            socket.set_recv_buffer_size(1).unwrap();
        }
        socket
    }
}

/// Asks for a WebSocket and reads the answer, but not a byte more.
async fn ask(stream: &mut TcpStream) {
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: den\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
}

/// Grants it, as the server does: a connection is known to be TCP only as hyper hands it over.
fn answer(stream: TcpStream) -> oneshot::Receiver<OnUpgrade> {
    let (tell, upgrade) = oneshot::channel();
    let tell = Mutex::new(Some(tell));
    let service = service_fn(move |mut request: Request<Incoming>| {
        let tell = tell.lock().unwrap().take().expect("one request");
        tell.send(hyper::upgrade::on(&mut request)).unwrap();
        let answer = Response::builder().status(101).header(CONNECTION, "upgrade").header(UPGRADE, "websocket");
        ready(Ok::<_, Infallible>(answer.body(Empty::<&[u8]>::new()).unwrap()))
    });
    let http = hyper::server::conn::http1::Builder::new();
    tokio::spawn(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    upgrade
}
