//! The settings, which come from variables of the environment.

use std::{ffi::OsString, net::SocketAddr};
use vcp_sdk::{Receiver, Secret, auth::Scheme};

pub(crate) struct Config {
    /// The address at which deliveries arrive.
    pub(crate) address: SocketAddr,
    /// The address of health and metrics.
    pub(crate) admin: SocketAddr,
    pub(crate) database: String,
    pub(crate) receiver: Receiver,
}

impl Config {
    /// Reads the settings from variables. A variable for a secret that names no provider is an
    /// error.
    pub(crate) fn read(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, String> {
        let (mut host, mut port) = ("127.0.0.1".to_owned(), "8080".to_owned());
        let (mut admin, mut database) = ("127.0.0.1:9464".to_owned(), "sqlite://vcp.sqlite".to_owned());
        let (mut receiver, mut providers) = (Receiver::new().replay_keys(), 0);
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let value = || value.clone().into_string().map_err(|_| format!("{name} is not UTF-8"));
            match name {
                "SERVICE_HOST" => host = value()?,
                "SERVICE_PORT" => port = value()?,
                "ADMIN_ADDRESS" => admin = value()?,
                "DATABASE_URL" => database = value()?,
                _ => {
                    let Some(provider) = name.strip_prefix("WEBHOOK_SECRET_") else { continue };
                    receiver =
                        secret(receiver, provider, value()?).map_err(|e| format!("{name} cannot be used: {e}"))?;
                    providers += 1;
                }
            }
        }
        if providers == 0 {
            return Err(
                "no deliveries would be accepted: set WEBHOOK_SECRET_<PROVIDER>, such as WEBHOOK_SECRET_RETELL".into(),
            );
        }
        let address = |text: String| {
            text.parse().map_err(|_| format!("`{text}` is no address: set SERVICE_HOST, SERVICE_PORT, ADMIN_ADDRESS"))
        };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        Ok(Self { address: address(format!("{host}:{port}"))?, admin: address(admin)?, database, receiver })
    }
}

/// Adds a secret. `RETELL_PREVIOUS` names the secret that is being replaced.
fn secret(receiver: Receiver, name: &str, secret: String) -> Result<Receiver, String> {
    let name = name.to_lowercase();
    let (provider, id) = name.strip_suffix("_previous").map_or((name.as_str(), "current"), |name| (name, "previous"));
    let provider = receiver.provider_called(provider).map_err(|e| e.to_string())?.to_owned();
    // Vapi's secret is the field "secret" of a server URL. Assistable signs nothing, so give it a
    // URL with `?token=`.
    let scheme = Scheme::usual(&provider);
    receiver.secret_for(&provider, scheme, Secret::new(id, secret)).map_err(|e| e.to_string())
}
