//! The door: what every request comes to first, and every answer goes out by.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use parlour_model::Contract;
use tower::Service;

use crate::desk::Desk;
use crate::headers::{Sharing, is_preflight, preflight, secure};
use crate::origin::is_foreign;
use crate::territory::{contract_of, is_protected};
use crate::{cookies, tokens};

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
    Guarded(String, Request),
    /// Its handler answers.
    Open(Request),
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
    fn way(&self, contract: Option<Contract>, sharing: &Sharing, request: Request) -> Way {
        let (method, headers) = (request.method(), request.headers());
        if is_preflight(method, headers) {
            Way::Refused(preflight(sharing))
        } else if is_protected(request.uri().path()) {
            Way::Guarded(tokens::token_at_the_guard(headers), request)
        } else if self.is_forged(contract, method, headers) {
            Way::Refused(cookies::foreign())
        } else {
            Way::Open(request)
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

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl<B> Service<axum::http::Request<B>> for Door
where
    B: axum::body::HttpBody<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: axum::http::Request<B>) -> Answering {
        let request = request.map(Body::new);
        let keeper = self.keeper.clone();
        let contract = contract_of(request.uri().path());
        let sharing = Sharing::of(contract, request.headers(), &keeper.desk.settings);
        // A box for each way, because what a box holds is moved into it: the common way holds the least.
        match keeper.way(contract, &sharing, request) {
            Way::Open(request) => {
                let answer = self.router.call(request);
                Box::pin(async move { answer.await.map(|answer| keeper.see_off(contract, &sharing, answer)) })
            }
            Way::Refused(refusal) => Box::pin(async move { Ok(keeper.see_off(contract, &sharing, refusal)) }),
            Way::Guarded(token, request) => {
                let mut router = self.router.clone();
                Box::pin(async move {
                    let answer = match tokens::guard(&keeper.desk, &token).await {
                        Ok(_) => router.call(request).await?,
                        Err(refusal) => refusal.into_response(),
                    };
                    Ok(keeper.see_off(contract, &sharing, answer))
                })
            }
        }
    }
}
