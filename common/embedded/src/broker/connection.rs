//! Connections: requests come in frames behind their length, and are answered in order.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::api;
use super::state::Shared;

/// How long one frame may take to come or to go.
const TRANSFER: Duration = Duration::from_secs(60);

/// Accepts connections, as many as the bound allows at a time; the others wait to be accepted.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(shared.config.max_connections));
    while let Ok(place) = places.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let shared = shared.clone();
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    serve(&shared, stream).await;
                    drop(place);
                });
            }
            // Out of file descriptors, say: try again when some connection may have ended.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Answers until the client goes, is silent for too long, or sends what makes no sense.
async fn serve(shared: &Shared, stream: TcpStream) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    loop {
        let length = timeout(shared.config.idle, reader.read_i32()).await.ok()?.ok()?;
        let length = usize::try_from(length).ok().filter(|length| *length <= shared.config.max_request_bytes)?;
        let share = u32::try_from(length / 1024 + 1).ok()?.min(shared.request_share());
        let memory = shared.requests.acquire_many(share).await.ok()?;
        let mut frame = vec![0; length];
        timeout(TRANSFER, reader.read_exact(&mut frame)).await.ok()?.ok()?;
        let answer = api::answer(shared, Bytes::from(frame)).await.ok()?;
        drop(memory);
        if let Some(answer) = answer {
            timeout(TRANSFER, writer.write_all(&answer)).await.ok()?.ok()?;
        }
    }
}
