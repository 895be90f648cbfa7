//! A listener that limits the number of connections and their duration, so that slow or idle clients cannot use up the
//! worker's file descriptors.

use axum::serve::Listener;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

/// A listener with at most `limit` open connections, each open for at most `timeout`. A further connection closes the
/// oldest one, whose client is idle or slow: an answer takes some milliseconds.
pub(super) struct LimitedListener {
    listener: TcpListener,
    limit: usize,
    timeout: Duration,
    /// One for each connection, oldest first. It closes the connection when it is dropped.
    open: VecDeque<oneshot::Sender<()>>,
}

/// A connection that is closed when its time is over or a newer one needs its place, whatever the client does.
pub(super) struct LimitedConnection {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    replaced: oneshot::Receiver<()>,
    is_over: bool,
}

impl LimitedListener {
    pub(super) fn new(listener: TcpListener, limit: usize, timeout: Duration) -> Self {
        Self {
            listener,
            limit,
            timeout,
            open: VecDeque::new(),
        }
    }
}

impl Listener for LimitedListener {
    type Io = LimitedConnection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (LimitedConnection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        self.open.retain(|connection| !connection.is_closed());
        while self.open.len() >= self.limit {
            self.open.pop_front();
        }
        let (open, replaced) = oneshot::channel();
        self.open.push_back(open);
        let connection = LimitedConnection {
            stream,
            end: Box::pin(sleep(self.timeout)),
            replaced,
            is_over: false,
        };
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl LimitedConnection {
    /// The stream; an error of the kind `TimedOut` once the connection is over.
    fn stream(&mut self, context: &mut Context<'_>) -> io::Result<Pin<&mut TcpStream>> {
        self.is_over = self.is_over
            || self.end.as_mut().poll(context).is_ready()
            || Pin::new(&mut self.replaced).poll(context).is_ready();
        if self.is_over {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Pin::new(&mut self.stream))
    }
}

impl AsyncRead for LimitedConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream(context)?.poll_read(context, buffer)
    }
}

impl AsyncWrite for LimitedConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream(context)?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream(context)?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn silent_and_slow_connections_are_closed_and_a_waiting_one_is_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limited = LimitedListener::new(listener, 2, Duration::from_millis(50));
        let pages = Router::new().route("/", get(async || "here"));
        let serving = tokio::spawn(async { axum::serve(limited, pages).await });
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
            .await
            .unwrap();
        let mut waiting = TcpStream::connect(address).await.unwrap();
        waiting.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        waiting.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("here"), "{answer}");
        for closed in [&mut silent, &mut slow] {
            // The end of the stream or a reset: both close it.
            drop(closed.read_to_end(&mut Vec::new()).await);
        }
        serving.abort();
    }

    #[tokio::test]
    async fn a_request_beside_many_idle_connections_is_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // Only a newer connection ends an idle one.
        let limited = LimitedListener::new(listener, 32, Duration::from_hours(1));
        let pages = Router::new().route("/", get(async || "here"));
        let serving = tokio::spawn(async { axum::serve(limited, pages).await });
        let mut idle = Vec::new();
        for _ in 0..240 {
            idle.push(TcpStream::connect(address).await.unwrap());
        }
        let mut asking = TcpStream::connect(address).await.unwrap();
        asking.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        asking.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("here"), "{answer}");
        serving.abort();
    }
}
