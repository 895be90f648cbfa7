//! Settings, from arguments or environment variables.

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};

// Not `Debug`: settings contain secrets.
#[derive(Parser)]
#[command(version, about)]
pub struct Config {
    /// Address to listen on
    #[arg(long, env, default_value = "127.0.0.1:__PORT__")]
    pub listen: SocketAddr,

    /// URL of the database
    #[arg(long, env, hide_env_values = true)]
    pub database_url: String,

    /// Format of the log
    #[arg(long, env, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}
