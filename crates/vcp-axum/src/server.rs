//! An HTTP/1.1 server with time limits that `axum::serve` does not have (feature `server`).
//!
//! With `axum::serve`, a sender that never ends the head of its request holds a connection forever.
//! So does a sender that reads nothing of its answers.
//!
//! ```no_run
//! use axum::{Router, routing::post};
//! use std::{net::TcpListener, time::Duration};
//! use vcp_axum::{Delivery, Endpoint, axum_server::Handle};
//! use vcp_sdk::{Receiver, Secret};
//!
//! async fn webhook(_delivery: Delivery) {}
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let receiver = Receiver::new().secret("retell", Secret::new("primary", "key"))?;
//! let app = Router::new()
//!     .route("/webhook/{provider}", post(webhook))
//!     .with_state(Endpoint::new(receiver, chrono::Utc::now));
//!
//! let listener = TcpListener::bind("127.0.0.1:8080")?;
//! let handle = Handle::new();
//! let patience = Duration::from_secs(10);
//! let server = vcp_axum::server::from_tcp(listener, patience)?.handle(handle.clone());
//! tokio::spawn(async move {
//!     let _ = tokio::signal::ctrl_c().await;
//!     handle.graceful_shutdown(Some(Duration::from_secs(20)));
//! });
//! server.serve(app.into_make_service()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The time for the body and for the handler is not limited here. Put a layer with a time limit
//! before the route, as `examples/service` does.

use axum_server::{Server, accept::Accept};
use hyper_util::rt::TokioTimer;
use std::{
    future::{Ready, ready},
    io,
    net::{SocketAddr, TcpListener},
    pin::Pin,
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;

/// Creates a server that accepts connections from `listener`.
///
/// It closes a connection in these cases:
///
/// - The head of a request does not arrive within `patience`. The time between two requests on one
///   connection counts as part of the second head.
/// - The sender reads nothing of an answer for `patience`.
///
/// The server speaks HTTP/1.1 only, because the time for a head cannot be limited with HTTP/2.
///
/// # Errors
///
/// The listener cannot be used without blocking.
///
/// # Panics
///
/// There is no Tokio runtime with input, output and timers.
pub fn from_tcp(listener: TcpListener, patience: Duration) -> io::Result<Server<SocketAddr, Acceptor>> {
    listener.set_nonblocking(true)?;
    let mut server = axum_server::from_tcp(listener)?.acceptor(Acceptor { patience }).http1_only();
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(patience);
    Ok(server)
}

/// An acceptor of connections. It closes a connection whose sender reads nothing of an answer for
/// some time.
#[derive(Debug, Clone)]
pub struct Acceptor {
    patience: Duration,
}

impl<S> Accept<TcpStream, S> for Acceptor {
    type Stream = Pin<Box<TimeoutStream<TcpStream>>>;
    type Service = S;
    type Future = Ready<io::Result<(Self::Stream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.patience));
        ready(Ok((Box::pin(stream), service)))
    }
}
