//! The door: what every request comes to first, and every answer goes out by.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use parlour_model::{Client, Contract};
use tower::Service;

use crate::address::{Peer, client_address};
use crate::desk::Desk;
use crate::headers::{Sharing, is_preflight, preflight, secure};
use crate::origin::is_foreign;
use crate::territory::{contract_of, is_protected};
use crate::{cookies, tokens};

/// The most characters of what a client calls itself that are kept.
const MOST_DEVICE_CHARACTERS: usize = 256;

/// All contracts behind one door. Cheap to clone: every connection has one.
#[derive(Clone)]
pub struct Door {
    desk: Desk,
    router: Router,
    watch: Option<Arc<dyn Fn(Served) + Send + Sync>>,
}

/// A request that was answered, for the metrics.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    /// The contract it was for; `None` for the pages and what lies under no contract.
    pub contract: Option<Contract>,
    /// The status of the answer.
    pub status: u16,
}

impl Door {
    pub(crate) fn new(desk: Desk, router: Router) -> Self {
        Self { desk, router, watch: None }
    }

    /// Tells `watch` of every answer.
    #[must_use]
    pub fn watched(mut self, watch: impl Fn(Served) + Send + Sync + 'static) -> Self {
        self.watch = Some(Arc::new(watch));
        self
    }

    async fn answer(mut self, request: Request) -> Response {
        let contract = contract_of(request.uri().path());
        let settings = self.desk.settings.clone();
        let sharing = Sharing::of(contract, request.headers(), &settings);
        // Apart from the body, which cannot be shared with the check: it is not `Sync`.
        let (head, body) = request.into_parts();
        let mut response = if is_preflight(&head.method, &head.headers) {
            preflight(&sharing)
        } else if let Some(refusal) = self.refusal_before_routing(contract, &head).await {
            refusal
        } else {
            let Ok(answer) = self.router.call(self.introduced(contract, head, body)).await;
            answer
        };
        sharing.announce(response.headers_mut());
        secure(response.headers_mut(), &settings);
        if let Some(watch) = &self.watch {
            watch(Served { contract, status: response.status().as_u16() });
        }
        response
    }

    /// What is refused whatever the route: protected paths without a good token, and cookies from foreign pages.
    async fn refusal_before_routing(&self, contract: Option<Contract>, head: &Parts) -> Option<Response> {
        if is_protected(head.uri.path()) {
            return tokens::guard(&self.desk, &head.headers).await.err().map(IntoResponse::into_response);
        }
        let changes = !matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let takes_cookies = !matches!(contract, Some(Contract::Tokens | Contract::Rooms | Contract::Lobby));
        let foreign = || is_foreign(&head.headers, &self.desk.settings.origins);
        (changes && takes_cookies && foreign()).then(cookies::foreign)
    }

    /// The request, with who is at the other end put into it.
    fn introduced(&self, contract: Option<Contract>, mut head: Parts, body: Body) -> Request {
        // Whoever accepts puts the peer in; a request without one was made up in this process.
        let peer = head.extensions.get::<Peer>().copied().unwrap_or(Peer([127, 0, 0, 1].into()));
        let client = Client {
            address: client_address(peer, &head.headers, &self.desk.settings.trusted_proxies),
            device: device(&head.headers),
            contract: contract.unwrap_or(Contract::Console),
        };
        head.extensions.insert(client);
        Request::from_parts(head, body)
    }
}

fn device(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
    agent.chars().take(MOST_DEVICE_CHARACTERS).collect()
}

impl<B> Service<axum::http::Request<B>> for Door
where
    B: axum::body::HttpBody<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: axum::http::Request<B>) -> Self::Future {
        let door = self.clone();
        Box::pin(async move { Ok(door.answer(request.map(Body::new)).await) })
    }
}
