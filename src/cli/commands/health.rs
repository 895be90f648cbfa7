//! `groundplan health`, for health checks of containers and services.

use crate::base::sanitize;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use crate::cli::runtime::wait_for;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Show the local worker's health.
///
/// Exits 0 if healthy, 1 otherwise.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address of the worker's health server, as in its own `--health`. `0.0.0.0` and `[::]` mean this machine.
    #[arg(
        long = "health",
        value_name = "ADDRESS:PORT",
        env = "GROUNDPLAN_HEALTH",
        default_value = "127.0.0.1:8080"
    )]
    address: SocketAddr,
    /// Time limit of the answer in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

/// The most bytes of an answer that are read. A worker's is far smaller.
const LONGEST_ANSWER: u64 = 64 * 1024;

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let address = on_this_machine(args.address);
    let time = Duration::from_secs(args.timeout);
    // Exit code 1 for every failure: container engines reserve 2 and above.
    let refused = |message: String| {
        Failure::refused("worker_no_answer", message).hinted("start a worker with `groundplan work`, or check its log; `--health` or GROUNDPLAN_HEALTH sets its address")
    };
    let asked = wait_for(async { tokio::time::timeout(time, ask(address)).await })?;
    let answer = asked
        .map_err(|_| {
            refused(format!(
                "no answer from {address} within {} seconds",
                args.timeout
            ))
        })?
        .map_err(|error| refused(format!("no answer from {address}: {error}")))?;
    let (status, body) = parse(&answer)
        .ok_or_else(|| refused(format!("the server at {address} is not a worker")))?;
    writeln!(terminal.out(), "{}", sanitize::line(body.trim()))?;
    Ok(if status == 200 {
        Exit::Success
    } else {
        Exit::Findings
    })
}

/// Replaces an unspecified address, which not every system connects to, by the loopback address.
fn on_this_machine(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

async fn ask(address: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    // HTTP/1.0, so that the answer is not chunked and ends with the connection.
    let request = format!("GET /health HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The status and the body of an HTTP answer.
fn parse(answer: &[u8]) -> Option<(u16, &str)> {
    let answer = std::str::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let line = head.strip_prefix("HTTP/1.")?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    Some((status, body))
}
