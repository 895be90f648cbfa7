//! Reads the settings, migrates the database and serves requests until a signal arrives.

use anyhow::Context as _;
use clap::Parser as _;
use tokio::net::TcpListener;
use tokio::signal;
use tracing_subscriber::EnvFilter;

use __PRODUCT_SLUG_SNAKE__::app::{self, State};
use __PRODUCT_SLUG_SNAKE__::config::{Config, LogFormat};
use __PRODUCT_SLUG_SNAKE__::database;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // A missing file is not an error: in production, the environment contains the settings.
    dotenvy::dotenv().ok();
    let config = Config::parse();
    start_log(config.log_format);

    let pool = database::connect(&config.database_url)
        .await
        .context("cannot connect to the database")?;
    database::migrate(&pool)
        .await
        .context("cannot migrate the database")?;

    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    axum::serve(listener, app::router(State::new(pool.clone(), &config)))
        .with_graceful_shutdown(stop_signal())
        .await?;
    pool.close().await;
    Ok(())
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

/// Completes on Ctrl-C or SIGTERM. The server then finishes the open requests.
async fn stop_signal() {
    let interrupt = async { signal::ctrl_c().await.expect("Ctrl-C can be handled") };
    #[cfg(unix)]
    let terminate = async {
        signal::unix::signal(signal::unix::SignalKind::terminate())
            .expect("SIGTERM can be handled")
            .recv()
            .await;
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();

    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
    tracing::info!("stopping");
}
