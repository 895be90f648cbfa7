//! `groundplan health`: asks the worker of this machine how it is, for whatever watches containers and services.

use crate::base::sanitize;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use crate::cli::runtime::wait_for;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the worker answers, as its own `--health` says it. `0.0.0.0` and `[::]` are asked on this machine.
    #[arg(
        long = "health",
        value_name = "ADDRESS:PORT",
        env = "GROUNDPLAN_HEALTH",
        default_value = "127.0.0.1:8080"
    )]
    address: SocketAddr,
    /// How many seconds it has for its answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

/// A worker's answer is far smaller.
const LONGEST_ANSWER: u64 = 64 * 1024;

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let address = on_this_machine(args.address);
    let time = Duration::from_secs(args.timeout);
    // Code 1 for every bad end: a container engine keeps 2 and more for itself.
    let refused = |message: String| {
        Failure::refused("worker_no_answer", message).hinted("start a worker with `groundplan work`, or look at its log; `--health` and GROUNDPLAN_HEALTH say where it answers")
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
    let (status, body) =
        parse(&answer).ok_or_else(|| refused(format!("what answers at {address} is no worker")))?;
    writeln!(terminal.out(), "{}", sanitize::line(body.trim()))?;
    Ok(if status == 200 {
        Exit::Success
    } else {
        Exit::Findings
    })
}

/// An address that stands for all of a machine's cannot be connected to everywhere; this machine's own can.
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
    // The old version of HTTP, so that the answer is not in chunks and ends with the connection.
    let request = format!("GET /health HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The status and the body of an answer.
fn parse(answer: &[u8]) -> Option<(u16, &str)> {
    let answer = std::str::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let line = head.strip_prefix("HTTP/1.")?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    Some((status, body))
}
