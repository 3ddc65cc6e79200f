//! Sockets that can be cut or made to carry bytes no HTTP library would send.
//!
//! hyper writes through [`WireStream`]. Once a handler has ordered a [`RawReply`], hyper's own bytes are
//! held back, the raw ones go out instead, and then the connection ends.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};

/// Bytes to send in place of a proper answer; the connection ends after them.
#[derive(Default)]
pub(crate) struct RawReply {
    /// Sent one after the other.
    pub(crate) pieces: VecDeque<Bytes>,
    /// Sent after the pieces, so many times.
    pub(crate) then: Option<(Bytes, u64)>,
    /// Sent at the very end.
    pub(crate) last: Option<Bytes>,
    /// Waited before each piece but the first.
    pub(crate) pause: Duration,
    /// End with a TCP reset instead of an orderly close.
    pub(crate) reset: bool,
}

impl RawReply {
    fn next(&mut self) -> Option<Bytes> {
        if let Some(piece) = self.pieces.pop_front() {
            return Some(piece);
        }
        if let Some((chunk, left)) = self.then.as_mut().filter(|(_, left)| *left > 0) {
            *left -= 1;
            return Some(chunk.clone());
        }
        self.last.take()
    }
}

#[derive(Default)]
struct Order {
    taken: AtomicBool,
    raw: Mutex<Option<RawReply>>,
}

/// A handler's grip on the connection its request came by.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Order>);

impl Wire {
    /// From now on the connection carries `raw` and nothing else.
    pub(crate) fn take_over(&self, raw: RawReply) {
        *self.0.raw.lock().unwrap_or_else(PoisonError::into_inner) = Some(raw);
        self.0.taken.store(true, Ordering::Release);
    }
}

struct Sending {
    raw: RawReply,
    piece: Bytes,
    pause: Pin<Box<Sleep>>,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A TCP stream that obeys its [`Wire`].
pub(crate) struct WireStream {
    tcp: TcpStream,
    order: Arc<Order>,
    stop: watch::Receiver<bool>,
    sending: Option<Sending>,
}

fn end_of_connection() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "cut by the simulator")
}

impl WireStream {
    fn begin(&mut self) {
        let raw = self.order.raw.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        let mut stop = self.stop.clone();
        self.sending = Some(Sending {
            raw,
            piece: Bytes::new(),
            pause: Box::pin(tokio::time::sleep(Duration::ZERO)),
            stopped: Box::pin(async move {
                // An error means that the server is gone, which is a stop too.
                drop(stop.wait_for(|stopped| *stopped).await);
            }),
        });
    }

    /// Sends the raw reply; always ends in an error, so that hyper drops the connection.
    fn poll_raw(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.sending.is_none() {
            self.begin();
        }
        let Some(sending) = self.sending.as_mut() else { return Poll::Ready(end_of_connection()) };
        loop {
            if sending.stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(end_of_connection());
            }
            if sending.piece.is_empty() {
                ready!(sending.pause.as_mut().poll(cx));
                let Some(piece) = sending.raw.next() else {
                    if sending.raw.reset {
                        drop(self.tcp.set_zero_linger());
                    }
                    return Poll::Ready(end_of_connection());
                };
                sending.piece = piece;
                sending.pause.as_mut().reset(Instant::now() + sending.raw.pause);
                continue;
            }
            match ready!(Pin::new(&mut self.tcp).poll_write(cx, &sending.piece)) {
                Ok(0) => return Poll::Ready(end_of_connection()),
                Ok(sent) => drop(sending.piece.split_to(sent)),
                Err(error) => return Poll::Ready(error),
            }
        }
    }

    fn is_taken(&self) -> bool {
        self.order.taken.load(Ordering::Acquire)
    }
}

impl AsyncRead for WireStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for WireStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_taken() {
            return self.poll_raw(cx).map(Err);
        }
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_taken() {
            return self.poll_raw(cx).map(Err);
        }
        Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

/// Accepts connections as [`WireStream`]s.
pub(crate) struct WireListener {
    pub(crate) tcp: TcpListener,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Listener for WireListener {
    type Io = WireStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.tcp.accept().await {
                Ok((tcp, address)) => {
                    drop(tcp.set_nodelay(true));
                    let stream = WireStream {
                        tcp,
                        order: Arc::new(Order::default()),
                        stop: self.stop.clone(),
                        sending: None,
                    };
                    return (stream, address);
                }
                // Out of descriptors, most likely: give connections time to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

impl Connected<IncomingStream<'_, WireListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, WireListener>) -> Self {
        Wire(Arc::clone(&stream.io().order))
    }
}
