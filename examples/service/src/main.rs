//! A service that receives the deliveries of voice-AI providers and keeps one row for each call.
//! `README.md` has its settings.

mod config;
mod database;
mod webhook;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware,
    routing::{get, post},
};
use chrono::Utc;
use config::Config;
use database::Database;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};
use tower::limit::GlobalConcurrencyLimitLayer;
use tracing_subscriber::EnvFilter;
use vcp_axum::axum_server::Handle;

/// The deliveries that are handled at the same time. Each may have a body of 16 MiB.
const MOST_AT_ONCE: usize = 64;
/// The longest time to wait for the rest of a head, or for the sender to read more of an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time in which a delivery must have arrived and been stored.
const TIME_LIMIT: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    // A log that cannot be written does not stop the service.
    let log = tracing_subscriber::fmt().json().flatten_event(true).log_internal_errors(false);
    log.with_env_filter(filter).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let Config { address, admin, database, receiver } = Config::read(std::env::vars_os())?;
    let database = Database::open(&database).await?;
    let metrics = PrometheusBuilder::new().install_recorder().map_err(|e| format!("cannot keep metrics: {e}"))?;

    let service = webhook::Service::new(receiver, database.clone());
    let hooks = Router::new()
        .route("/webhook/{provider}", post(webhook::receive))
        .route_layer(GlobalConcurrencyLimitLayer::new(MOST_AT_ONCE))
        .route_layer(middleware::from_fn_with_state(service.clone(), webhook::watch))
        .with_state(service);
    let operators = Router::new()
        .route("/health", get(health))
        .with_state(database.clone())
        .route("/metrics", get(async |State(metrics): State<PrometheusHandle>| metrics.render()))
        .with_state(metrics.clone());

    let (public, private) = (Handle::new(), Handle::new());
    tokio::spawn(stop([public.clone(), private.clone()]));
    let upkeep = tokio::spawn(upkeep(database, metrics));
    let served =
        tokio::try_join!(serve("deliveries", address, public, hooks), serve("operators", admin, private, operators));
    upkeep.abort();
    served.map(|_| tracing::info!("stopped"))
}

async fn serve(what: &str, address: SocketAddr, handle: Handle<SocketAddr>, router: Router) -> Result<(), String> {
    let cannot = |e| format!("cannot serve {what} at {address}: {e}");
    let listener = TcpListener::bind(address).map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    let server = vcp_axum::server::from_tcp(listener, PATIENCE).map_err(cannot)?.handle(handle);
    tracing::info!(address = %bound, "listening for {what}");
    server.serve(router.into_make_service()).await.map_err(cannot)
}

/// Waits for SIGTERM or SIGINT, then lets the deliveries end that are being handled.
async fn stop(handles: [Handle<SocketAddr>; 2]) {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    handles.iter().for_each(|handle| handle.graceful_shutdown(Some(TIME_LIMIT)));
    tracing::info!("stopping");
}

/// Forgets old replay keys and tidies up the metrics, every minute.
async fn upkeep(database: Database, metrics: PrometheusHandle) {
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutes.tick().await;
        metrics.run_upkeep();
        if let Err(error) = database.sweep(Utc::now()).await {
            tracing::warn!("replay keys were not swept: {error}");
        }
    }
}

async fn health(State(database): State<Database>) -> (StatusCode, &'static str) {
    match tokio::time::timeout(Duration::from_secs(2), database.answers()).await {
        Ok(true) => (StatusCode::OK, "ok\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
