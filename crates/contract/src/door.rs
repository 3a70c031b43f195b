//! The door: what every request comes to first, and every answer goes out by.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{self, HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::future::RouteFuture;
use hyper::body::Incoming;
use parlour_model::Contract;
use pin_project_lite::pin_project;
use tower::Service;

use crate::desk::Desk;
use crate::headers::secure;
use crate::origin::is_foreign;
use crate::sharing::{Sharing, is_preflight, preflight};
use crate::territory::{contract_of, is_protected};
use crate::{cookies, native, tokens};

/// All contracts behind one door. Cheap to clone: every connection has one.
#[derive(Clone)]
pub struct Door {
    keeper: Arc<Keeper>,
    router: Router,
}

/// What the door knows whoever comes.
struct Keeper {
    desk: Desk,
    watch: Option<Watch>,
}

type Watch = Box<dyn Fn(Served) + Send + Sync>;

/// A request that was answered, for the metrics.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    /// The contract it was for; `None` for the pages and what lies under no contract.
    pub contract: Option<Contract>,
    /// The status of the answer.
    pub status: u16,
}

/// What is to be done with a request.
enum Way {
    /// It is answered here.
    Refused(Response),
    /// This token must be good before it is routed.
    Guarded(String),
    /// Its handler answers.
    Open,
}

impl Door {
    pub(crate) fn new(desk: Desk, router: Router) -> Self {
        Self { keeper: Arc::new(Keeper { desk, watch: None }), router }
    }

    /// Tells `watch` of every answer.
    #[must_use]
    pub fn watched(self, watch: impl Fn(Served) + Send + Sync + 'static) -> Self {
        let desk = self.keeper.desk.clone();
        Self { keeper: Arc::new(Keeper { desk, watch: Some(Box::new(watch)) }), ..self }
    }
}

impl Keeper {
    fn way(&self, contract: Option<Contract>, sharing: &Sharing, request: &Request) -> Way {
        let (method, headers) = (request.method(), request.headers());
        if is_preflight(method, headers) {
            Way::Refused(preflight(sharing))
        } else if is_protected(request.uri().path()) {
            Way::Guarded(tokens::token_at_the_guard(headers))
        } else if self.is_forged(contract, method, headers) {
            Way::Refused(foreign(contract))
        } else {
            Way::Open
        }
    }

    /// Whether a page of somebody else's may be using a visitor's cookie to change something.
    fn is_forged(&self, contract: Option<Contract>, method: &Method, headers: &HeaderMap) -> bool {
        let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        let takes_cookies = !matches!(contract, Some(Contract::Tokens | Contract::Rooms | Contract::Lobby));
        changes && takes_cookies && is_foreign(headers, &self.desk.settings.origins)
    }

    fn see_off(&self, contract: Option<Contract>, sharing: &Sharing, mut response: Response) -> Response {
        sharing.announce(response.headers_mut());
        secure(response.headers_mut(), &self.desk.settings);
        if let Some(watch) = &self.watch {
            watch(Served { contract, status: response.status().as_u16() });
        }
        response
    }
}

pin_project! {
    /// An answer in the making.
    pub struct Answering {
        #[pin]
        answer: Making,
        keeper: Arc<Keeper>,
        contract: Option<Contract>,
        sharing: Sharing,
    }
}

pin_project! {
    /// Who makes it.
    #[project = MakingProjection]
    enum Making {
        /// A handler, as for almost every request.
        Handler { #[pin] answer: RouteFuture<Infallible> },
        /// Whoever else.
        Other { answer: Pin<Box<dyn Future<Output = Response> + Send>> },
    }
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = match this.answer.project() {
            MakingProjection::Handler { answer } => ready!(answer.poll(context))?,
            MakingProjection::Other { answer } => ready!(answer.as_mut().poll(context)),
        };
        Poll::Ready(Ok(this.keeper.see_off(*this.contract, this.sharing, answer)))
    }
}

impl hyper::service::Service<http::Request<Incoming>> for Door {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: http::Request<Incoming>) -> Answering {
        let request = request.map(body);
        let keeper = self.keeper.clone();
        let contract = contract_of(request.uri().path());
        let sharing = Sharing::of(contract, request.headers(), &keeper.desk.settings);
        let mut router = self.router.clone();
        let answer = match keeper.way(contract, &sharing, &request) {
            Way::Open => Making::Handler { answer: router.call(request) },
            Way::Refused(refusal) => Making::Other { answer: Box::pin(std::future::ready(refusal)) },
            Way::Guarded(token) => Making::Other { answer: Box::pin(guarded(keeper.clone(), token, router, request)) },
        };
        Answering { answer, keeper, contract, sharing }
    }
}

/// A page of somebody else's that uses our cookies, in the words of the contract that it asked.
fn foreign(contract: Option<Contract>) -> Response {
    match contract {
        Some(Contract::Native) => native::foreign(),
        _ => cookies::foreign(),
    }
}

/// Lets a handler answer whoever brings a good access token.
async fn guarded(keeper: Arc<Keeper>, token: String, mut router: Router, request: Request) -> Response {
    match tokens::guard(&keeper.desk, &token).await {
        Ok(_) => router.call(request).await.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// A body for the handlers. Most requests have none, and nothing needs no box.
fn body(incoming: Incoming) -> Body {
    if incoming.is_end_stream() { Body::empty() } else { Body::new(incoming) }
}
