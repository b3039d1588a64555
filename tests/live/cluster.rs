//! Three nodes of Apache Kafka on this machine.

use std::process::Command;

use crate::servers::{Kafka, folder, free_port, run, script};

/// Three nodes whose topics have three copies.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Kafka>,
}

impl Cluster {
    /// Starts all of it.
    pub(crate) fn start() -> Result<Cluster, String> {
        run(Command::new(script()).arg("install"))?;
        let ports = [free_port()?, free_port()?, free_port()?];
        let controllers = [free_port()?, free_port()?, free_port()?].map(|port| port.to_string());
        let mut nodes = Vec::new();
        for (number, port) in (1..).zip(ports) {
            let folder = folder(port)?;
            let mut command = Command::new(script());
            command.arg("node").arg(&folder).args([port.to_string(), number.to_string()]).args(&controllers);
            run(&mut command)?;
            nodes.push(Kafka::at(folder, port));
        }
        let mut cluster = Cluster { nodes };
        (0..3).try_for_each(|number| cluster.launch(number))?;
        cluster.nodes.iter_mut().try_for_each(Kafka::ready)?;
        Ok(cluster)
    }

    /// Starts a node, for the first time or again.
    pub(crate) fn launch(&mut self, number: usize) -> Result<(), String> {
        self.nodes[number].launch(&[("KAFKA_HEAP", "-Xms128m -Xmx384m -XX:+UseSerialGC")])
    }

    /// Where clients find them.
    pub(crate) fn addresses(&self) -> String {
        self.nodes.iter().map(Kafka::address).collect::<Vec<_>>().join(",")
    }
}
