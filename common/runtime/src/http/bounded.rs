//! A listener with a bound on connections, and connections with a bound on time.

use std::{
    future::{self, Future},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep_until},
};

/// Bounds of a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Most connections that are open at a time.
    pub(super) connections: usize,
    /// How long one may take until the answer begins: to send the head of its request.
    pub(super) asks: Duration,
    /// How long one may last, from its acceptance to the last byte of the answer.
    pub(super) lasts: Duration,
}

/// Accepts while fewer than the bound are open.
pub(super) struct Bounded {
    listener: TcpListener,
    free: Arc<Semaphore>,
    bounds: Bounds,
}

impl Bounded {
    pub(super) fn new(listener: TcpListener, bounds: Bounds) -> Bounded {
        Bounded { listener, free: Arc::new(Semaphore::new(bounds.connections)), bounds }
    }
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let Ok(place) = Arc::clone(&self.free).acquire_owned().await else {
            // The semaphore is never closed.
            return future::pending().await;
        };
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        let (now, Bounds { asks, lasts, .. }) = (Instant::now(), self.bounds);
        let ends = Box::pin(sleep_until(now + asks));
        (Connection { stream, ends, answered_by: Some(now + lasts), _place: place }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A stream that fails at its end of time, and gives its place back when it closes.
pub(super) struct Connection {
    stream: TcpStream,
    ends: Pin<Box<Sleep>>,
    /// The end of its time once the answer begins; `None`: it has begun.
    answered_by: Option<Instant>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn in_time(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.ends.as_mut().poll(context) {
            Poll::Pending => Ok(()),
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.in_time(context)?;
        Pin::new(&mut self.stream).poll_read(context, to)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        // Nothing is answered before the head is read whole.
        if let Some(end) = self.answered_by.take() {
            self.ends.as_mut().reset(end);
        }
        self.in_time(context)?;
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
