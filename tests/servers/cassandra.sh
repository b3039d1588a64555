#!/usr/bin/env bash
# A real Apache Cassandra of one node for tests: loopback only, its files in a folder of its own.
#
#   cassandra.sh install                  packages from Maven Central into cassandra/libs (JDK 17, Maven; by apt if allowed)
#   cassandra.sh format FOLDER PORT PEER  settings and an empty store; PEER is the port that nodes would talk by
#   cassandra.sh run FOLDER               becomes the server
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
libs=$here/cassandra/libs

say() { echo "$*" >&2; }

# need COMMAND PACKAGE: installs what is missing if this is root on a Debian-like system.
need() {
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update -q && apt-get install -q -y --no-install-recommends "$2"; } >/dev/null 2>&1 || true
    fi
    command -v "$1" >/dev/null || { say "$1 is missing and could not be installed: install $2 and try again"; exit 1; }
}

# java17: the Java that Cassandra 5 runs on: a newer one has lost what it needs.
java17() {
    local found
    for found in "${JAVA_HOME:+$JAVA_HOME/bin/java}" "$(command -v java || true)" /usr/lib/jvm/*17*/bin/java; do
        if [ -x "$found" ] && "$found" -version 2>&1 | grep -q 'version "17\.'; then
            echo "$found"
            return
        fi
    done
    return 1
}

install() {
    if ! java17 >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update -q && apt-get install -q -y --no-install-recommends openjdk-17-jre-headless; } >/dev/null 2>&1 || true
    fi
    java17 >/dev/null || { say "java 17 is missing and could not be installed: install openjdk-17-jre-headless and try again"; exit 1; }
    mkdir -p "$libs"
    # One at a time: two test runs may want the packages at once.
    exec 9>"$libs/lock"
    if command -v flock >/dev/null; then flock 9; fi
    [ -e "$libs/complete" ] && return
    need mvn maven
    mvn -q -B -f "$here/cassandra/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$libs" >"$here/cassandra/install.log" 2>&1 ||
        { say "maven could not fetch cassandra's packages: see tests/servers/cassandra/install.log"; exit 1; }
    touch "$libs/complete"
}

# The package ships no settings. One token and no waiting for others: it is alone.
format() {
    local folder=$1 port=$2 peer=$3
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    cat >"$folder/cassandra.yaml" <<SETTINGS
cluster_name: test
num_tokens: 1
allocate_tokens_for_local_replication_factor: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{seeds: "127.0.0.1:$peer"}]
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
storage_port: $peer
start_native_transport: true
native_transport_port: $port
data_file_directories: [$folder/data]
commitlog_directory: $folder/commitlog
hints_directory: $folder/hints
saved_caches_directory: $folder/saved_caches
cdc_raw_directory: $folder/cdc_raw
commitlog_sync: periodic
commitlog_sync_period: 1000ms
commitlog_segment_size: 16MiB
commitlog_total_space: 128MiB
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
key_cache_size: 8MiB
file_cache_size: 32MiB
networking_cache_size: 16MiB
concurrent_compactors: 1
auto_snapshot: false
authenticator: AllowAllAuthenticator
authorizer: AllowAllAuthorizer
SETTINGS
    cat >"$folder/logback.xml" <<'SETTINGS'
<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %date{HH:mm:ss.SSS} %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="out"/></root>
</configuration>
SETTINGS
}

# What JDK 17 keeps to itself and Cassandra needs; its heap meter is an agent.
run() {
    local folder package options
    folder=$(cd "$1" && pwd)
    options=(-Xms512m -Xmx512m -XX:+UseG1GC -Djdk.attach.allowAttachSelf=true -Djava.net.preferIPv4Stack=true
        -Dio.netty.tryReflectionSetAccessible=true -javaagent:"$(echo "$libs"/jamm-*.jar)")
    for package in java.base/java.{io,lang,lang.module,lang.ref,lang.reflect,math,net,nio,nio.charset,time,util,util.concurrent,util.concurrent.atomic,util.concurrent.locks} \
        java.base/sun.nio.ch java.base/jdk.internal.{loader,math,misc,module,ref,reflect,util.jar} \
        java.rmi/sun.rmi.{registry,server,transport.tcp} java.management.rmi/com.sun.jmx.remote.internal.rmi \
        jdk.management/com.sun.management.internal; do
        options+=("--add-opens=$package=ALL-UNNAMED" "--add-exports=$package=ALL-UNNAMED")
    done
    exec "$(java17)" "${options[@]}" -Dcassandra.config="file://$folder/cassandra.yaml" \
        -Dlogback.configurationFile="$folder/logback.xml" -Dcassandra.storagedir="$folder" -Dcassandra.logdir="$folder" \
        -Dcassandra.skip_wait_for_gossip_to_settle=0 -Dcassandra.ring_delay_ms=0 -Dcassandra.superuser_setup_delay_ms=0 \
        -Dcassandra-foreground=yes -cp "$folder:$libs/*" org.apache.cassandra.service.CassandraDaemon
}

case ${1:-} in
install) install ;;
format) format "$2" "$3" "$4" ;;
run) run "$2" ;;
*)
    sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
