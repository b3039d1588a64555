//! The connection, its statements, and how each of them is tried again.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kernel::Millis;
use scylla::{
    client::{
        execution_profile::{ExecutionProfile, ExecutionProfileHandle},
        session::Session as Client,
        session_builder::SessionBuilder,
    },
    policies::{
        load_balancing::DefaultPolicy, retry::DefaultRetryPolicy,
        speculative_execution::SimpleSpeculativeExecutionPolicy,
    },
    statement::{Consistency, prepared::PreparedStatement},
};
use tokio::task::JoinSet;

use super::{Access, Row, ttl};

/// A read that is not answered after so long is sent to another replica, too, once.
const HEDGE: Duration = Duration::from_millis(8);
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// A connection with its statements.
pub(super) struct Session {
    client: Arc<Client>,
    tables: BTreeMap<&'static str, Statements>,
    positions: PreparedStatement,
    advance: PreparedStatement,
}

/// The statements of one table. All of them may be sent twice: the timestamp decides.
struct Statements {
    read: PreparedStatement,
    write: PreparedStatement,
    delete: PreparedStatement,
}

fn failed(error: impl std::fmt::Display) -> String {
    let line: Vec<String> = error.to_string().split_whitespace().map(str::to_owned).collect();
    line.join(" ")
}

/// How statements are sent: consistency, longest wait, and whether a second replica is asked when the first is slow.
fn profile(access: &Access, consistency: Consistency, hedged: bool) -> ExecutionProfileHandle {
    let mut balance = DefaultPolicy::builder().token_aware(true);
    if !access.datacenter.is_empty() {
        balance = balance.prefer_datacenter(access.datacenter.clone()).permit_dc_failover(false);
    }
    let hedge = SimpleSpeculativeExecutionPolicy { max_retry_count: 1, retry_interval: HEDGE };
    let profile = ExecutionProfile::builder()
        .consistency(consistency)
        .request_timeout(Some(access.write))
        .retry_policy(Arc::new(DefaultRetryPolicy::new()))
        .load_balancing_policy(balance.build());
    let profile = if hedged { profile.speculative_execution_policy(Some(Arc::new(hedge))) } else { profile };
    profile.build().into_handle()
}

