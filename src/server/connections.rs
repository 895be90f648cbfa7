//! Connections: their number, their time limits, and their end.
//!
//! A connection without a request is closed after the time limit, or earlier when a new one needs its place. One that
//! answers a request stays open until the answer is sent, or until its client has not read for a minute.

use crate::base::descriptors;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::{Sleep, sleep};
use tower::ServiceExt as _;

/// The largest number of connections.
const MOST: u64 = 4096;
/// The files that the process needs besides: databases, repositories, logs and the programs it starts.
const OTHER_FILES: u64 = 256;
/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;
/// The longest time in which a client reads nothing of an answer.
const LONGEST_STALL: Duration = Duration::from_mins(1);
/// The pause after a failure to accept a connection, such as too many open files.
const PAUSE: Duration = Duration::from_millis(200);

/// The open connections.
struct Connections {
    most: usize,
    open: Mutex<OpenConnections>,
}

#[derive(Default)]
struct OpenConnections {
    last: u64,
    busy: usize,
    /// Connections without a request, least recently used first. A notification closes one.
    idle: BTreeMap<u64, Arc<Notify>>,
}

/// The place of a connection, given back when it is dropped.
struct Place {
    connections: Arc<Connections>,
    close: Arc<Notify>,
    /// The key among the idle ones; none while a request is answered.
    idle: Mutex<Option<u64>>,
}

/// A request that is answered: its connection is not idle until this is dropped.
struct Busy(Arc<Place>);

/// The content of an answer, which keeps its connection busy until it is sent.
struct AnswerBody {
    body: Body,
    _busy: Busy,
}

/// A connection that fails once its client has read nothing for a while.
struct ImpatientStream {
    stream: TcpStream,
    stalled: Option<Pin<Box<Sleep>>>,
}

/// Answers requests until `stopped` is true, then finishes the open ones.
pub(super) async fn serve(
    listener: TcpListener,
    routes: Router,
    idle_time: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let connections = Arc::new(Connections::of_process());
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    // Counts from the moment on at which a request may begin.
    http.timer(TokioTimer::new())
        .header_read_timeout(idle_time)
        .max_header_size(LARGEST_HEAD);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "cannot accept a connection");
                connections.close_idle();
                sleep(PAUSE).await;
                continue;
            }
        };
        let Some(place) = connections.admit() else {
            tracing::warn!("refused a connection: all are answering requests");
            continue;
        };
        let close = Arc::clone(&place.close);
        let service = service_of(Arc::new(place), peer, routes.clone());
        let stream = ImpatientStream::new(stream);
        let connection = http.serve_connection(TokioIo::new(stream), service_fn(service));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                served = connection => if let Err(error) = served {
                    tracing::debug!(%error, "a connection failed");
                },
                () = close.notified() => {}
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The answer to a request, in time.
type Answering =
    Pin<Box<dyn Future<Output = Result<hyper::Response<AnswerBody>, Infallible>> + Send>>;

/// The service of one connection.
fn service_of(
    place: Arc<Place>,
    peer: SocketAddr,
    routes: Router,
) -> impl Fn(hyper::Request<Incoming>) -> Answering {
    move |request| {
        let busy = place.begin();
        let routes = routes.clone();
        Box::pin(async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let response = routes.oneshot(request).await?;
            Ok(response.map(|body| AnswerBody { body, _busy: busy }))
        })
    }
}

impl Connections {
    /// As many as the limit of open files allows, after it was raised.
    fn of_process() -> Self {
        let files = descriptors::raise_limit(MOST + OTHER_FILES);
        let most = files.saturating_sub(OTHER_FILES).clamp(16, MOST);
        Self {
            most: usize::try_from(most).unwrap_or(usize::MAX),
            open: Mutex::default(),
        }
    }

    /// A place for a new connection; the least recently used idle one loses its own if there is none. None if all are busy.
    fn admit(self: &Arc<Self>) -> Option<Place> {
        let mut open = self.lock();
        while open.busy + open.idle.len() >= self.most {
            let (_, oldest) = open.idle.pop_first()?;
            oldest.notify_one();
        }
        let close = Arc::new(Notify::new());
        let idle = open.add_idle(&close);
        Some(Place {
            connections: Arc::clone(self),
            close,
            idle: Mutex::new(Some(idle)),
        })
    }

    /// Closes the connection that has been idle for the longest time.
    fn close_idle(&self) {
        if let Some((_, oldest)) = self.lock().idle.pop_first() {
            oldest.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    fn add_idle(&mut self, close: &Arc<Notify>) -> u64 {
        self.last += 1;
        self.idle.insert(self.last, Arc::clone(close));
        self.last
    }
}

impl Place {
    fn begin(self: &Arc<Self>) -> Busy {
        let mut open = self.connections.lock();
        if let Some(key) = self.idle().take() {
            open.idle.remove(&key);
        }
        open.busy += 1;
        Busy(Arc::clone(self))
    }

    fn idle(&self) -> MutexGuard<'_, Option<u64>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut open = self.0.connections.lock();
        open.busy -= 1;
        let key = open.add_idle(&self.0.close);
        *self.0.idle() = Some(key);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(key) = self.idle().take() {
            self.connections.lock().idle.remove(&key);
        }
    }
}

impl hyper::body::Body for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl ImpatientStream {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            stalled: None,
        }
    }

    /// The progress of writing; an error of the kind `TimedOut` after a long time without any.
    fn progress<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(LONGEST_STALL)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for ImpatientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ImpatientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.progress(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.progress(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.progress(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
