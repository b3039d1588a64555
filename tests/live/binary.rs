//! The binary as a person or an orchestrator starts it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::demo::tripo;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command of the binary; no setting of ours comes from the environment of the tests.
fn command(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(tripo());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRIPO_")) {
        command.env_remove(name);
    }
    command.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

/// Runs the binary to its end: its status, and what it said on the standard error.
pub(crate) fn ended(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = output(arguments, variables);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Runs the binary to its end.
pub(crate) fn output(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    command(arguments, variables).output().unwrap()
}

/// The binary while it runs; it is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let mut child = command(arguments, variables).stderr(Stdio::piped()).spawn().unwrap();
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let (lines, to) = (BufReader::new(child.stderr.take().unwrap()).lines(), said.clone());
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| to.lock().unwrap().push(line)));
        Running { child, said }
    }

    /// All lines of the standard error so far.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// Waits until a line holds this.
    pub(crate) fn says(&self, part: &str) -> String {
        let begun = Instant::now();
        loop {
            if let Some(line) = self.said().into_iter().find(|line| line.contains(part)) {
                return line;
            }
            assert!(begun.elapsed() < PATIENCE, "it did not say `{part}` but {:#?}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until `/ready` says yes, at the address of the first line.
    pub(crate) fn becomes_ready(&mut self) {
        let first = self.says("http://");
        let address = first.rsplit("http://").next().unwrap().to_owned();
        let begun = Instant::now();
        loop {
            let mut answer = String::new();
            if let Ok(mut stream) = TcpStream::connect(&address) {
                let _ = stream.write_all(b"GET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                let _ = stream.read_to_string(&mut answer);
            }
            if answer.starts_with("HTTP/1.1 200") {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it ended: {:#?}", self.said());
            assert!(begun.elapsed() < PATIENCE, "not ready: {answer} {:#?}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether it goes on, for so long.
    pub(crate) fn lives_for(&mut self, span: Duration) -> bool {
        std::thread::sleep(span);
        self.child.try_wait().unwrap().is_none()
    }

    /// Asks it to end by SIGTERM: its status, and all that it said.
    pub(crate) fn stop(mut self) -> (Option<i32>, Vec<String>) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let status = self.end();
        (status.code(), self.said())
    }

    fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it did not end: {:#?}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the process said: {:#?}", self.said());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