impl Session {
    /// Connects, makes what is missing if it is to, and prepares the statements.
    pub(super) async fn open(access: &Access, tables: &'static [&'static str]) -> Result<Session, String> {
        let written = profile(access, Consistency::LocalQuorum, false);
        let nodes: Vec<&str> = access.nodes.split(',').map(str::trim).collect();
        let mut builder = SessionBuilder::new()
            .known_nodes(nodes)
            .connection_timeout(CONNECT)
            .default_execution_profile_handle(written.clone());
        if !access.username.is_empty() {
            builder = builder.user(&access.username, access.password.reveal());
        }
        if access.tls {
            builder = builder.tls_context(Some(tls(&access.tls_ca)?));
        }
        let client = builder.build().await.map_err(failed)?;
        if access.creates {
            create(&client, access, tables).await?;
        }
        let client = Arc::new(client);
        let read = profile(access, Consistency::LocalQuorum, true);
        let prepare = async |text: String, how: &ExecutionProfileHandle| {
            let prepared = client
                .prepare(text)
                .await
                .map_err(|error| format!("{}: `tripo project riders` makes keyspace and tables", failed(error)));
            prepared.map(|mut prepared| {
                prepared.set_execution_profile_handle(Some(how.clone()));
                prepared.set_is_idempotent(true);
                prepared
            })
        };
        let keyspace = &access.keyspace;
        let mut all = BTreeMap::new();
        for table in tables {
            let of = format!("{keyspace}.{table}");
            let statements = Statements {
                read: prepare(format!("SELECT body, source_partition, source_offset FROM {of} WHERE key = ?"), &read).await?,
                write: prepare(
                    format!("INSERT INTO {of} (key, body, source_partition, source_offset) VALUES (?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?"),
                    &written,
                )
                .await?,
                delete: prepare(format!("DELETE FROM {of} USING TIMESTAMP ? WHERE key = ?"), &written).await?,
            };
            all.insert(*table, statements);
        }
        let positions =
            format!("SELECT source_partition, source_offset FROM {keyspace}.positions WHERE projection = ?");
        let advance = format!(
            "INSERT INTO {keyspace}.positions (projection, source_partition, source_offset) VALUES (?, ?, ?) USING TIMESTAMP ?"
        );
        let (positions, advance) = (prepare(positions, &written).await?, prepare(advance, &written).await?);
        Ok(Session { client: client.clone(), tables: all, positions, advance })
    }

    fn of(&self, table: &str) -> Result<&Statements, String> {
        self.tables.get(table).ok_or_else(|| format!("it has no table {table}"))
    }

    /// The rows of these keys, all asked for at once.
    pub(super) async fn read(&self, table: &str, keys: &[&str]) -> Result<Vec<Option<Row>>, String> {
        let (statement, mut reads) = (&self.of(table)?.read, JoinSet::new());
        for (place, key) in keys.iter().enumerate() {
            let (client, statement, key) = (self.client.clone(), statement.clone(), (*key).to_owned());
            reads.spawn(async move { one(&client, &statement, key).await.map(|row| (place, row)) });
        }
        let mut rows = vec![None; keys.len()];
        while let Some(read) = reads.join_next().await {
            let (place, row) = read.map_err(failed)??;
            rows[place] = row;
        }
        Ok(rows)
    }

    /// Writes rows, all at once: those that are forgotten, or have expired at `now`, are deleted.
    pub(super) async fn write(&self, table: &str, rows: &[Row], now: Millis) -> Result<(), String> {
        let (statements, mut writes) = (self.of(table)?, JoinSet::new());
        for row in rows.iter().cloned() {
            let client = self.client.clone();
            let Row { key, partition, offset, body, expires } = row;
            match body.zip(ttl(expires, now)) {
                Some((body, ttl)) => {
                    let (write, values) = (statements.write.clone(), (key, body, partition, offset, offset, ttl));
                    writes.spawn(async move { client.execute_unpaged(&write, values).await.map(drop).map_err(failed) });
                }
                None => {
                    let delete = statements.delete.clone();
                    writes.spawn(async move {
                        client.execute_unpaged(&delete, (offset, key)).await.map(drop).map_err(failed)
                    });
                }
            }
        }
        while let Some(written) = writes.join_next().await {
            written.map_err(failed)??;
        }
        Ok(())
    }

    /// How far a table's topic was read.
    pub(super) async fn positions(&self, table: &str) -> Result<Vec<(i32, i64)>, String> {
        let found = self.client.execute_unpaged(&self.positions, (table,)).await.map_err(failed)?;
        let rows = found.into_rows_result().map_err(failed)?;
        rows.rows::<(i32, i64)>().map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
    }

    /// Says how far it was read; never back.
    pub(super) async fn write_positions(&self, table: &str, read: &BTreeMap<i32, i64>) -> Result<(), String> {
        for (partition, offset) in read {
            let values = (table, partition, offset, offset);
            self.client.execute_unpaged(&self.advance, values).await.map_err(failed)?;
        }
        Ok(())
    }
}

async fn one(client: &Client, statement: &PreparedStatement, key: String) -> Result<Option<Row>, String> {
    let found = client.execute_unpaged(statement, (&key,)).await.map_err(failed)?;
    let rows = found.into_rows_result().map_err(failed)?;
    let row = rows.maybe_first_row::<(Option<String>, i32, i64)>().map_err(failed)?;
    Ok(row.map(|(body, partition, offset)| Row { key, partition, offset, body, expires: None }))
}

/// Makes keyspace and tables where they are missing.
async fn create(client: &Client, access: &Access, tables: &[&str]) -> Result<(), String> {
    let Access { keyspace, replication, .. } = access;
    let mut statements = vec![format!(
        "CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {{'class': 'NetworkTopologyStrategy', 'replication_factor': {replication}}}"
    )];
    statements.extend(tables.iter().map(|table| {
        format!(
            "CREATE TABLE IF NOT EXISTS {keyspace}.{table} (key text PRIMARY KEY, body text, source_partition int, source_offset bigint)"
        )
    }));
    statements.push(format!(
        "CREATE TABLE IF NOT EXISTS {keyspace}.positions (projection text, source_partition int, source_offset bigint, \
         PRIMARY KEY (projection, source_partition))"
    ));
    for statement in statements {
        client.query_unpaged(statement, ()).await.map_err(failed)?;
    }
    client.await_schema_agreement().await.map(drop).map_err(failed)
}

fn tls(ca: &str) -> Result<openssl::ssl::SslContext, String> {
    use openssl::ssl::{SslContextBuilder, SslMethod, SslVerifyMode};
    let mut context = SslContextBuilder::new(SslMethod::tls_client()).map_err(failed)?;
    match ca {
        "" => context.set_default_verify_paths().map_err(failed)?,
        ca => context.set_ca_file(ca).map_err(|error| format!("store.tls_ca {ca}: {}", failed(error)))?,
    }
    context.set_verify(SslVerifyMode::PEER);
    Ok(context.build())
}
