//! A real Apache Cassandra of one node: installed if need be, and killed with the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::servers::{available, free_port, run};

/// How long it may take to listen: ten seconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// The node.
pub(super) struct Cassandra {
    server: Option<Child>,
    folder: PathBuf,
    address: String,
}

/// A running one, or none if it cannot be had here; where servers are required, that is a failure.
pub(super) fn started() -> Option<Cassandra> {
    available("Apache Cassandra", Cassandra::start())
}

impl Cassandra {
    fn start() -> Result<Cassandra, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers/cassandra.sh");
        let (port, peer) = (free_port()?, free_port()?);
        let folder = std::env::temp_dir().join(format!("cassandra-{}-{port}", std::process::id()));
        run(Command::new(&script).arg("install"))?;
        run(Command::new(&script).arg("format").arg(&folder).args([port.to_string(), peer.to_string()]))?;
        let log = folder.join("server.log");
        let out = fs::File::create(&log).map_err(|error| error.to_string())?;
        let both = out.try_clone().map_err(|error| error.to_string())?;
        // The script replaces itself by the server, so the child's id is the server's.
        let mut command = Command::new(&script);
        let server = command.arg("run").arg(&folder).stdin(Stdio::null()).stdout(out).stderr(both).spawn();
        let server = server.map_err(|error| format!("{} cannot be run: {error}", script.display()))?;
        let mut node = Cassandra { server: Some(server), folder, address: format!("127.0.0.1:{port}") };
        node.ready(&log).map(|()| node)
    }

    fn ready(&mut self, log: &Path) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let said = fs::read_to_string(log).unwrap_or_default();
            if let Some(Ok(Some(status))) = self.server.as_mut().map(Child::try_wait) {
                let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
                return Err(format!("cassandra ended with {status}: {last}"));
            }
            if said.contains("Starting listening for CQL clients")
                && std::net::TcpStream::connect(&self.address).is_ok()
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(format!("cassandra did not listen within {} s", PATIENCE.as_secs()))
    }

    /// Where clients find it.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Kills it.
    pub(super) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Drop for Cassandra {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
